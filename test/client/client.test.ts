/** Goal: another service can start, decide, watch and read a run through the client alone. Method: a dev server, a real worker, a model of an estate. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DrClient, DrError, makeRunWorkflowId } from '../../client/index.ts';
import type { OpenGate, RegionalFailoverInput, RunView } from '../../client/index.ts';
import { makeEstateCheckWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { FakeEstate } from '../model/estate.ts';
import { foreignPayloads } from '../support/raw-messages.ts';
import { until } from '../support/until.ts';
import { Stage } from './support.ts';

let stage: Stage;
let estate: FakeEstate;
let runId: string;

beforeAll(async () => {
  stage = await Stage.open();
  runId = makeRunWorkflowId(stage.plan.plan.estate.name);
});
afterAll(async () => stage?.close());
beforeEach(() => {
  estate = new FakeEstate(stage.plan);
  estate.dead.add('us-east-1');
});
afterEach(async () => stage.clear(runId));

function failover(change: Partial<RegionalFailoverInput> = {}): RegionalFailoverInput {
  return {
    estate: stage.plan.plan.estate.name,
    from: 'us-east-1',
    to: 'eu-central-1',
    mode: 'live',
    startedBy: 'pager',
    planDigest: stage.plan.digest,
    ...change,
  };
}

async function openGate(): Promise<OpenGate> {
  return until('the gate opens', async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' ? (view.status.gate ?? undefined) : undefined;
  });
}

async function refusalOf(work: Promise<unknown>): Promise<DrError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DrError)) throw new Error(`A DrError was expected, not ${String(error)}`);
  return error;
}

describe('a run through the client', () => {
  it('is started, approved by an update and a signal, and leaves its report', async () => {
    await stage.with(estate, async () => {
      const started = await stage.client.start('regionalFailover', failover());
      expect(started.runId).toBe(runId);
      const [first] = (await stage.env.client.workflow.getHandle(runId).fetchHistory()).events ?? [];
      const taskTimeout = Number(first?.workflowExecutionStartedEventAttributes?.workflowTaskTimeout?.seconds);
      expect(taskTimeout, 'a decision that a dead worker began is made by another soon').toBe(5);
      const { gate } = await openGate();
      expect(await stage.client.report(runId)).toMatchObject({ open: true, summary: 'The run goes on; it is deciding.', pointOfNoReturnAt: null });
      const receipt = await stage.client.vote(runId, { gate, choice: 'approve', who: 'jane-smith', reason: 'evidence seen' });
      expect(receipt).toMatchObject({ counted: true, votes: 1, quorum: 2 });
      await stage.client.approve(runId, { gate, who: 'john-doe', reason: 'evidence seen' });
      const report = await stage.client.result(runId);
      expect(report.outcome).toMatch(/^recovered/);
      expect(report).toMatchObject({ open: false, pointOfNoReturnAt: report.steps.find((step) => step.phase === 'promoting')?.startedAt });
      expect(estate.report).toMatchObject({ open: false, outcome: report.outcome, summary: report.summary });
      const view = await stage.client.status(runId);
      expect(view).toMatchObject({ state: 'ended', report: { runId, outcome: report.outcome } });
      expect(await stage.client.report(runId)).toEqual(report);
      expect((await refusalOf(stage.client.approve(runId, { gate, who: 'bob-wilson', reason: 'late' }))).kind).toBe('ended');
    });
  });

  it('holds the estate: a second start is refused and names the open run', async () => {
    await stage.with(estate, async () => {
      await stage.client.start('regionalFailover', failover());
      const error = await refusalOf(stage.client.start('regionalFailover', failover({ to: 'ap-southeast-1' })));
      expect(error).toMatchObject({ kind: 'already-running', runId });
    });
  });

  it('names a workflow of somebody else that holds the id, and how to end it', async () => {
    await stage.with(estate, async () => {
      const { workflow } = stage.env.client;
      const { name } = stage.plan.plan.estate;
      for (const [workflowId, ask] of [
        [runId, () => stage.client.start('regionalFailover', failover())],
        [makeEstateCheckWorkflowId(name), () => stage.client.checkEstate({ estate: name })],
      ] as const) {
        const squatter = await workflow.start('anything', { taskQueue: 'of-somebody-else', workflowId });
        const error = await refusalOf(ask());
        expect(error).toMatchObject({ kind: 'already-running', runId: workflowId });
        expect(error.message).toContain('is taken by a workflow of the type "anything" on the queue "of-somebody-else", which is none of ours');
        expect(error.hint).toContain(`temporal workflow terminate --workflow-id ${workflowId}`);
        await squatter.terminate();
      }
    });
    expect(estate.calls).toEqual([]);
  });

  it('shows nothing of what somebody else says under the id of a run', async () => {
    const { workflow } = stage.env.client;
    const squatter = await workflow.start('anything', { taskQueue: 'of-somebody-else', workflowId: runId });
    for (const ask of [() => stage.client.status(runId), () => stage.client.report(runId), () => stage.client.result(runId), () => stage.client.plan(runId)]) {
      const error = await refusalOf(ask());
      expect(error).toMatchObject({ kind: 'unknown-run', runId });
      expect(error.message).toContain('stands a workflow of the type "anything" on the queue "of-somebody-else": no run');
    }
    await squatter.terminate();
  });

  it('goes on telling what it knows beside memos that nobody here can read', async () => {
    const { name } = stage.plan.plan.estate;
    const { workflowService } = stage.env.client;
    await workflowService.startWorkflowExecution({
      namespace: stage.namespace,
      workflowId: runId,
      requestId: 'unreadable-memo',
      workflowType: { name: 'regionalFailover' },
      taskQueue: { name: taskQueueOf(name) },
      memo: { fields: { openGate: { ...foreignPayloads['encrypted'] } } },
    });
    const client = await DrClient.connect({ address: stage.address, namespace: stage.namespace });
    await until('the server lists it', async () => {
      for await (const found of client.temporal.workflow.list({ query: `WorkflowId = '${runId}' AND ExecutionStatus = 'Running'` })) return found.memo;
      return undefined;
    });
    expect(await client.stuck()).toEqual([]);
    expect(await client.status(runId)).toMatchObject({ state: 'unattended' });
    await client.close();
  });

  it('refuses a plan that the starter has not read, in a sentence', async () => {
    await stage.with(estate, async () => {
      const error = await refusalOf(stage.client.start('regionalFailover', failover({ planDigest: '0'.repeat(64) })));
      expect(error.kind).toBe('refused');
      expect(error.message).toMatch(/plan/);
    });
    expect(estate.changes()).toEqual([]);
  });

  it('refuses a stranger’s vote at once', async () => {
    await stage.with(estate, async () => {
      await stage.client.start('regionalFailover', failover());
      const { gate } = await openGate();
      const receipt = await stage.client.vote(runId, { gate, choice: 'approve', who: 'nobody', reason: 'x' }).catch((error: unknown) => error);
      const counted = receipt instanceof DrError ? false : (receipt as { counted: boolean }).counted;
      expect(counted).toBe(false);
    });
  });

  it('is held by stop and goes on by resume', async () => {
    await stage.with(estate, async () => {
      await stage.client.start('regionalFailover', failover());
      await stage.client.stop(runId, { who: 'jane-smith', reason: 'wait' });
      await until('the run says that it is stopped', async () => {
        const view = await stage.client.status(runId);
        return view.state === 'running' && view.status.stopped ? view : undefined;
      });
      await stage.client.resume(runId, { who: 'jane-smith', reason: 'go on' });
      await until('the run goes on', async () => {
        const view = await stage.client.status(runId);
        return view.state === 'running' && !view.status.stopped ? view : undefined;
      });
    });
  });

  it('takes what was said before any worker lived in the order in which it was said: the last word stands', async () => {
    const run = await stage.env.client.workflow.start('regionalFailover', {
      workflowId: runId,
      taskQueue: taskQueueOf(stage.plan.plan.estate.name),
      args: [failover()],
    });
    for (const signal of ['stop', 'resume', 'stop']) await run.signal(signal, { who: 'jane-smith', reason: signal });
    await stage.with(estate, async () => {
      const { timeline } = await until('the run is stopped', async () => {
        const view = await stage.client.status(runId);
        return view.state === 'running' && view.status.stopped ? view.status : undefined;
      });
      expect(timeline.map(({ text }) => text).filter((text) => text.includes(' by jane-smith'))).toEqual([
        'Stop switch thrown by jane-smith: stop',
        'Resumed by jane-smith: resume',
        'Stop switch thrown by jane-smith: stop',
      ]);
    });
  });

  it('tells from its history what it changed when it was terminated', async () => {
    await stage.with(estate, async () => {
      await stage.client.start('regionalFailover', failover());
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      estate.before = (name) => (name === 'promoteDatabase' ? held : undefined);
      const { gate } = await openGate();
      for (const who of ['jane-smith', 'john-doe']) await stage.client.vote(runId, { gate, choice: 'approve', who, reason: 'seen' });
      await until('the promotion is under way', async () => {
        const view = await stage.client.status(runId);
        return view.state === 'running' && view.status.steps.some((step) => step.id === 'promote-database') ? view : undefined;
      });
      await stage.env.client.workflow.getHandle(runId).terminate('somebody pressed the button');
      const view = await stage.client.status(runId);
      release();
      expect(view.state).toBe('broken');
      const { reason, changes } = view as Extract<RunView, { state: 'broken' }>;
      expect(reason).toContain('somebody pressed the button');
      expect(changes.find((change) => change.activity === 'setCapacity')).toMatchObject({ site: 'eu-central-1', result: 'done', detail: '35 % → 100 %' });
      expect(changes.find((change) => change.activity === 'promoteDatabase')).toMatchObject({ result: 'unanswered' });
    });
  });

  it('is watched until its end', async () => {
    estate.dead.clear();
    await stage.with(estate, async () => {
      await stage.client.start('regionalFailover', failover());
      const states: string[] = [];
      for await (const view of stage.client.watch(runId, { everyMilliseconds: 50 })) states.push(view.state);
      expect(states.at(-1)).toBe('ended');
      expect((await stage.client.report(runId)).outcome).toBe('stood down');
    });
    expect(estate.changes()).toEqual([]);
  });
});

describe('what is not there', () => {
  it('an unknown run is named', async () => {
    expect(await refusalOf(stage.client.status('recovery/nowhere'))).toMatchObject({ kind: 'unknown-run', runId: 'recovery/nowhere' });
  });

  it('no server ends in a sentence within seconds', async () => {
    const error = await refusalOf(DrClient.connect({ environment: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }));
    expect(error.kind).toBe('no-server');
    expect(error.message).toBe('Temporal does not answer at 127.0.0.1:1. Nothing was sent.');
  });
});
