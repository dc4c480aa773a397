/** Goal: a step runs a job of a host once, says how far it is, and ends with it, whoever dies meanwhile. Method: a real worker on a server that skips time, every execution replayed. */
import { fileURLToPath } from 'node:url';
import { type WorkflowHandleWithFirstExecutionRunId, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleParts } from '../../../workers/bundle.ts';
import { jobId } from '../../../workflows/engine/jobs.ts';
import { FakeEstate } from '../../model/estate.ts';
import { type JobStep, type jobStep, leftoversQuery, toldQuery } from '../../support/jobs-workflow.ts';
import { erlmcpPlan } from '../../support/plans.ts';
import { Replays } from '../../support/replays.ts';
import { SkippingServer, type TestNamespace } from '../../support/skipping-server.ts';
import { until } from '../../support/until.ts';

type Handle = WorkflowHandleWithFirstExecutionRunId<typeof jobStep>;

const day = 86_400;
const site = 'eu-central-1';
const run = { runId: 'recovery/erlmcp', execution: 'recovery/erlmcp@0a1b', planDigest: 'd', epoch: 3 };
const order = { site, job: 'copy', args: ['from=us-east-1'], id: 'copy-data' };
const idOf = (attempt: number) => jobId(run, order.id, attempt);

let bundle: { readonly code: string };
let replays: Replays;
let server: SkippingServer;
let env: TestNamespace;
let estate: FakeEstate;

beforeAll(async () => {
  const workflowsPath = fileURLToPath(new URL('../../support/jobs-workflow.ts', import.meta.url));
  bundle = await bundleWorkflowCode({ ...bundleParts(), workflowsPath, logger: new DefaultLogger('ERROR') });
  replays = new Replays({ workflowBundle: bundle });
  server = await SkippingServer.start();
});
afterAll(async () => {
  await replays?.stop();
  await server?.stop();
});
beforeEach(async () => {
  env = server.nextNamespace();
  await server.clock.read();
  estate = new FakeEstate(await erlmcpPlan(), server.clock);
});
afterEach(() => server.leave(env));

const worker = (options: Partial<WorkerOptions> = {}) =>
  Worker.create({
    connection: env.nativeConnection,
    namespace: env.namespace,
    taskQueue: 'jobs',
    workflowBundle: bundle,
    activities: estate.activities(),
    ...options,
  });

async function start(step: Partial<JobStep> = {}): Promise<Handle> {
  return env.client.workflow.start<typeof jobStep>('jobStep', {
    taskQueue: 'jobs',
    workflowId: 'jobs',
    args: [{ run, order, boundSeconds: 2 * day, ...step }],
  });
}

async function replay(handle: Handle): Promise<number> {
  const history = await handle.fetchHistory();
  await replays.replay(history, handle.workflowId);
  return history.events?.length ?? 0;
}

/** Runs a step to its end, whatever that is. */
async function whole(step: Partial<JobStep> = {}, meanwhile: (handle: Handle) => Promise<unknown> = async () => undefined) {
  return (await worker()).runUntil(async () => {
    const handle = await start(step);
    await meanwhile(handle);
    const result = await handle.result().catch((error: unknown) => error);
    const told = await handle.query(toldQuery);
    const leftovers = await handle.query(leftoversQuery);
    const error = result instanceof WorkflowFailedError ? result.cause : undefined;
    return { result, error, message: error?.message ?? '', told, leftovers, events: await replay(handle) };
  });
}

const goesOn = `The job copy at eu-central-1 may go on there: the run has not seen it end. See how it stands there, and end it where it is not wanted any more: site-agent agent.conf job-cancel --epoch 3 --run recovery/erlmcp@0a1b ${idOf(1)}`;
const begun = () => [...estate.jobs.begun.keys()];

