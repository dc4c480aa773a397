/** Goal: a cold start makes what its site stands on exactly as people have seen it, and takes back what it made. Method: as cold-start.test.ts. */
import { beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../../plan/schema.ts';
import type { Report } from '../../../report/report.ts';
import type { RunStatus } from '../../../workflows/wire/messages.ts';
import { choiceWith } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, openGate, plan, rig, startRun, underPlan, useRuns, vote } from '../../support/runs.ts';
import { until } from '../../support/until.ts';

useRuns(coldStart);

const site = 'dr';
const wanted = ['restore', 'hold-with-2', 'accept'];
type Gate = NonNullable<RunStatus['gate']>;
let gates: Gate[];

beforeEach(() => {
  gates = [];
});

/** Answers each gate with the first word that it offers, or with `instead` where the gate is of that name, and ends there. */
async function run(instead: Readonly<Record<string, string>> = {}, meanwhile: (open: Gate) => void = () => undefined): Promise<Report> {
  return rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    for (;;) {
      const open = await openGate(handle);
      gates.push(open);
      meanwhile(open);
      const word = Object.entries(instead).find(([gate]) => open.gate.startsWith(gate))?.[1];
      await vote(handle, word ?? choiceWith(open, wanted), electorate.slice(0, 2), open.gate);
      if (word !== undefined || open.gate.startsWith('acceptance')) return endOf(handle);
      await until(`${open.gate} is decided`, async () => ((await handle.query<RunStatus, []>('status')).gate?.gate === open.gate ? undefined : true));
    }
  });
}

it('shows what would be made before people decide, and makes it after the fence and before anything is restored', async () => {
  const report = await run();
  expect(report.outcome, report.summary).toBe('recovered with exceptions');
  expect(gates[0]?.evidence.join('\n')).toContain(
    'Built on stack of the model (not there): 2 to create: create Network (AWS::EC2::VPC), create DatabaseSubnets (AWS::RDS::DBSubnetGroup).',
  );
  const at = (name: string) => estate.changes().indexOf(name);
  const order = ['claimEpoch', 'applyStack', 'restoreDatabase', 'changeRecord'].map(at);
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  expect(order).not.toContain(-1);
  expect(estate.changes()).not.toContain('takeBackStack');
  const step = report.steps.find(({ id }) => id === 'prepare-infrastructure');
  expect(step).toMatchObject({ result: 'done', evidence: expect.stringContaining('Network network, DatabaseSubnets databasesubnets') as string });
});

it('does not begin where something that stands would be taken away: the gate refuses it, and nothing is changed', async () => {
  estate.stacks.against = 'It would replace Network, and a recovery takes nothing away that stands.';
  const report = await run({ activation: 'reject' });
  expect(gates[0]?.evidence.join('\n')).toContain('It would replace Network');
  expect(report.outcome).toBe('stood down');
  estate.calls.length = 0;
  const refused = await rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    await vote(handle, choiceWith(await openGate(handle), 'restore'));
    const { gate } = await handle.query<RunStatus, []>('status');
    expect(gate?.gate.startsWith('activation')).toBe(true);
    await vote(handle, 'reject', electorate.slice(0, 2), 'activation');
    return endOf(handle);
  });
  expect(refused.outcome).toBe('stood down');
  expect(estate.changes()).toEqual([]);
});

it('asks people when what it would make is no longer what they saw, and nothing is made', async () => {
  const report = await run({ 'failed-step': 'undo' }, ({ gate }) => {
    if (gate.startsWith('accepted-risk')) estate.stacks.wanted = [...estate.stacks.wanted, { what: 'Bastion', type: 'AWS::EC2::Instance', action: 'create' }];
  });
  expect(gates.at(-1)?.evidence.join('\n')).toContain('It is not what people have accepted.');
  expect(report.outcome).toBe('aborted');
  expect(estate.stacks.at.has(site)).toBe(false);
  expect(estate.changes()).not.toContain('restoreDatabase');
});

it('takes back what it made once what was restored is discarded, and names what stays', async () => {
  await run({ acceptance: 'discard' });
  expect(estate.stacks.at.has(site)).toBe(false);
  expect(estate.changes().indexOf('takeBackStack')).toBeGreaterThan(estate.changes().lastIndexOf('discardRestored'));

  underPlan(plan.plan);
  estate.stacks.stays = 'Bucket may hold data';
  const report = await run({ acceptance: 'discard' });
  expect(report.leftovers).toContain('stack of the model stays at dr: Bucket may hold data.');
});

it('leaves alone what stands, whoever made it', async () => {
  estate.stacks.at.set(site, 'people');
  await run({ acceptance: 'discard' });
  expect(gates[0]?.evidence.join('\n')).toContain('Built on stack of the model (made): nothing to change.');
  expect(estate.stacks.at.get(site)).toBe('people');
  expect(estate.changes()).not.toContain('takeBackStack');
});

it('has no such steps where the plan builds a site on what is there', async () => {
  const { infrastructure: _none, ...restore } = plan.plan.estate.restore ?? {};
  const steps = plan.plan.procedures.coldStart?.steps.filter(({ id }) => !id.endsWith('-infrastructure')) ?? [];
  const procedures = { ...plan.plan.procedures, coldStart: { ...plan.plan.procedures.coldStart, steps } };
  underPlan({ ...plan.plan, estate: { ...plan.plan.estate, restore }, procedures } as Plan);
  const report = await run();
  expect(report.outcome, report.summary).toBe('recovered with exceptions');
  expect(report.timeline.map(({ text }) => text).join('\n')).toContain(
    '"prepare-infrastructure" is left out: the plan has nothing to build dr on: its hosts are there.',
  );
  expect(estate.changes()).not.toContain('applyStack');
  expect(gates[0]?.evidence.join('\n')).not.toContain('Built on');
});
