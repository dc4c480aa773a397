/** Goal: the client starts, follows and reads a procedure that was only added. Method: a Temporal dev server, and a worker with a model of the estate. */
import { expect, it } from 'vitest';
import { Stage } from '../client/support.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { at, warmUpPlan, who } from './warm-up-plan.ts';

it('a warm-up is started, voted through and read', async () => {
  const plan = await warmUpPlan();
  const estate = new FakeEstate(plan);
  estate.jobs.courses = [{ seconds: 1 }];
  const stage = await Stage.open();
  try {
    await stage.with(estate, async () => {
      const { runId } = await stage.client.start('warmUp', { estate: plan.plan.estate.name, at, mode: 'live', startedBy: 'pager' });
      const gate = await until('the gate opens', async () => {
        const view = await stage.client.status(runId);
        return view.state === 'running' && view.status.gate ? view.status.gate.gate : undefined;
      });
      for (const person of who) await stage.client.vote(runId, { gate, choice: 'warm read', who: person, reason: 'seen' });
      expect(await stage.client.result(runId)).toMatchObject({ procedure: 'warmUp', outcome: 'done' });
    });
  } finally {
    await stage.close();
  }
});
