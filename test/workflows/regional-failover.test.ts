/** Goal: the rules of the failover procedure hold against a model of an estate. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { milliseconds } from '../../plan/durations.ts';
import type { Report } from '../../report/report.ts';
import { makeDryRunWorkflowId, makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueue } from '../../workflows/ids.ts';
import {
  approveSignal,
  type RegionalFailoverInput,
  rejectSignal,
  type RunStatus,
  statusQuery,
  stopSignal,
  resumeSignal,
  supersedeSignal,
  type Vote,
  voteSignal,
  voteUpdate,
} from '../../workflows/messages.ts';
import type { regionalFailover } from '../../workflows/regional-failover.ts';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { FakeEstate } from '../support/fake-estate.ts';
import { erlmcpPlan, Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

type Handle = WorkflowHandleWithFirstExecutionRunId<typeof regionalFailover>;

let rig: Rig;
let estate: FakeEstate;
let plan: Awaited<ReturnType<typeof erlmcpPlan>>;
let electorate: string[];

beforeAll(async () => {
  plan = await erlmcpPlan();
  rig = await Rig.create();
});
beforeEach(() => {
  estate = new FakeEstate(plan);
  estate.dead.add('us-east-1');
  const gate = plan.plan.procedures.regionalFailover.gates.find((candidate) => candidate.id === 'activation');
  electorate = plan.plan.groups.filter((group) => gate?.electorate.includes(group.id)).flatMap((group) => group.members);
});

async function start(change: Partial<RegionalFailoverInput> = {}, workflowId?: string): Promise<Handle> {
  const input: RegionalFailoverInput = { estate: plan.plan.estate.name, from: 'us-east-1', to: 'eu-central-1', mode: 'live', startedBy: 'pager', ...change };
  const id = workflowId ?? (input.mode === 'dry-run' ? makeDryRunWorkflowId(input.estate) : makeRunWorkflowId(input.estate));
  const handle = await rig.env.client.workflow.start<typeof regionalFailover>('regionalFailover', { taskQueue, workflowId: id, args: [input] });
  rig.keepIfStarted(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1'));
  return rig.keep(handle);
}

async function openGate(handle: Handle, named = ''): Promise<NonNullable<RunStatus['gate']>> {
  return until(`gate ${named} opens`, async () => {
    const { gate } = await handle.query(statusQuery);
    return gate && gate.gate.startsWith(named) ? gate : undefined;
  });
}

async function vote(handle: Handle, choice: string, voters = electorate.slice(0, 2), named = ''): Promise<void> {
  const gate = await openGate(handle, named);
  for (const who of voters) await handle.signal(voteSignal, { gate: gate.gate, choice, who, reason: 'seen the evidence' });
}

async function endOf(handle: Handle): Promise<Report> {
  const report = await handle.result();
  await endChild();
  return report;
}

/** The child outlives the run; tests end it, so that its history can be replayed whole. */
async function endChild(): Promise<void> {
  const child = rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1'));
  await child.signal(supersedeSignal, { reason: 'the test is over' }).catch(() => undefined);
  await child.result().catch(() => undefined);
}

describe('regional failover', () => {
  it('recovers at the target with one writer and nothing lost when two people approve', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.loss.kind).toBe('proven 0');
    expect(estate.writers()).toEqual(['eu-central-1']);
    expect(estate.route).toBe('eu-central-1');
    expect(report.gates.map((gate) => gate.decision)).toEqual(['approve']);
    expect(report.leftovers.join(' ')).toContain('is not fenced by its own agent');
    expect(report.clock?.totalSeconds).toBeTypeOf('number');
    expect(report.functions.every((entry) => entry.status === 'ok' && entry.rtoSeconds.achieved !== 'not reached')).toBe(true);
  });

  it('fences before it promotes, verifies before it routes, and routes last', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    const order = estate.changes();
    const at = (name: string) => order.indexOf(name);
    expect(at('claimEpoch')).toBeLessThan(at('fenceDatabaseByReplication'));
    expect(at('fenceDatabaseByReplication')).toBeLessThan(at('promoteDatabase'));
    expect(at('promoteDatabase')).toBeLessThan(at('startService'));
    expect(at('startService')).toBeLessThan(at('throwSwitch'));
  });

  it('changes nothing when nobody decides: silence ends the gate as expired', async () => {
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.gates[0]?.decision).toBe('expired');
    expect(estate.changes()).toEqual([]);
  });

  it('changes nothing when people reject', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle);
      for (const who of electorate.slice(0, 2)) await handle.signal(rejectSignal, { gate: gate.gate, who, reason: 'not yet' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(estate.changes()).toEqual([]);
  });

  it('stands down without a question when the site is alive', async () => {
    estate.dead.clear();
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.gates).toEqual([]);
    expect(estate.changes()).toEqual([]);
  });

  it('stands down when the site recovers while people think', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      estate.dead.clear();
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(report.gates[0]?.decision).toContain('settled');
    expect(estate.changes()).toEqual([]);
  });

  it('goes on against the probes when a person declares the site failed, and says so at the gate', async () => {
    estate.dead.clear();
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      const gate = await openGate(handle);
      await vote(handle, 'approve');
      return { report: await endOf(handle), evidence: gate.evidence.join(' ') };
    });
    expect(evidence).toContain('it answers with wrong data');
    expect(report.outcome).toBe('recovered');
    expect(estate.writers()).toEqual(['eu-central-1']);
  });
});

