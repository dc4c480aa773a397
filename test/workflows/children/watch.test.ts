/** Goal: a run that is taken back ends the watch that it has begun, also where that took the place of an earlier run's. Method: a Temporal dev server (the one that skips time answers no second message to an id), a worker with a model of the estate. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFenceOnReturnWorkflowId, taskQueueOf } from '../../../workflows/wire/ids.ts';
import { Stage } from '../../client/support.ts';
import { FakeEstate } from '../../model/estate.ts';
import { until } from '../../support/until.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

it('an undo ends its own watch also when that took the place of one of an earlier run', async () => {
  const { plan } = stage;
  const { name } = plan.plan.estate;
  const estate = new FakeEstate(plan);
  estate.dead.add(estate.primary);
  estate.fenceProvable = false;
  const workflowId = makeFenceOnReturnWorkflowId(name, estate.primary);
  await stage.with(estate, async () => {
    const run = { runId: 'recovery/earlier', execution: 'recovery/earlier@1', planDigest: plan.digest, epoch: 1 };
    const former = await stage.env.client.workflow.start('fenceOnReturn', {
      taskQueue: taskQueueOf(name),
      workflowId,
      args: [{ run, snapshot: plan, site: estate.primary, pollSeconds: 5 }],
    });
    const { runId } = await stage.client.start('regionalFailover', {
      estate: name,
      from: estate.primary,
      to: 'eu-central-1',
      mode: 'live',
      startedBy: 'pager',
    });
    await agree(runId, 'activation', 'approve');
    expect(await former.result()).toMatchObject({ outcome: 'superseded' });
    await agree(runId, 'accepted-risk', 'undo');
    const report = await stage.client.result(runId);
    expect(report.exceptions.filter((sentence) => sentence.startsWith('Not taken back'))).toEqual([]);
    expect(report.leftovers).toEqual([]);
    expect((await stage.env.client.workflow.getHandle(workflowId).describe()).status.name).toBe('COMPLETED');
  });
});

async function agree(runId: string, named: string, choice: string): Promise<void> {
  const gate = await until(`the gate ${named} opens`, async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' && view.status.gate?.gate.startsWith(named) ? view.status.gate.gate : undefined;
  });
  for (const who of ['jane-smith', 'john-doe']) await stage.client.vote(runId, { gate, choice, who, reason: 'seen' });
}
