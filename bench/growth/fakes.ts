/** A process that answers for the drivers of any number of estates, so that what the worker's process uses is the worker's own. Usage: fakes PLAN_FOLDER; prints its port. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { loadPlan } from '../../plan/load.ts';
import { FakeEstate } from '../../test/model/estate.ts';
import { failedSite } from '../scene.ts';
import { planOf } from './plans.ts';

type Act = (input: unknown) => Promise<unknown>;

/** A call of an activity, as the worker sends it. */
export interface FakeCall {
  readonly estate: string;
  readonly activity: string;
  readonly input: unknown;
}

/** What comes back: the answer, or the failure that an activity would throw. */
export type FakeAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string; readonly type: string | null };

const { plan, digest } = await loadPlan(process.argv[2] ?? '');
const estates = new Map<string, Record<string, Act>>();

function activitiesOf(estate: string): Record<string, Act> {
  const known = estates.get(estate);
  if (known) return known;
  const model = new FakeEstate({ digest, plan: planOf(plan, estate) });
  model.dead.add(failedSite);
  const made = model.activities() as unknown as Record<string, Act>;
  estates.set(estate, made);
  return made;
}

async function answer({ estate, activity, input }: FakeCall): Promise<FakeAnswer> {
  try {
    const act = activitiesOf(estate)[activity];
    if (!act) throw new Error(`The model has no activity ${activity}.`);
    return { ok: true, value: (await act(input)) ?? null };
  } catch (error) {
    return { ok: false, message: String((error as Error).message), type: error instanceof ApplicationFailure ? (error.type ?? null) : null };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

const server = createServer((request, response) => {
  const names = Object.keys(new FakeEstate({ digest, plan }).activities());
  const answered = request.method === 'POST' ? bodyOf(request).then((body) => answer(JSON.parse(body) as FakeCall)) : Promise.resolve(names);
  answered.then(
    (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`));
