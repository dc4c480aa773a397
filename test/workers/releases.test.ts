/**
 * Goal: a run ends under the code that it began with, whatever is deployed meanwhile, and no forgotten command keeps the next one from beginning. Method: workers of two releases and the worker process on a dev
 * server, with a model of an estate behind them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { OpenGate, Release } from '../../client/index.ts';
import type { HealthReport } from '../../workers/health.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { Stage, type StageWorker } from '../client/support.ts';
import { bundleFile } from '../support/bundle.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, type WorkerProcess } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-releases-'));
const next = join(folder, 'next-release.js');
const [name, lost] = ['erlmcp-production', 'us-east-1'];
const [runId, watchId] = [makeRunWorkflowId(name), makeFenceOnReturnWorkflowId(name, lost)];
let stage: Stage;
let estate: FakeEstate;
let working: { stop(): Promise<void> }[] = [];
let deployed: WorkerProcess | undefined;

beforeAll(async () => {
  stage = await Stage.open();
  writeFileSync(next, `/* of another release */\n${readFileSync(await bundleFile(), 'utf8')}`);
});
afterAll(async () => {
  await deployed?.kill();
  await Promise.all(working.map((worker) => worker.stop()));
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  estate = new FakeEstate(stage.plan);
  estate.dead.add(lost);
});

async function deploy(bundle?: string): Promise<StageWorker> {
  const worker = await stage.work(estate, bundle);
  working.push(worker);
  return worker;
}

async function withdraw(): Promise<void> {
  await Promise.all(working.map((worker) => worker.stop()));
  working = [];
}

async function releases(): Promise<readonly Release[]> {
  return JSON.parse((await stage.dr('release', 'list', '--json')).out) as Release[];
}

async function isThere(release: string): Promise<void> {
  await until(`a worker of ${release} polls`, async () => (await releases()).find((each) => each.release === release && each.workers > 0), 30);
}

async function isCurrent(release: string, deadlineSeconds = 30): Promise<void> {
  await until(`${release} is current`, async () => (await releases()).find((each) => each.release === release && each.current), deadlineSeconds);
}

async function start(mode: 'live' | 'dry-run' = 'live'): Promise<void> {
  await stage.client.start('regionalFailover', { estate: name, from: lost, to: 'eu-central-1', mode, startedBy: 'pager' });
}

async function openGate(): Promise<OpenGate> {
  return until('the gate opens', async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' ? (view.status.gate ?? undefined) : undefined;
  });
}

async function approve(): Promise<void> {
  const { gate } = await openGate();
  for (const who of ['jane-smith', 'john-doe']) await stage.client.vote(runId, { gate, choice: 'approve', who, reason: 'evidence seen' });
}

/** Releases under which its decisions were made, in order, each once in a row. */
async function decidedBy(workflowId: string): Promise<readonly string[]> {
  const { events } = await stage.env.client.workflow.getHandle(workflowId).fetchHistory();
  const all = (events ?? []).flatMap((event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? []);
  return all.filter((release, at) => release !== all[at - 1]);
}

const health = async (): Promise<HealthReport> => (await fetch(deployed?.health ?? '')).json() as Promise<HealthReport>;

it('a run ends under the release that it began with, new ones begin under the next, and what waits for a site moves', { timeout: 180_000 }, async () => {
  const a = await deploy();
  await isCurrent(a.release);
  await start();
  await openGate();

  const b = await deploy(next);
  expect(b.release).not.toBe(a.release);
  await isThere(b.release);
  expect(await stage.dr('release', 'use', '0.0.0-00000000')).toMatchObject({
    code: 3,
    err: expect.stringMatching(
      /^No worker of release 0\.0\.0-00000000 polls .* was not made current; what was current stays so\. Workers poll of: .*\n.*dr release list\n$/,
    ),
  });
  await isCurrent(a.release);
  expect((await stage.dr('release', 'use', b.release)).code).toBe(0);
  expect(await releases()).toEqual([
    { release: b.release, current: true, workers: 1, openRuns: 0, drainage: null },
    { release: a.release, current: false, workers: 1, openRuns: 1, drainage: 'draining' },
  ]);
  expect((await stage.dr('release')).out).toContain(b.release);

  await start('dry-run');
  await stage.client.result(makeDryRunWorkflowId(name));
  expect(await decidedBy(makeDryRunWorkflowId(name))).toEqual([b.release]);

  await approve();
  expect((await stage.client.result(runId)).outcome).toBe('recovered');
  expect(await decidedBy(runId)).toEqual([a.release]);
  estate.dead.delete(lost);
  const watch = stage.env.client.workflow.getHandle(watchId);
  expect(await watch.result()).toMatchObject({ outcome: 'fenced' });
  expect((await decidedBy(watchId)).at(-1)).toBe(b.release);
  await withdraw();
  expect((await stage.client.status(runId)).state, 'the report of a run needs no worker of its release').toBe('ended');
});

it('a run whose release is gone is named, another release takes over, and going back brings it to its end', { timeout: 420_000 }, async () => {
  const b = await deploy(next);
  await isThere(b.release);
  await isCurrent(b.release);
  await start();
  const { gate } = await openGate();
  await withdraw();

  deployed = await startWorkerProcess({ TEMPORAL_ADDRESS: stage.address });
  // A start in the meantime, by somebody who does not ask whether there is a worker.
  const early = await stage.env.client.workflow.start('assessment', {
    taskQueue: taskQueueOf(name),
    workflowId: `assessment/${name}/${lost}`,
    args: [{ estate: name, from: lost }],
  });
  const [first] = (await health()).workers;
  const release = first?.release ?? '';
  expect(first?.currentRelease, 'the former one was there a moment ago').toBe(b.release);
  await until('the new release has taken over', async () => ((await health()).workers[0]?.currentRelease === release ? true : undefined), 180);
  await isCurrent(release);
  expect(await until('what was started meanwhile has begun', async () => (await decidedBy(early.workflowId))[0], 30)).toBe(release);
  // It may have come to its end by itself.
  await early.terminate().catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });

  const named = await until('dr status names the run', async () => {
    const status = await stage.dr('status');
    return status.out.startsWith('STUCK') ? status : undefined;
  }, 60); // prettier-ignore
  expect(named.out).toContain(`${runId} cannot go on: it goes on under release ${b.release} alone, and no worker of that is there.`);
  expect(named.out).toContain(`end it by "temporal workflow terminate --workflow-id ${runId}", and start a new run, which goes on from what it finds.`);
  expect(named.out, 'what runs other code on its history is not there to copy').not.toContain('update-options');
  expect(named.out).toContain(
    `No worker of release ${b.release} takes work from the queue dr/${name}. The run goes on under that release alone. There is a worker of ${release}. The run waits.`,
  );
  expect(named.code).not.toBe(0);
  const stuck = await until('the health page names it', async () => (await health()).stuck.find(({ workflowId }) => workflowId === runId), 60);
  expect(stuck).toMatchObject({ missingRelease: b.release, incompatible: false });
  const metric = async () => /^\S*dr_stuck_workflows\S* 1$/m.exec(await (await fetch(deployed?.metrics ?? '')).text())?.[0];
  expect(await until('the metric counts it', metric, 60)).toContain('dr_stuck_workflows');
  const list = await stage.dr('release', 'list');
  expect(list).toMatchObject({ code: 5, out: expect.stringContaining(`${b.release} has open runs and no worker: they do not go on.`) });
  const vote = await stage.dr('approve', '--gate', gate, '--as', 'jane-smith', '--reason', 'evidence seen');
  expect(vote).toMatchObject({
    code: 4,
    err: expect.stringContaining(
      `There is a worker of ${release}. The vote was not sent.\nStart one of release ${b.release}, with the dist/ or the image of that release, where`,
    ),
  });

  await deploy(next);
  await isThere(b.release);
  expect((await stage.dr('release', 'use', b.release)).code).toBe(0);
  await approve();
  expect((await stage.client.result(runId)).outcome).toMatch(/^recovered/);
  expect(await decidedBy(runId)).toEqual([b.release]);
  await until('nothing is stuck any more', async () => ((await health()).stuck.length === 0 ? true : undefined), 60);
  await stage.clear(runId);
});
