/**
 * The judge of the peers: one clock, outside of all that is compared. It asks the authoritative name server, and once that gives the target's address, writes a row
 * through the service by its public name at that address and reads it back. No cache lies between, so the TTL is not part of what it measures.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from '../lab/dns/ask.ts';

const everyMs = 25;
const answerWithinMs = 1_000;

export interface JudgeOptions {
  readonly authoritative: { readonly host: string; readonly port: number };
  readonly publicHost: string;
  readonly publicPort: number;
  readonly caFile: string;
  /** Address and site that must answer. */
  readonly target: { readonly address: string; readonly site: string };
}

export interface Verdict {
  /** When the authoritative answer was the target's, and when the row was read back; milliseconds since 1970. */
  readonly authoritativeAt: number;
  readonly readBackAt: number;
}

/** Waits until customers could be served at the target. Rejects after `withinMs`. */
export async function untilServedAtTarget(options: JudgeOptions, withinMs: number): Promise<Verdict> {
  const deadline = Date.now() + withinMs;
  const until = async (what: string, done: () => Promise<boolean>): Promise<number> => {
    while (!(await done().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`The judge did not see within ${withinMs / 1000} s that ${what}.`);
      await pause(everyMs);
    }
    return Date.now();
  };
  const authoritativeAt = await until(`${options.publicHost} leads to ${options.target.site}`, () => isAuthoritative(options));
  const agent = new Agent({ ca: readFileSync(options.caFile), servername: options.publicHost });
  try {
    const readBackAt = await until(`a row written at ${options.target.site} is read back`, () => writesAndReads(options, agent));
    return { authoritativeAt, readBackAt };
  } finally {
    agent.destroy();
  }
}

async function isAuthoritative({ authoritative, publicHost, target }: JudgeOptions): Promise<boolean> {
  const response = await ask(authoritative, publicHost, 'A', answerWithinMs);
  const answer = response.answers?.find((candidate) => candidate.type === 'A');
  return answer?.type === 'A' && answer.data === target.address;
}

/** A customer's write of a new row, and that customer's read of its newest. */
async function writesAndReads(options: JudgeOptions, agent: Agent): Promise<boolean> {
  const customer = `judge-${randomUUID().slice(0, 8)}`;
  const sequence = Date.now();
  const written = await send(options, agent, 'POST', '/customer-api', JSON.stringify({ customer, sequence }));
  if (written.status !== 200 || written.site !== options.target.site) return false;
  const read = await send(options, agent, 'GET', `/customer-api?customer=${customer}`);
  return read.status === 200 && read.site === options.target.site && (JSON.parse(read.body) as { newest?: string }).newest === `${customer}-${sequence}`;
}

interface Answer {
  readonly status: number;
  readonly site: string | undefined;
  readonly body: string;
}

function send(options: JudgeOptions, agent: Agent, method: 'GET' | 'POST', path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: options.target.address,
      port: options.publicPort,
      method,
      path,
      agent,
      timeout: answerWithinMs,
      headers: { host: options.publicHost, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, site: response.headers['x-site']?.toString(), body: text }));
    });
    call.end(body);
  });
}