describe('a job', () => {
  it('is started once, and its step says how far it is, how fast it goes and when it will end', async () => {
    estate.jobs.courses = [{ seconds: 600, bytesAll: 600_000_000_000 }];
    const { result, told } = await whole();
    expect(result).toMatchObject({ state: 'done', exitCode: 0, bytesDone: 600_000_000_000 });
    expect(begun()).toEqual([idOf(1)]);
    expect(idOf(1)).toBe('0a1b.copy-data.1');
    expect(estate.changes()).toEqual(['startJob']);
    expect(told[0]).toMatch(/^copy at eu-central-1: \d\.\d GB of 600 GB \(0 %\)$/);
    const [, rate, end] = /^copy at eu-central-1: \d+(?:\.\d)? GB of 600 GB \(\d+ %\), (.+)\/s, ends about (\d\d:\d\d:\d\dZ)$/.exec(told.at(-1) ?? '') ?? [];
    expect(rate).toMatch(/^(1\.0 GB|9\d\d MB)$/);
    const last = estate.jobs.begun.get(idOf(1));
    const expected = (last?.startedAt ?? 0) + 600_000;
    const said = Date.parse(`${new Date(expected).toISOString().slice(0, 11)}${end}`);
    expect(Math.abs(said - expected)).toBeLessThan(20_000);
  });

  it('whose start was carried out without an answer is found by the next try', async () => {
    estate.jobs.unansweredStarts = 2;
    expect((await whole()).result).toMatchObject({ state: 'done' });
    expect(begun()).toEqual([idOf(1)]);
    expect(estate.changed('startJob').length).toBe(3);
  });

  it('goes on while no worker is there, and the next one ends the step with it', async () => {
    estate.jobs.courses = [{ seconds: 7_200, bytesAll: 1_000_000 }];
    // The server of the tests gives tasks to a worker that is gone until they time out: one for each of its questions that is still open, and what it has kept of a workflow.
    const alone = { maxCachedWorkflows: 0, maxConcurrentWorkflowTaskPolls: 1, maxConcurrentActivityTaskPolls: 1 };
    const first = await worker(alone);
    const handle = await first.runUntil(async () => {
      const started = await start();
      await until('it runs', async () => (begun().length > 0 ? true : undefined));
      return started;
    });
    // An hour goes by, as the estate counts.
    estate.jobs.now = async () => (await env.currentTimeMs()) + 3_600_000;
    const second = await worker(alone);
    expect(await second.runUntil(handle.result())).toMatchObject({ state: 'done' });
    expect(begun()).toEqual([idOf(1)]);
    expect(estate.changed('startJob')).toHaveLength(1);
    await replay(handle);
  });

  it('of a day costs a small history, and its end is seen at once', async () => {
    estate.jobs.courses = [{ seconds: day, bytesAll: 80_000_000_000_000 }];
    const { result, events, told } = await whole();
    expect(result).toMatchObject({ state: 'done' });
    expect(events).toBeLessThan(2_600);
    const look = result as { readonly at: string; readonly startedAt: string };
    expect((Date.parse(look.at) - Date.parse(look.startedAt)) / 1000 - day).toBeLessThan(10);
    expect(told.length).toBeGreaterThan(280);
    expect(told[0]).toMatch(/^copy at /);
  });
});

describe('a job that is not done', () => {
  it('since it failed is for people, with its last line and what it left', async () => {
    estate.jobs.courses = [{ seconds: 30, bytesAll: 60_000_000_000, ends: 'failed' }];
    const { error, message } = await whole();
    expect(error).toMatchObject({ type: 'permanent', nonRetryable: true });
    expect(message).toMatch(
      /^The job copy at eu-central-1 failed with exit code 7\. Its last line: no space left on device What it had done by then stays there as it is \(60\.0 GB of 60\.0 GB \(100 %\)\)\. HINT: .* then choose retry: it begins anew, under another number\.$/,
    );
    expect(estate.changes()).toEqual(['startJob']);
  });

  it('since it is lost is begun by nobody but people, under the next number', async () => {
    estate.jobs.courses = [{ seconds: 30, ends: 'lost' }];
    const { message } = await whole();
    expect(message).toMatch(
      /^The job copy at eu-central-1 is lost: its processes are gone and none has said how it ended, .* What it had done by then stays there as it is\./,
    );
    expect(begun()).toEqual([idOf(1)]);
  });

  it('is begun anew at each retry of people, and one that was done is found', async () => {
    estate.jobs.courses = [{ seconds: 30, ends: 'lost' }, { seconds: 30, ends: 'failed' }, { seconds: 30 }];
    expect((await whole({ retries: 2 })).result).toMatchObject({ state: 'done', id: idOf(3) });
    expect(begun()).toEqual([idOf(1), idOf(2), idOf(3)]);
  });
});

