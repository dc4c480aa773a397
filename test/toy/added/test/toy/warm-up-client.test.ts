/** Goal: client and command line start, follow and read a procedure that was only added. Method: a Temporal dev server, and a worker with a model of the estate. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import { runDr, Stage } from '../client/support.ts';
import { inputOf } from '../driven/driven.ts';
import { warmUp } from '../driven/warm-up.ts';
import { FakeEstate } from '../model/estate.ts';
import type { PlanCopy } from '../support/plan-copies.ts';
import { until } from '../support/until.ts';
import { warmUpFolder, who } from './warm-up-plan.ts';

let stage: Stage;
let folder: PlanCopy;
let plan: PlanSnapshot;
beforeAll(async () => {
  folder = await warmUpFolder();
  plan = await loadPlan(folder.folder);
  stage = await Stage.open();
});
afterAll(async () => {
  await stage.close();
  await folder.remove();
});

const at = () => warmUp.placesIn(plan.plan).target;
const runId = () => makeRunWorkflowId(plan.plan.estate.name);
const dr = (...argv: string[]) => runDr(argv, { TEMPORAL_ADDRESS: stage.address, TEMPORAL_NAMESPACE: stage.namespace, DR_PLAN: folder.folder });

async function withWorker(test: () => Promise<void>): Promise<void> {
  const estate = new FakeEstate(plan);
  estate.jobs.courses = [{ seconds: 1 }];
  await stage.with(estate, test);
}

async function openGate(): Promise<string> {
  return until('the gate opens', async () => {
    const view = await stage.client.status(runId());
    return view.state === 'running' && view.status.gate ? view.status.gate.gate : undefined;
  });
}

it('a warm-up is started, voted through and read by the client', async () => {
  await withWorker(async () => {
    await stage.client.start('warmUp', inputOf(warmUp, plan.plan, {}));
    const gate = await openGate();
    for (const person of who) await stage.client.vote(runId(), { gate, choice: 'warm read', who: person, reason: 'seen' });
    expect(await stage.client.result(runId())).toMatchObject({ procedure: 'warmUp', outcome: 'done' });
  });
});

it('a warm-up is started and followed by a command of its own', async () => {
  await withWorker(async () => {
    const start = dr('start', 'warmUp', '--at', at(), '--as', 'carol-brown');
    const gate = await openGate();
    for (const person of who)
      expect((await dr('vote', '--gate', gate, '--choice', 'warm read', '--as', person, '--reason', 'seen')).out).toContain('Votes for warm read');
    const { code, out } = await start;
    expect(out).toContain(`Started ${runId()} (live).`);
    expect(out).toContain(`${runId()}: done. ${at()} of ${plan.plan.estate.name} is ready for full load.`);
    expect(code).toBe(0);
  });
});

it('what cannot be a start is told before anything is sent', async () => {
  const start = (...more: string[]) => dr('start', 'warmUp', ...more);
  expect(await start('--at', 'eu-centrall-1', '--as', 'carol-brown')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--at: the plan has no site eu-centrall-1. Did you mean eu-central-1?') as string,
  });
  expect(await start('--at', at(), '--as', 'nobody')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--as: the plan knows no person nobody') as string,
  });
  expect(await start('--as', 'carol-brown')).toMatchObject({ code: 2, err: expect.stringContaining("required option '--at <site>' not specified") as string });
  expect((await start('--help')).out.replaceAll(/\s+/g, ' ')).toContain(
    'makes a standby site ready for full load; it is followed, and people decide at its gates',
  );
});