describe('votes', () => {
  it('counts distinct people once; refuses strangers, the starter, duplicates and other gates with a sentence on the record', async () => {
    const [first = '', second = '', starter = ''] = electorate;
    const { refused, report } = await rig.with(estate, async () => {
      const handle = await start({ startedBy: starter });
      const gate = await openGate(handle);
      const cast = (change: Partial<Vote>) =>
        handle.executeUpdate(voteUpdate, { args: [{ gate: gate.gate, choice: 'approve', who: first, reason: 'yes', ...change }] });
      await cast({});
      const wrong: Partial<Vote>[] = [
        {},
        { who: 'mallory' },
        { who: starter },
        { gate: 'activation-000000', who: second },
        { choice: 'maybe', who: second },
        { reason: ' ', who: second },
      ];
      const sentences: string[] = [];
      for (const change of wrong)
        sentences.push(
          await cast(change).then(
            () => 'counted',
            (error: Error) => (error.cause as Error).message,
          ),
        );
      const status = await handle.query(statusQuery);
      expect(status.gate?.votes.filter((entry) => entry.result === 'counted')).toHaveLength(1);
      expect(status.refusedVotes).toHaveLength(wrong.length);
      await handle.signal(approveSignal, { gate: gate.gate, who: second, reason: 'yes' });
      return { refused: sentences, report: await endOf(handle) };
    });
    expect(refused[0]).toContain('counts once');
    expect(refused[1]).toContain('not among those who decide');
    expect(refused[2]).toContain('started this run');
    expect(refused[3]).toContain('The question that is open is');
    expect(refused[4]).toContain('is not a choice');
    expect(refused[5]).toContain('needs a reason');
    expect(report.outcome).toBe('recovered');
    expect(report.gates[0]?.identity).toBe('asserted');
  });

  it('voids votes when the evidence grows worse', async () => {
    const [first = '', second = ''] = electorate;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle);
      await handle.signal(approveSignal, { gate: gate.gate, who: first, reason: 'yes' });
      estate.dead.add('ap-southeast-1');
      estate.synchronousStandby = null;
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      await until('the question has a new id', async () => ((await openGate(handle)).gate !== gate.gate ? true : undefined));
      // Too late: this is the id of the better evidence.
      await handle.signal(approveSignal, { gate: gate.gate, who: second, reason: 'yes' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    const results = report.gates[0]?.votes.map((entry) => entry.result);
    expect(results).toEqual(['void', 'refused']);
    expect(estate.changes()).toEqual([]);
  });
});

describe('guards', () => {
  it('asks for typed seconds when no fence can be proven, and refuses fewer than the estimate', async () => {
    estate.dead.add('ap-southeast-1');
    estate.synchronousStandby = null;
    estate.fenceProvable = false;
    estate.lastCommitAt = new Date(Date.now() - 40_000).toISOString();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      const atLeast = Number(/accept (\d+)/.exec(gate.choices[0] ?? '')?.[1]);
      expect(atLeast).toBeGreaterThanOrEqual(40);
      await expect(
        handle.executeUpdate(voteUpdate, { args: [{ gate: gate.gate, choice: 'accept 1', who: electorate[0] ?? '', reason: 'ok' }] }),
      ).rejects.toThrow();
      await vote(handle, `accept ${atLeast}`);
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.loss.kind).toBe('at most');
    expect(report.exceptions.join(' ')).toContain('was not proven fenced');
  });

  it('takes its fences back when the risk is not accepted, and promotes nothing', async () => {
    estate.fenceProvable = false;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteDatabase')).toEqual([]);
    expect(estate.changed('reattach')).toHaveLength(1);
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('never routes to a target whose content is wrong, and names function and difference', async () => {
    estate.brokenFunctions.set('payment-processing', 'payments has 990 rows, ap-southeast-1 has 1000');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      expect(gate.evidence.join(' ')).toContain('payments has 990 rows');
      expect(gate.choices.join(' ')).not.toContain('skip');
      await vote(handle, 'abort', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.route).toBe('us-east-1');
    expect(estate.changed('throwSwitch')).toEqual([]);
  });

  it('routes by the control plane when the data plane does not move', async () => {
    estate.dataPlaneWorks = false;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.clock?.routingMethod).toBe('control-plane');
    expect(estate.changed('changeRecord')).toHaveLength(1);
  });

  it('undoes in reverse, before the point of no return, when people choose undo', async () => {
    estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'capacity'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteDatabase')).toEqual([]);
    expect(estate.writers()).toEqual(['us-east-1']);
    expect(report.steps.filter((step) => step.result === 'undone').map((step) => step.id)).toEqual(['raise-capacity', 'fence-site']);
  });

  it('offers no undo past the point of no return', async () => {
    estate.failOnce('startService', ApplicationFailure.nonRetryable('unit not found', 'permanent'));
    const choices = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'retry', electorate.slice(0, 2), 'failed-step');
      const report = await endOf(handle);
      expect(report.outcome).toBe('recovered');
      return gate.choices.join(' ');
    });
    expect(choices).not.toContain('undo');
  });

  it('goes on when an optional step fails, and says so first', async () => {
    estate.failOnce('updateMonitoring', ApplicationFailure.nonRetryable('502 from monitoring', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions[0]).toContain('502 from monitoring');
  });

  it('holds before the next change while the stop switch is thrown', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      await handle.signal(stopSignal, { who: electorate[0] ?? '', reason: 'wait for the network team' });
      await vote(handle, 'approve');
      await until('the run is held', async () => (await handle.query(statusQuery)).timeline.some((entry) => entry.text.startsWith('Held before')) || undefined);
      expect(estate.changes()).toEqual([]);
      await handle.signal(resumeSignal, { who: electorate[0] ?? '', reason: 'go' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
  });

  it('ends without a question when a newer run holds the estate', async () => {
    estate.before = (name) => {
      if (name === 'promoteDatabase') estate.epochs.set('eu-central-1', { epoch: 99, holder: 'recovery/newer' });
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(report.summary).toContain('A newer run holds the estate');
    expect(estate.route).toBe('us-east-1');
  });

  it('gives each run of an estate an epoch of its own, so that the calls of an earlier one are stale', async () => {
    const epochs = await rig.with(estate, async () => {
      const first = await start();
      await vote(first, 'reject');
      await first.result();
      const second = await start();
      await vote(second, 'approve');
      const one = (await second.result()).epoch;
      estate.databases.set('us-east-1', { role: 'writer', bytes: 1000, keys: 10 });
      estate.databases.set('eu-central-1', { role: 'standby', bytes: 1000, keys: 10 });
      const third = await start();
      await vote(third, 'approve');
      return [one, (await endOf(third)).epoch];
    });
    expect(epochs).toEqual([1, 2]);
  });

  it('goes on where an earlier run ended after its promotion, and offers no way back', async () => {
    const { report, choices } = await rig.with(estate, async () => {
      const first = await start();
      await vote(first, 'approve');
      await until('the database is promoted', async () => (estate.changed('promoteDatabase').length > 0 ? true : undefined));
      await first.terminate('its worker is gone');
      estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'capacity'));
      const second = await start();
      await vote(second, 'approve');
      const gate = await openGate(second, 'failed-step');
      await vote(second, 'retry', electorate.slice(0, 2), 'failed-step');
      return { report: await endOf(second), choices: gate.choices.join(' ') };
    });
    expect(report.outcome).toBe('recovered');
    expect(report.epoch).toBe(2);
    expect(choices).not.toContain('undo');
    expect(report.timeline.map((entry) => entry.text).join(' ')).toContain('has promoted eu-central-1 already');
    expect(estate.changed('reattach')).toEqual([]);
    expect(estate.writers()).toEqual(['eu-central-1']);
  });

  it('stands down when the database of another survivor is a primary', async () => {
    estate.databases.set('ap-southeast-1', { role: 'writer', bytes: 1000, keys: 10 });
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain('The database at ap-southeast-1 is a primary');
    expect(estate.changes()).toEqual([]);
  });

  it('takes an epoch above that of the zone, writes it there, and leaves a silent DNS API as a leftover', async () => {
    estate.zone = { epoch: 7, holder: 'recovery/lost-hosts@1' };
    const { first, second } = await rig.with(estate, async () => {
      const one = await start();
      await vote(one, 'approve');
      const report = await one.result();
      estate.zone = null;
      const two = await start();
      await vote(two, 'approve');
      return { first: report, second: await endOf(two) };
    });
    expect([first.epoch, second.epoch]).toEqual([8, 9]);
    expect(first.leftovers.join(' ')).not.toContain('DNS zone');
    expect(second.leftovers.join(' ')).toContain('does not hold epoch 9');
    expect(second.outcome).toBe('recovered');
  });

  it('refuses to promote a cache that holds less than a replica which is no further', async () => {
    const eu = estate.databases.get('eu-central-1');
    if (eu) eu.keys = 3;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      expect(gate.evidence.join(' ')).toContain('The cache at eu-central-1 holds 3 keys and ap-southeast-1, which is no further, holds 10');
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteCache')).toEqual([]);
  });

  it('names what an undo could not take back', async () => {
    estate.fenceProvable = false;
    estate.reattachable = false;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.exceptions.join(' ')).toContain('Not taken back');
    expect(report.exceptions.join(' ')).toContain('it does not answer');
  });

  it('an undo ends the child that would fence the old site', async () => {
    estate.fenceProvable = false;
    const { report, child } = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      const ended = await handle.result();
      return { report: ended, child: await rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result() };
    });
    expect(child).toMatchObject({ outcome: 'superseded' });
    expect(report.leftovers).toEqual([]);
  });

  it('is not broken by signals without a payload', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      for (const name of ['stop', 'resume', 'vote', 'approve']) await handle.signal(name);
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
  });

  it('names two writers at the end as an exception', async () => {
    estate.before = (name) => {
      if (name === 'watchService') estate.databases.set('ap-southeast-1', { role: 'writer', bytes: 1000, keys: 10 });
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions.join(' ')).toContain('2 servers can write to the database');
  });

  it('refuses a second run while one is open', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      await expect(start()).rejects.toThrow(/already started/i);
      return endOf(handle);
    });
  });

  it.each([
    [{ from: 'us-esat-1' }, 'has no site "us-esat-1"'],
    [{ to: 'us-east-1' }, 'cannot be its own target'],
    [{ to: 'dr' }, 'is not a target'],
    [{ estate: 'other' }, 'not "other"'],
    [{ planDigest: 'f'.repeat(64) }, 'another plan'],
    [{ mode: 'drill' as never }, 'no mode "drill"'],
    [{ startedBy: '' }, 'lacks "startedBy"'],
    [{ declaredFailed: { reason: 'grey', since: 'yesterday' } }, 'is not a time in the past'],
  ] as [Partial<RegionalFailoverInput>, string][])('refuses a wrong start and changes nothing: %o', async (change, sentence) => {
    await rig.with(estate, async () => {
      const handle = await start(change, change.estate ? makeRunWorkflowId(change.estate) : undefined);
      const error = await handle.result().then(
        () => null,
        (failure: Error) => failure,
      );
      expect(
        JSON.stringify(error, Object.getOwnPropertyNames(error ?? {})) +
          String((error?.cause as Error)?.message) +
          String(((error?.cause as Error)?.cause as Error)?.message),
      ).toContain(sentence);
    });
    expect(estate.changes()).toEqual([]);
  });

  it('refuses a start under an id that is not the lock, and gives the right one', async () => {
    await rig.with(estate, async () => {
      const handle = await start({}, 'my-failover');
      const error = await handle.result().then(
        () => null,
        (failure: Error) => failure.cause as Error,
      );
      expect(error?.message).toContain(makeRunWorkflowId(plan.plan.estate.name));
    });
    expect(estate.changes()).toEqual([]);
  });
});

