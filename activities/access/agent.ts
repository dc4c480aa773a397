/** The site's agent: can it be logged in to, is it the pinned host, and does it answer for everything that it manages? */
import { ApplicationFailure } from '@temporalio/common';
import ssh2 from 'ssh2';
import { createHash } from 'node:crypto';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { AgentClient } from '../dependencies.ts';
import { lacking, ok, serves, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { siteAgent } from '../ssh/programs.ts';
import { authorizedKey, sudoers } from './lines.ts';
import type { AccessCheck } from './port.ts';

/** What the agent is asked, what needs it, and what to add on its host when it cannot answer. */
interface Question {
  readonly verb: string;
  readonly what: string;
  readonly steps: readonly string[];
  /** Part of the estate that the site must have for the question to make sense. */
  readonly about?: ServerKind;
  /** Asked only where the plan leaves this to the agent. */
  readonly unless?: (plan: Plan) => boolean;
  /** Asked only where the service runs or may be brought to, by a cold start too. */
  readonly servingOnly?: true;
  readonly add?: (plan: Plan, site: SiteId) => AccessCheck['add'];
}

const questions: readonly Question[] = [
  {
    verb: 'service-status',
    what: 'service manager',
    steps: stepsThatReach('service manager'),
    add: (plan, site) => ({
      where: `/etc/sudoers.d/dr at ${site}, and SYSTEMCTL='sudo -n systemctl' in /etc/dr/agent.conf; another service manager by its SERVICE_ commands there`,
      line: sudoers(plan.estate.ssh.user, plan.estate.service.unit),
    }),
  },
  {
    verb: 'capacity-status',
    what: 'capacity',
    steps: stepsThatReach('capacity'),
    unless: ({ estate }) => estate.capacity?.driver === 'auto-scaling',
    add: (_plan, site) => ({ where: `/etc/dr/agent.conf at ${site}`, line: "CAPACITY_COMMAND='<command that takes get, and set N>'" }),
  },
  {
    verb: 'database-status',
    what: 'PostgreSQL, as its administrator',
    steps: stepsThatReach('database as administrator'),
    about: 'database',
    unless: ({ estate }) => estate.database.driver === 'rds',
  },
  {
    verb: 'cache-status',
    what: 'Redis, as its administrator',
    steps: stepsThatReach('cache as administrator'),
    about: 'cache',
    unless: ({ estate }) => estate.cache?.driver === 'elasticache',
  },
  { verb: 'files-status', what: 'files and certificate', steps: stepsThatReach('files'), servingOnly: true },
  { verb: 'switch-status', what: 'traffic switch', steps: stepsThatReach('traffic switch') },
];

/** `privateKey` is the worker's, to say who it is and which line to add. */
export async function checkAgent(plan: Plan, site: SiteId, agent: AgentClient, privateKey: string): Promise<readonly AccessCheck[]> {
  const key = publicKeyOf(privateKey);
  const subject: Subject = {
    what: 'site agent over SSH',
    steps: stepsThatReach('agent'),
    as: `${plan.estate.ssh.user} with ${key?.fingerprint ?? 'an unreadable key'}`,
  };
  const login = await logIn(plan, site, agent, subject, key?.line);
  if (login.result !== 'ok') return [login];
  const asked = questions.filter(
    ({ about, servingOnly, unless }) =>
      (about === undefined || plan.estate.sites[site]?.[about] !== undefined) &&
      (!servingOnly || serves(plan, site) || plan.estate.sites[site]?.restore !== undefined) &&
      !unless?.(plan),
  );
  return [login, ...(await Promise.all(asked.map((question) => ask(plan, site, agent, question))))];
}

async function logIn(plan: Plan, site: SiteId, agent: AgentClient, subject: Subject, publicKey: string | undefined): Promise<AccessCheck> {
  try {
    const answer = await agent.ask('identify');
    if (!answer.reachable) return unreachable(subject, answer.reason);
    const { fields } = answer;
    const found = fields.get('site');
    if (found !== site) return lacking(subject, `The agent there says that it is ${found}.`, { where: `/etc/dr/agent.conf at ${site}`, line: `SITE=${site}` });
    if (!(Number(fields.get('version')) >= siteAgent.version))
      return lacking(
        subject,
        `The agent there is of version ${fields.get('version')}, and this worker asks for what ${siteAgent.version} can do. Install its site-agent first.`,
      );
    return ok(subject, `host ${fields.get('hostname')}, agent ${fields.get('version')}, epoch ${fields.get('epoch')}`);
  } catch (error) {
    const home = `~${plan.estate.ssh.user}/.ssh/authorized_keys at ${site}`;
    return lacking(subject, words(error), isRefusedLogin(error) && publicKey !== undefined ? { where: home, line: authorizedKey(publicKey) } : undefined);
  }
}

/** The one fault of a login that a line of `authorized_keys` fixes. */
function isRefusedLogin(error: unknown): boolean {
  const [facts] = error instanceof ApplicationFailure ? (error.details ?? []) : [];
  return typeof facts === 'object' && facts !== null && 'login' in facts && facts.login === 'refused';
}

async function ask(plan: Plan, site: SiteId, agent: AgentClient, question: Question): Promise<AccessCheck> {
  const subject: Subject = { what: question.what, steps: question.steps, as: `the agent of ${site}` };
  try {
    const answer = await agent.ask(question.verb);
    if (!answer.reachable) return unreachable(subject, answer.reason);
    if (question.verb === 'files-status') return files(plan, site, subject, answer.fields.all('file'));
    return ok(subject, 'answers');
  } catch (error) {
    return lacking(subject, words(error), question.add?.(plan, site));
  }
}

function files(plan: Plan, site: SiteId, subject: Subject, found: readonly string[]): AccessCheck {
  const names = found.map((file) => file.replace(/ (present|missing)$/, ''));
  const unlooked = plan.estate.service.files.filter((file) => !names.some((name) => name === file || name.endsWith(`/${file}`)));
  if (unlooked.length > 0)
    return lacking(subject, `FILES there lacks what the plan has: ${unlooked.join(', ')}.`, {
      where: `/etc/dr/agent.conf at ${site}`,
      line: `FILES='${plan.estate.service.files.join(' ')}'`,
    });
  const missing = found.filter((file) => !file.endsWith(' present'));
  return missing.length === 0 ? ok(subject, `${found.length} files present`) : lacking(subject, `Not there: ${missing.join(', ')}.`);
}

function publicKeyOf(privateKey: string): { readonly line: string; readonly fingerprint: string } | undefined {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) return undefined;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key) return undefined;
  const blob = key.getPublicSSH();
  return { line: `${key.type} ${blob.toString('base64')}`, fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}` };
}
