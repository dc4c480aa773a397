/** Goal: a workflow that holds the lock lends it to a procedure; nobody else's start passes, and a child that outlives it is found. Method: a Temporal dev server, and a worker with a model of the estate. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeLentWorkflowId } from '../../workflows/wire/lending.ts';
import { makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { statusQuery } from '../../workflows/wire/messages.ts';
import { Stage } from '../client/support.ts';
import { inputOf } from '../driven/driven.ts';
import { warmUp } from '../driven/warm-up.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { warmUpPlan, who } from './warm-up-plan.ts';

let stage: Stage;
let estate: FakeEstate;
beforeAll(async () => {
  stage = await Stage.open();
  estate = new FakeEstate(await warmUpPlan());
  estate.jobs.courses = [{ seconds: 1 }];
});
afterAll(() => stage.close());

const name = () => stage.plan.plan.estate.name;
const lent = () => makeLentWorkflowId(name(), 'warmUp');
const input = () => inputOf(warmUp, stage.plan.plan, {});
const begin = (type: string, workflowId: string) => stage.env.client.workflow.start(type, { taskQueue: taskQueueOf(name()), workflowId, args: [input()] });

async function openGate(): Promise<string> {
  return until('the gate of the child opens', async () => {
    const { gate } = await stage.env.client.workflow.getHandle(lent()).query(statusQuery);
    return gate?.gate;
  });
}

it('a procedure runs under the lent lock, and nobody else gets the estate meanwhile', async () => {
  await stage.with(estate, async () => {
    const lender = await begin('exercise', makeRunWorkflowId(name()));
    const gate = await openGate();
    await expect(stage.client.start('warmUp', input())).rejects.toMatchObject({
      kind: 'already-running',
      message: expect.stringContaining('is open and holds the estate') as string,
    });
    await expect(stage.client.status(makeRunWorkflowId(name()))).rejects.toMatchObject({
      message: expect.stringContaining('lends it to a procedure') as string,
    });
    for (const person of who) await stage.client.vote(lent(), { gate, choice: 'warm read', who: person, reason: 'seen' });
    expect(await lender.result()).toMatchObject({ runId: lent(), outcome: 'done', procedure: 'warmUp' });
  });
});

it('a start under that id without a lender is refused', async () => {
  await stage.with(estate, async () => {
    const alone = await begin('warmUp', lent());
    await expect(alone.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining("is not this estate's lock") as string } });
  });
});

it('a child whose lender has ended is named', async () => {
  await stage.with(estate, async () => {
    const lender = await begin('exercise', makeRunWorkflowId(name()));
    await openGate();
    await lender.signal('leave');
    await lender.result();
    const stuck = await until('the child is found', async () => (await stage.client.stuck()).find(({ workflowId }) => workflowId === lent()));
    expect(stuck?.lenderGone).toContain(makeRunWorkflowId(name()));
    expect((await stage.dr('status', '--run', lent())).out).toContain('may change nothing any more');
    await stage.clear(lent());
  });
});
