/** What belongs to no site: mail, monitoring, the report folder. */
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Plan } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import type { AccessCheck } from './port.ts';

type Secret = (reference: string) => Promise<string>;
/** Longest wait for one answer, milliseconds. */
const answerWithin = 5_000;

/** The mail server greets; nothing is sent. */
export async function checkMail(plan: Plan): Promise<AccessCheck> {
  const { server, from } = plan.estate.mail;
  const subject: Subject = { what: `mail server ${server.host}:${server.port}`, steps: stepsThatReach('mail'), as: from };
  const transport = createTransport({
    ...server,
    connectionTimeout: answerWithin,
    greetingTimeout: answerWithin,
    socketTimeout: answerWithin,
    tls: { rejectUnauthorized: true },
  });
  try {
    await transport.verify();
    return ok(subject, 'greets; nothing was sent');
  } catch (error) {
    return unreachable(subject, words(error));
  } finally {
    transport.close();
  }
}

/** Any answer but a refusal of the token is enough: the plan's monitoring need not support reading. */
export async function checkMonitoring(plan: Plan, secret: Secret): Promise<AccessCheck> {
  const { url, token } = plan.estate.monitoring;
  const subject: Subject = {
    what: `monitoring at ${new URL(url).host}`,
    steps: stepsThatReach('monitoring'),
    as: token ? 'the bearer of the plan’s token' : 'anybody',
  };
  try {
    const headers = token ? { authorization: `Bearer ${await secret(token)}` } : {};
    const { status } = await fetch(url, { headers, signal: AbortSignal.timeout(milliseconds('PT5S')) });
    if (status === 401 || status === 403)
      return lacking(subject, `The token is refused with ${status}. Give the worker another one behind ${token ?? 'estate.monitoring.token'}.`);
    return ok(subject, `answers ${status}`);
  } catch (error) {
    return unreachable(subject, error instanceof Error && error.cause ? words(error.cause) : words(error));
  }
}

/** The report store must be writable by the worker. */
export async function checkReports(plan: Plan, planFolder: string): Promise<AccessCheck> {
  const user = userInfo().username;
  const directory = path.resolve(planFolder, plan.estate.reports.directory);
  const subject: Subject = { what: `report folder ${directory}`, steps: stepsThatReach('report folder'), as: `${user}@${hostname()}` };
  try {
    // The worker makes the folder when it stores its first report.
    await access(deepestFolder(directory), constants.W_OK);
    return ok(subject, 'may be written');
  } catch (error) {
    return lacking(subject, words(error), { where: `shell at ${hostname()}`, line: `install -d -o ${user} -m 0750 ${directory}` });
  }
}

function deepestFolder(directory: string): string {
  return existsSync(directory) ? directory : deepestFolder(path.dirname(directory));
}
