/** Goal: the procedure is nobody's own: it recovers another organisation's estate of two sites without a cache. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { electorate, endOf, estate, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { testPlan } from '../../support/plans.ts';

useFailovers(() => testPlan('test/plans/library'));

/** Names of all activities that are called from now on, reads among them. */
function calledFromNow(): Set<string> {
  const called = new Set<string>();
  estate.before = (name) => void called.add(name);
  return called;
}

describe('two sites without a cache', () => {
  it('recover at the other site by every step of their plan, and no activity asks for a cache', async () => {
    const called = calledFromNow();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(estate.writers()).toEqual(['gent']);
    expect(estate.route).toBe('gent');
    const planned = plan.plan.procedures.regionalFailover.steps.map((step) => step.id);
    expect(report.steps.map((step) => step.id).toSorted()).toEqual(planned.toSorted());
    expect(report.steps.filter((step) => step.result !== 'done').map((step) => step.id)).toEqual([]);
    expect([...called].filter((name) => /cache/i.test(name))).toEqual([]);
  });

  it('say plainly that the steps of a cache are left out, and count nothing as lost there', async () => {
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle);
      await vote(handle, 'approve');
      return { report: await endOf(handle), evidence: gate.evidence.join('\n') };
    });
    const told = report.timeline.map((entry) => entry.text);
    expect(told).toContain('"catch-up-cache" is left out: the estate has no cache.');
    expect(told).toContain('"promote-cache" is left out: the estate has no cache.');
    expect(report.steps.find((step) => step.id === 'check-lag')?.evidence).toMatch(
      /^database 0 unless, in the \d+ s since its last heartbeat, \S+ acknowledged a write alone: .*; the estate has no cache$/,
    );
    expect(evidence).toContain('Afterwards the only writers are: database at gent.');
    expect(report.loss.kind).toBe('0 unless');
    expect(report.functions.map((entry) => [entry.id, entry.status, entry.rpoSeconds.achieved.kind])).toEqual([
      ['loans', 'ok', '0 unless'],
      ['catalogue', 'ok', '0 unless'],
      ['reservations', 'ok', '0 unless'],
    ]);
    expect([...report.servers.predicted, ...report.servers.observed].map(({ server }) => server)).toEqual(['database', 'database', 'database', 'database']);
  });

  it('cannot prove a fence by replication where the one standby is asynchronous, so that people accept the loss or not', async () => {
    estate.synchronousStandbys = [];
    estate.lastCommitAt = new Date(rig.clock.now() - 20_000).toISOString();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      expect(gate.question).toBe('lyon is not proven fenced. Promote gent all the same?');
      await vote(handle, 'undo', electorate.slice(0, 1), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteDatabase')).toEqual([]);
  });

  it('fence nothing while only the zone holds the epoch, or only the target: two of three are needed', async () => {
    estate.failOnce('claimEpoch', ApplicationFailure.nonRetryable('the disk is full', 'permanent'), 99);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      expect(gate.evidence.join(' ')).toContain('gent has not stored it: the disk is full.');
      expect(estate.changes()).not.toContain('fenceDatabaseByReplication');
      estate.failures.clear();
      estate.zone = null;
      await vote(handle, 'retry', electorate.slice(0, 1), gate.gate);
      const again = await until('it is asked again', async () => {
        const open = await openGate(handle, 'accepted-risk');
        return open.gate === gate.gate ? undefined : open;
      });
      expect(again.question).toBe('1 of 3 hold epoch 1 of this run, and 2 are needed. Go on all the same?');
      expect(estate.changes()).not.toContain('fenceDatabaseByReplication');
      estate.zone = { epoch: 0, holder: '' };
      await vote(handle, 'retry', electorate.slice(0, 1), again.gate);
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(estate.epochs.get('gent')?.epoch).toBe(report.epoch);
    expect(estate.zone?.epoch).toBe(report.epoch);
  });

  it('fence by the agent of a site that still answers: its one server is its database', async () => {
    estate.dead.clear();
    const report = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'the cellar is under water' } });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.servers.observed.map(({ site, server, state }) => `${server} at ${site}: ${state}`)).toEqual([
      'database at lyon: fenced',
      'database at gent: writer',
    ]);
    expect(estate.changes()).not.toContain('fenceDatabaseByReplication');
  });

  it('go back by the same procedure, from the other site to the first', async () => {
    // A failover the other way round: lyon is the standby of gent.
    const [lyon, gent] = [estate.databases.get('lyon'), estate.databases.get('gent')];
    if (!lyon || !gent) throw new Error('The model lacks a database.');
    [lyon.role, gent.role, estate.route, estate.heartbeatFrom, estate.synchronousStandbys] = ['standby', 'writer', 'gent', 'gent', ['lyon']];
    estate.dead.clear();
    const report = await rig.with(estate, async () => {
      const handle = await start({ from: 'gent', to: 'lyon', declaredFailed: { reason: 'the roof leaks' } });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(estate.writers()).toEqual(['lyon']);
  });

  it('are shown in a dry run without a word about promoting a cache', async () => {
    estate.dead.clear();
    const report = await rig.with(estate, async () => endOf(await start({ mode: 'dry-run' })));
    expect(estate.changes()).toEqual([]);
    expect(report.changes.filter((line) => /cache/.test(line))).toEqual([]);
    expect(report.changes.join(' ')).toContain('promote the database at gent');
  });
});
