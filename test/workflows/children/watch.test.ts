/** Goal: a run that is taken back ends the watch that it has begun and no other, also where that took the place of an earlier run's. Method: a Temporal dev server (the one that skips time answers no second message to an id), a worker with a model of the estate. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFenceOnReturnWorkflowId, taskQueueOf } from '../../../workflows/wire/ids.ts';
import { supersedeSignal } from '../../../workflows/wire/messages.ts';
import { Stage } from '../../client/support.ts';
import { FakeEstate } from '../../model/estate.ts';
import { until } from '../../support/until.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

/** An estate of which no fence can be proven, so that a run leaves a watch, and people are asked whether it goes on. */
function unproven(): FakeEstate {
  const estate = new FakeEstate(stage.plan);
  estate.dead.add(estate.primary);
  estate.fenceProvable = false;
  return estate;
}

const name = () => stage.plan.plan.estate.name;

/** A watch of another run. */
function beginWatch(site: string, epoch: number) {
  const run = { runId: 'recovery/other', execution: 'recovery/other@1', planDigest: stage.plan.digest, epoch };
  return stage.env.client.workflow.start('fenceOnReturn', {
    taskQueue: taskQueueOf(name()),
    workflowId: makeFenceOnReturnWorkflowId(name(), site),
    args: [{ run, snapshot: stage.plan, site, pollSeconds: 5 }],
  });
}

async function failOver(from: string): Promise<string> {
  const { runId } = await stage.client.start('regionalFailover', { estate: name(), from, to: 'eu-central-1', mode: 'live', startedBy: 'pager' });
  await agree(runId, 'activation', 'approve');
  return runId;
}

it('an undo ends its own watch also when that took the place of one of an earlier run', async () => {
  const estate = unproven();
  await stage.with(estate, async () => {
    const former = await beginWatch(estate.primary, 1);
    const runId = await failOver(estate.primary);
    expect(await former.result()).toMatchObject({ outcome: 'superseded' });
    await agree(runId, 'accepted-risk', 'undo');
    const report = await stage.client.result(runId);
    expect(report.exceptions.filter((sentence) => sentence.startsWith('Not taken back'))).toEqual([]);
    expect(report.leftovers).toEqual([]);
    expect((await stage.env.client.workflow.getHandle(former.workflowId).describe()).status.name).toBe('COMPLETED');
  });
});

it('an undo ends its own watch also when that has continued as new', async () => {
  const estate = unproven();
  await stage.with(estate, async () => {
    const runId = await failOver(estate.primary);
    await openGate(runId, 'accepted-risk');
    const own = stage.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(name(), estate.primary));
    const { runId: first } = await own.describe();
    for (let at = 0; at < 1_000; at += 50) await Promise.all(Array.from({ length: 50 }, () => own.signal(supersedeSignal, { reason: 'a word' })));
    // At its next look.
    estate.agentAnswers.add(estate.primary);
    await until('it goes on in a new history', async () => ((await own.describe()).runId === first ? undefined : true));
    await agree(runId, 'accepted-risk', 'undo');
    expect((await stage.client.result(runId)).leftovers).toEqual([]);
    expect((await own.describe()).status.name).toBe('COMPLETED');
  });
});

it('an undo opens the old site only after its watch has come to its end', async () => {
  const estate = unproven();
  await stage.with(estate, async () => {
    const runId = await failOver(estate.primary);
    await openGate(runId, 'accepted-risk');
    const fence = { begun: false, release: (): void => undefined };
    const released = new Promise<void>((resolve) => (fence.release = resolve));
    estate.before = async (activity) => {
      if (activity !== 'fenceByAgent') return;
      fence.begun = true;
      await released;
    };
    estate.agentAnswers.add(estate.primary);
    const opened = () => estate.changed('unfenceByAgent').length > 0;
    try {
      await until('the watch fences', async () => (fence.begun ? true : undefined));
      await agree(runId, 'accepted-risk', 'undo');
      await until('the undo waits, or goes on', async () => (opened() || (await waitsForTheWatch(runId)) ? true : undefined));
      expect(opened()).toBe(false);
    } finally {
      fence.release();
    }
    await stage.client.result(runId);
    expect(
      estate
        .changes()
        .filter((name) => name.endsWith('fenceByAgent'))
        .at(-1),
    ).toBe('unfenceByAgent');
  });
});

/** Whether a run has set its timer after it has asked its watch to end. */
async function waitsForTheWatch(runId: string): Promise<boolean> {
  const { events } = await stage.env.client.workflow.getHandle(runId).fetchHistory();
  const asked = (events ?? []).findIndex((event) => event.externalWorkflowExecutionCancelRequestedEventAttributes);
  return asked >= 0 && (events ?? []).slice(asked).some((event) => event.timerStartedEventAttributes);
}

it('an undo leaves the watch of another run that has taken the place of its own', async () => {
  const estate = unproven();
  await stage.with(estate, async () => {
    const runId = await failOver(estate.primary);
    const own = stage.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(name(), estate.primary));
    await openGate(runId, 'accepted-risk');
    await own.cancel();
    expect(await own.result()).toMatchObject({ outcome: 'superseded' });
    const other = await beginWatch(estate.primary, 9);
    await agree(runId, 'accepted-risk', 'undo');
    const report = await stage.client.result(runId);
    expect(report.leftovers).toEqual([]);
    const { status } = await other.describe();
    await other.cancel();
    expect(status.name).toBe('RUNNING');
    expect(await other.result()).toMatchObject({ reason: expect.stringContaining('no run has said why') as string });
  });
});

async function openGate(runId: string, named: string): Promise<string> {
  return until(`the gate ${named} opens`, async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' && view.status.gate?.gate.startsWith(named) ? view.status.gate.gate : undefined;
  });
}

async function agree(runId: string, named: string, choice: string): Promise<void> {
  const gate = await openGate(runId, named);
  for (const who of ['jane-smith', 'john-doe']) await stage.client.vote(runId, { gate, choice, who, reason: 'seen' });
}
