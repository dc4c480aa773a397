/** Goal: the procedure recovers an estate whose database can never be proven fenced, as with RDS. Method: a real worker, skipped time, every execution replayed. */
import { expect, it } from 'vitest';
import { electorate, endOf, estate, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { testPlan } from '../../support/plans.ts';

useFailovers(() => testPlan('test/plans/tickets'));

it('promotes a replica of RDS only after people have typed what may be lost, and says so first', async () => {
  estate.fenceProvable = false;
  estate.synchronousStandbys = [];
  estate.lastCommitAt = new Date(rig.clock.now() - 20_000).toISOString();
  const report = await rig.with(estate, async () => {
    const handle = await start();
    await vote(handle, 'approve', electorate.slice(0, 1));
    const gate = await openGate(handle, 'accepted-risk');
    expect(gate.question).toBe('paris is not proven fenced. Promote dublin all the same?');
    expect(estate.changed('promoteDatabase')).toEqual([]);
    await vote(handle, gate.choices[0]?.split(':')[0] ?? '', electorate.slice(0, 1), 'accepted-risk');
    return endOf(handle);
  });
  expect(report.outcome).toBe('recovered with exceptions');
  expect(report.exceptions[0]).toContain('paris was not proven fenced');
  expect(report.leftovers.join(' ')).toMatch(
    /No agent can close the database and the cache of paris\. .* temporal workflow cancel --workflow-id fence-on-return\/\S+$/,
  );
  expect(report.loss.kind).not.toBe('proven 0');
  const planned = plan.plan.procedures.regionalFailover.steps.map((step) => step.id);
  expect(report.steps.map((step) => step.id).toSorted()).toEqual(planned.toSorted());
});
