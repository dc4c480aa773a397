/** Goal: the failover procedure does what its runbook says, and goes by what people decide. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { makeFenceOnReturnWorkflowId } from '../../../workflows/wire/ids.ts';
import { approveSignal, rejectSignal, statusQuery, type Vote, voteUpdate } from '../../../workflows/wire/messages.ts';
import { electorate, endOf, estate, openGate, plan, rig, start, vote, useFailovers } from '../../support/failover.ts';
import { until } from '../../support/until.ts';

useFailovers();

describe('regional failover', () => {
  it('recovers at the target with one writer and nothing lost when two people approve', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.loss.kind).toBe('0 unless');
    expect(estate.writers()).toEqual(['eu-central-1']);
    expect(estate.route).toBe('eu-central-1');
    expect(report.gates.map((gate) => gate.decision)).toEqual(['approve']);
    expect(report.leftovers.join(' ')).toContain('is not fenced by its own agent');
    expect(report.clock?.totalSeconds).toBeTypeOf('number');
    expect(report.changes.join(' ')).toContain('Promote the cache');
    expect(report.changes.join(' '), 'nobody was asked to change anything').not.toContain('Catch the target');
    expect(report.functions.every((entry) => entry.status === 'ok' && entry.rtoSeconds.achieved !== 'not reached')).toBe(true);
  });

  it('fences before it promotes, verifies before it routes, and routes last', async () => {
    const order: string[] = [];
    estate.before = (name) => void order.push(name);
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    const at = (name: string) => order.indexOf(name);
    expect(at('claimEpoch')).toBeLessThan(at('fenceDatabaseByReplication'));
    expect(at('fenceDatabaseByReplication')).toBeLessThan(at('promoteDatabase'));
    expect(at('promoteDatabase')).toBeLessThan(at('startService'));
    expect(at('startService')).toBeLessThan(at('verifyFunction'));
    expect(order.lastIndexOf('verifyFunction')).toBeLessThan(at('throwSwitch'));
    expect(at('throwSwitch')).toBeLessThan(at('verifyAsCustomer'));
  });

  it('lets the target catch up with the most advanced survivor before it is promoted', async () => {
    const eu = estate.databases.get('eu-central-1');
    if (eu) eu.bytes = 900;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    const order = estate.changes();
    expect(order.indexOf('followDatabase')).toBeLessThan(order.indexOf('promoteDatabase'));
    expect(eu?.bytes).toBe(1000);
    expect(report.loss.kind).toBe('0 unless');
  });

  it('protects the data as soon as its database is promoted, and starts the service once the cache is promoted too', async () => {
    estate.before = async (name) => {
      if (name === 'promoteCache') await until('the data is protected', async () => (estate.changed('protectDatabase').length > 0 ? true : undefined));
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    const order = estate.changes();
    expect(order.indexOf('promoteDatabase')).toBeLessThan(order.indexOf('protectDatabase'));
    expect(order.indexOf('promoteCache')).toBeLessThan(order.indexOf('startService'));
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
      expect(status.refused).toHaveLength(wrong.length);
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

  it('foretells a loss where a standby is gone that may alone hold the last commits', async () => {
    estate.synchronousStandbys = ['eu-central-1', 'ap-southeast-1'];
    const lossAtGate = async () => {
      estate.lastCommitAt = new Date(await rig.clock.read()).toISOString(); // a worker that was slow to start must not make it old
      return /eu-central-1: loss ([^;]*);/.exec((await openGate(await start())).evidence.join(' '))?.[1];
    };
    expect(await rig.with(estate, lossAtGate)).toMatch(/^0 unless, in the \d+ s since its last heartbeat, us-east-1 acknowledged a write alone: /);
    estate.dead.add('ap-southeast-1');
    expect(await rig.with(estate, lossAtGate)).toMatch(/^at most [1-9]\d* s \/ unknown bytes$/);
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

  it('counts what only the old database committed, and tells the stakeholders', async () => {
    const result = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await handle.result();
      const furthest = Math.max(...[...estate.databases.values()].map(({ bytes }) => bytes));
      Object.assign(estate.databases.get('us-east-1')!, { bytes: furthest + 345 });
      estate.dead.clear();
      return rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result();
    });
    expect(result).toMatchObject({
      outcome: 'fenced',
      beyond: expect.stringMatching(
        /^The database at us-east-1 committed 345 transactions beyond 0\/\d+, where its standbys left it, that the new primary does not have: 345 rows inserted/,
      ),
      counted: { bytes: 345, rows: { transactions: 345, whole: true } },
    });
    expect(estate.changed('notifyStakeholders'), 'the run´s own message, and that of the watch').toHaveLength(2);
  });

  it('counts from where the standbys left, though the primary had written more by then; the report has that as lost', async () => {
    estate.unseenBytes = 45;
    const { report, result } = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const ended = await handle.result();
      Object.assign(estate.databases.get('us-east-1')!, { bytes: Math.max(...[...estate.databases.values()].map(({ bytes }) => bytes)) + 345 });
      estate.dead.clear();
      const child = rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1'));
      return { report: ended, result: await child.result() };
    });
    expect(report.loss).toMatchObject({ kind: 'at most', bytes: 45 });
    expect(result).toMatchObject({ outcome: 'fenced', counted: { bytes: 345 } });
  });

  it('is over with its fence, whether or not it could be counted and told', async () => {
    const result = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await handle.result();
      Object.assign(estate.databases.get('us-east-1')!, { bytes: 5_000 });
      estate.failOnce('countBeyond', ApplicationFailure.nonRetryable('The agent there knows no such verb.', 'permanent'));
      estate.failOnce('notifyStakeholders', ApplicationFailure.nonRetryable('The mail server took nothing.', 'permanent'));
      estate.dead.clear();
      return rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result();
    });
    expect(result).toMatchObject({
      outcome: 'fenced',
      beyond: expect.stringMatching(/was not counted: The agent there knows no such verb\. Keep its disk as it is/),
      counted: { rows: { notCounted: 'The agent there knows no such verb.' } },
      notTold: 'The mail server took nothing.',
    });
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
