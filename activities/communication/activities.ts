/** Mail to people, from the plan's templates. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Plan } from '../../plan/schema.ts';
import { membersOf } from '../../plan/rules/people.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { mailErrorType } from '../error-kinds.ts';
import { failure } from '../errors.ts';
import { mustHoldTask } from '../task.ts';
import type { CommunicationActivities } from './port.ts';
import { render } from './render.ts';

const connectionTimeoutMilliseconds = 5_000;
const silenceMilliseconds = 10_000;

export function createCommunicationActivities(dependencies: FolderDependencies): CommunicationActivities {
  return {
    async notifyStakeholders({ run, values, about }) {
      const plan = await dependencies.planOf(run.planDigest);
      const template = plan.communication.templates.find((entry) => entry.id === plan.communication.stakeholders.template);
      if (!template) throw failure('permanent', { happened: 'The plan has no template for the stakeholders.', leftAs: 'Nobody was told.' });
      const recipients = stakeholders(plan);
      const message = {
        from: plan.estate.mail.from,
        to: recipients,
        subject: oneLine(render(template.subject ?? template.name, values)),
        text: render(await readTemplate(dependencies.planFolder, template.file), values),
        // The same for every attempt of a run, so that a mail server or a reader can see a repeat as one.
        messageId: messageId(plan, `${run.runId} ${run.execution} ${run.epoch} ${template.id}${about === undefined ? '' : ` ${about}`}`),
        headers: { 'Auto-Submitted': 'auto-generated' },
      };
      mustHoldTask();
      await send(plan, message);
      return { recipients, messageId: message.messageId, at: dependencies.now().toISOString() };
    },
  };
}

/** E-mail addresses of the plan's stakeholder groups, each once. */
function stakeholders(plan: Plan): readonly string[] {
  const members = membersOf(plan, plan.communication.stakeholders.groups);
  return [...new Set(members.flatMap((member) => plan.people.find((person) => person.id === member)?.email ?? []))];
}

async function readTemplate(planFolder: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(planFolder, file), 'utf8');
  } catch (error) {
    throw failure(
      'permanent',
      {
        happened: `The template ${file} cannot be read.`,
        leftAs: 'Nobody was told.',
        next: 'Create it below the plan folder of the worker, then choose retry.',
      },
      {},
      error,
    );
  }
}

export function messageId(plan: Plan, seed: string): string {
  const domain = plan.estate.mail.from.split('@')[1] ?? 'localhost';
  return `<dr-${createHash('sha256').update(seed).digest('hex').slice(0, 32)}@${domain}>`;
}

async function send(plan: Plan, message: Omit<SendMailOptions, 'to'> & { readonly to: readonly string[] }): Promise<void> {
  const { host, port } = plan.estate.mail.server;
  const transport = createTransport({
    host,
    port,
    secure: port === 465,
    connectionTimeout: connectionTimeoutMilliseconds,
    greetingTimeout: connectionTimeoutMilliseconds,
    socketTimeout: silenceMilliseconds,
  });
  try {
    await transport.sendMail({ ...message, to: message.to.join(', ') });
  } catch (error) {
    const { responseCode, message: said } = error as { responseCode?: number; message: string };
    const text = {
      happened: `The mail server ${host}:${port} did not take the message: ${said}.`,
      leftAs: 'Whether it was sent is not known; a repeat carries the same message id.',
    };
    throw failure(mailErrorType(error), text, { responseCode }, error);
  } finally {
    transport.close();
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
