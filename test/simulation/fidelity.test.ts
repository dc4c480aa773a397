/** Goal: what the simulated server shows is true of a real one. Method: the same recovery on both; steps, decisions and every activity in the same number. */
import { beforeAll, expect, it } from 'vitest';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { estate, plan, rig, start, useFailovers, vote } from '../support/failover.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import { starterOf } from '../driven/driven.ts';
import { Simulations } from './simulation.ts';

useFailovers();
let simulations: Simulations;
beforeAll(async () => {
  simulations = await Simulations.create(regionalFailover);
});

function countsOf(names: readonly string[]): Record<string, number> {
  // The child goes on trying for as long as the run watches, and the one watches longer than the other.
  const counted = names.filter((name) => !['fenceByAgent', 'awaitReturn'].includes(name));
  return Object.fromEntries([...new Set(counted)].sort().map((name) => [name, counted.filter((other) => other === name).length]));
}

it('a recovery on the simulated server has the steps, decisions and activities that it has on a real one', async () => {
  const names: string[] = [];
  // In the simulation customers write until the site is lost, so that the asynchronous standby is behind.
  const behind = estate.databases.get(simulations.places.target);
  if (behind) behind.bytes -= 1;
  estate.before = (name) => void names.push(name);
  const real = await rig.with(estate, async () => {
    const handle = await start({ startedBy: starterOf(plan.plan, regionalFailover) });
    await vote(handle, 'approve');
    const report = await handle.result();
    // In the simulation the lost site comes back in the end.
    estate.dead.clear();
    await rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, report.places.source)).result();
    return report;
  });
  const simulated = await simulations.live({});
  const [report] = simulated.reports;
  expect(report?.steps.map(({ id, result }) => `${id} ${result}`).sort()).toEqual(real.steps.map(({ id, result }) => `${id} ${result}`).sort());
  expect(report?.gates.map(({ question, decision }) => [question, decision])).toEqual(real.gates.map(({ question, decision }) => [question, decision]));
  expect(report?.changes.length).toBe(real.changes.length);
  expect(countsOf(simulated.attempts)).toEqual(countsOf(names));
});