describe('dry run', () => {
  it('works on a healthy estate, prints every change and makes none', async () => {
    estate.dead.clear();
    const report = await rig.with(estate, async () => endOf(await start({ mode: 'dry-run' })));
    expect(estate.changes()).toEqual([]);
    expect(estate.changed('storeReport')).toEqual([]);
    expect(report.outcome).toBe('stood down');
    expect(report.gates[0]?.decision).toBe('not asked');
    expect(report.changes.some((line) => line.includes('promote the database at eu-central-1'))).toBe(true);
    expect(report.changes.some((line) => line.includes('fence us-east-1'))).toBe(true);
  });
});

describe('the child that fences the old site when it returns', () => {
  it('fences it once it answers, after the run has ended', async () => {
    const result = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await handle.result();
      estate.dead.clear();
      return rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result();
    });
    expect(result).toMatchObject({ outcome: 'fenced' });
    expect(estate.databases.get('us-east-1')?.role).toBe('fenced');
  });

  it('ends as superseded when a newer epoch holds the site', async () => {
    const result = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await handle.result();
      estate.epochs.set('us-east-1', { epoch: 50, holder: 'recovery/failback' });
      estate.dead.clear();
      return rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result();
    });
    expect(result).toMatchObject({ outcome: 'superseded' });
  });
});