describe('a step that ends before its job', () => {
  it('by its bound cancels the job within the bound, and says so', async () => {
    estate.jobs.courses = [{ seconds: day, bytesAll: 86_400_000_000 }];
    const { error, message, leftovers } = await whole({ boundSeconds: 600 });
    expect(leftovers).toEqual([]);
    expect(error).toMatchObject({ type: 'permanent' });
    expect(message).toMatch(
      /^The job copy at eu-central-1 did not end within the step's bound \(\d+ MB of 86\.4 GB \(0 %\)\)\. It was cancelled there\. HINT: /,
    );
    const job = estate.jobs.begun.get(idOf(1));
    const ended = ((job?.cancelledAt ?? Infinity) - (job?.startedAt ?? 0)) / 1000;
    expect(ended).toBeGreaterThan(540);
    expect(ended).toBeLessThan(600);
  });

  it('by a cancellation of the workflow cancels the job, and says so', async () => {
    estate.jobs.courses = [{ seconds: day, bytesAll: 1_000_000 }];
    const { error, told } = await whole({}, async (handle) => {
      await until('it says how far it is', async () => ((await handle.query(toldQuery)).length > 0 ? true : undefined), 30);
      await handle.cancel();
    });
    expect(error).toBeInstanceOf(CancelledFailure);
    expect(told.at(-1)).toMatch(
      /^The step was cancelled while the job copy at eu-central-1 was under way \(\d+ B of 1\.0 MB \(0 %\)\)\. It was cancelled there\.$/,
    );
    expect(estate.jobs.begun.get(idOf(1))?.cancelledAt).toBeDefined();
  });

  it('and cannot cancel it says that it goes on, and how to end it', async () => {
    estate.jobs.courses = [{ seconds: day }];
    estate.jobs.cancellable = false;
    const { message, leftovers } = await whole({ boundSeconds: 600 });
    expect(leftovers).toEqual([goesOn]);
    expect(message).toMatch(
      /It could not be cancelled, so that it may go on there: its processes wait for the kernel HINT: End it at eu-central-1 \(site-agent agent\.conf job-cancel --epoch 3 --run recovery\/erlmcp@0a1b 0a1b\.copy-data\.1\), or choose retry/,
    );
  });

  it('since a newer run holds the site leaves the job to that one', async () => {
    estate.epochs.set(site, { epoch: 9, holder: 'recovery/erlmcp@new' });
    const { error, leftovers } = await whole();
    expect(error?.cause).toMatchObject({ type: 'stale-epoch' });
    expect(estate.changes()).toEqual(['startJob']);
    // It was refused, and so has not begun.
    expect(leftovers).toEqual([]);
  });
});

describe('a step that fails while its job goes on', () => {
  const unreadable = ApplicationFailure.nonRetryable('the answer of the agent cannot be read', 'permanent');
  /** A look that waits is tried twice: the one before the start and the first that waits go well, the next fails for good. `later`: at each one after it. */
  function failSecondWait(later: () => void = () => undefined): void {
    let looks = 0;
    estate.before = (name) => {
      if (name !== 'watchJob' || (looks += 1) < 4) return;
      if (looks === 4) throw unreadable;
      later();
    };
  }

  it('leaves it to the retry, which finds it', async () => {
    estate.jobs.courses = [{ seconds: 600 }];
    failSecondWait();
    const { result, leftovers, told } = await whole({ retries: 1 });
    expect(told).toContain('the answer of the agent cannot be read');
    expect(result).toMatchObject({ state: 'done', id: idOf(1) });
    expect(begun()).toEqual([idOf(1)]);
    expect(leftovers).toEqual([]);
  });

  it('says so where nobody tries it again', async () => {
    estate.jobs.courses = [{ seconds: 600 }];
    failSecondWait();
    const { message, leftovers } = await whole();
    expect(message).toContain('Activity task failed');
    expect(leftovers).toEqual([goesOn]);
    expect(estate.jobs.begun.get(idOf(1))?.cancelledAt).toBeUndefined();
  });

  it('says so where the site does not tell any more', async () => {
    estate.jobs.courses = [{ seconds: 600 }];
    failSecondWait(() => {
      throw unreadable;
    });
    expect((await whole()).leftovers).toEqual([goesOn]);
  });

  it('says nothing of one that has ended by then', async () => {
    estate.jobs.courses = [{ seconds: 0, ends: 'failed' }];
    estate.before = (name) => {
      if (name === 'startJob' && begun().length > 0) throw unreadable;
    };
    estate.jobs.unansweredStarts = 1;
    expect((await whole()).leftovers).toEqual([]);
  });
});
