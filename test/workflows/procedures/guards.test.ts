/** Goal: what is not proven, not voted or not well formed changes nothing. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { milliseconds } from '../../../plan/durations.ts';
import { makeRunWorkflowId } from '../../../workflows/wire/ids.ts';
import { resumeSignal, statusQuery, stopSignal, voteUpdate } from '../../../workflows/wire/messages.ts';
import type { RegionalFailoverInput } from '../../../workflows/wire/regional-failover.ts';
import { changedPlan, electorate, endOf, estate, type Handle, openGate, plan, rig, start, vote, useFailovers } from '../../support/failover.ts';
import { until } from '../../support/until.ts';
import { outageClock } from '../../../report/clock-words.ts';

useFailovers();

/** People approve, and the stop switch comes while the first fence is put up. */
async function holdBetweenFences(handle: Handle, who: string): Promise<void> {
  estate.before = (name) => (name === 'fenceByAgent' ? handle.signal(stopSignal, { who, reason: 'wait for the network team' }) : undefined);
  await vote(handle, 'approve');
  await until(
    'the run is held',
    async () => (await handle.query(statusQuery)).timeline.some((entry) => entry.text.startsWith('Held before the next fence')) || undefined,
  );
  estate.before = () => undefined;
}

describe('guards', () => {
  it('asks for typed seconds when no fence can be proven, and refuses fewer than the estimate', async () => {
    estate.dead.add('ap-southeast-1');
    estate.synchronousStandbys = [];
    estate.fenceProvable = false;
    estate.lastCommitAt = new Date(rig.clock.now() - 40_000).toISOString();
    let accepted = 0;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      const atLeast = Number(/accept (\d+)/.exec(gate.choices[0] ?? '')?.[1]);
      expect(atLeast).toBeGreaterThanOrEqual(40);
      await expect(
        handle.executeUpdate(voteUpdate, { args: [{ gate: gate.gate, choice: 'accept 1', who: electorate[0] ?? '', reason: 'ok' }] }),
      ).rejects.toThrow();
      await vote(handle, `accept ${(accepted = atLeast)}`);
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.loss.kind).toBe('at most');
    expect(report.exceptions.join(' ')).toContain('was not proven fenced');
    expect(report.gates.at(-1)).toMatchObject({ decision: 'accept', answer: { value: accepted, unit: 's' } });
    expect(report.timeline.map(({ text }) => text)).toContain(`Decided: accept ${accepted} s.`);
  });

  it('asks, and does not end, when the loss of an unproven fence cannot be counted', async () => {
    estate.fenceProvable = false;
    estate.before = (name) => {
      if (name === 'fenceCacheByReplication') estate.failOnce('readDatabase', ApplicationFailure.nonRetryable('the login is refused', 'permanent'));
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      expect(gate.evidence.join(' ')).toContain('unknown (it could not be counted: the login is refused)');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('keeps what the agent has proven, and leaves the other server to the next method and to people', async () => {
    estate.dead.delete('us-east-1');
    estate.agentCloses = ['database'];
    estate.fenceProvable = false;
    estate.synchronousStandbys = [];
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      // What a declared site may still acknowledge grows by the second: the votes take their time, and nobody is asked again for that.
      await rig.env.sleep('5 minutes');
      await vote(handle, /accept \d+/.exec(gate.choices[0] ?? '')?.[0] ?? '', electorate.slice(0, 2), 'accepted-risk');
      return { report: await endOf(handle), evidence: gate.evidence.join(' ') };
    });
    expect(evidence).not.toContain('database at us-east-1');
    expect(evidence).toContain('grows by a second each second');
    expect(report.gates.filter(({ gate }) => gate.startsWith('accepted-risk'))).toHaveLength(1);
    expect(report.exceptions.join(' '), 'and the report says to how much it grew').toContain('which grew with the time: at most');
    expect(report.steps.find(({ id }) => id === 'fence-site')?.evidence).toMatch(/^fenced \(agent\): database: model\. · NOT proven \(replication\)/);
    expect(evidence, 'what people read says why the agent did not prove it').toContain(estate.leftOpen);
    expect(report.exceptions[0]).toBe(`us-east-1 was not proven fenced: no proof (its agent, asked before, had not proven it: ${estate.leftOpen})`);
    expect(report.leftovers.join(' '), 'the child stays for the cache').toContain('fence-on-return');
  });

  it('says why the agent has not proven a server that the next method proves, and no more than that', async () => {
    estate.dead.delete('us-east-1');
    estate.agentCloses = ['cache'];
    const report = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.steps.find(({ id }) => id === 'fence-site')?.evidence).toBe(
      `fenced (agent): cache: model. · fenced (replication): the database at us-east-1 acknowledges nothing (its agent, asked before, had not proven it: ${estate.leftOpen})`,
    );
    expect(report.outcome).toBe('recovered');
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
    expect(outageClock(report)?.routingMethod).toBe('control-plane');
    expect(estate.changed('changeRecord')).toHaveLength(1);
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

  it('is not broken by signals without a payload', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      for (const name of ['stop', 'resume', 'vote', 'approve']) await handle.signal(name);
      await handle.signal(resumeSignal, { who: electorate[0] ?? '', reason: 'nobody said why' });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
  });

  it.each([
    [{ from: 'us-esat-1' }, 'has no site "us-esat-1"'],
    [{ to: 'us-east-1' }, 'cannot be its own target'],
    [{ to: 'dr' }, 'is not a target'],
    [{ estate: 'other' }, 'not "other"'],
    [{ planDigest: 'f'.repeat(64) }, 'another plan'],
    [{ mode: 'drill' as never }, 'no mode "drill"'],
    [{ mode: 'toString' as never }, 'no mode "toString"'],
    [{ startedBy: '' }, '"startedBy": write a text'],
    [{ startedBy: 'x'.repeat(1_900_000) }, '"startedBy": write at most 100 characters'],
    [{ startedBy: 'pager\nApproved by bob-wilson' }, '"startedBy": write one line'],
    [{ planDigest: { a: 1 } as never }, '"planDigest": write a text'],
    [{ declaredFailed: { reason: 'grey', since: ['2026-05-04T13:37:00Z'] as never } }, '"declaredFailed.since": write a text'],
    [{ declaredfailed: { reason: 'grey' } } as never, 'Unrecognized key: "declaredfailed"'],
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

  it('never calls a loss proven nothing when people skip the catch-up of a cache that holds less', async () => {
    const eu = estate.databases.get('eu-central-1');
    if (eu) eu.keys = 3;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'skip', electorate.slice(0, 2), 'failed-step');
      const gate = await openGate(handle, 'accepted-risk');
      expect(gate.evidence.join(' ')).toContain('another replica may hold writes that the target does not hold');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteCache')).toEqual([]);
  });

  it('holds within a step too, before its next change', async () => {
    estate.dataPlaneWorks = false;
    const [who = ''] = electorate;
    const { report, held } = await rig.with(estate, async () => {
      const handle = await start();
      estate.before = async (name) => {
        if (name === 'throwSwitch') await handle.signal(stopSignal, { who, reason: 'look at the switch first' });
      };
      await vote(handle, 'approve');
      await until('the run is held', async () => (await handle.query(statusQuery)).timeline.some((entry) => entry.text.startsWith('Held within')) || undefined);
      const changed = estate.changed('changeRecord').length;
      await handle.signal(resumeSignal, { who: 'mallory', reason: 'go' });
      expect((await handle.query(statusQuery)).stopped, 'a stranger does not lift it').not.toBeNull();
      await handle.signal(resumeSignal, { who, reason: 'go' });
      return { report: await endOf(handle), held: changed };
    });
    expect(held).toBe(0);
    expect(estate.changed('changeRecord')).toHaveLength(1);
    expect(report.outcome).toBe('recovered');
  });

  it('does not fence a site that recovered while the run was held', async () => {
    const [who = ''] = electorate;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      await handle.signal(stopSignal, { who, reason: 'wait for the network team' });
      await vote(handle, 'approve');
      await until('the run is held', async () => (await handle.query(statusQuery)).timeline.some((entry) => entry.text.startsWith('Held before')) || undefined);
      estate.dead.clear();
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      await handle.signal(resumeSignal, { who, reason: 'go' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain('us-east-1 is alive');
    expect(estate.changes().filter((name) => name.startsWith('fence'))).toEqual([]);
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('does not go on to the next fence when the site recovered while the run was held between the two', async () => {
    const [who = ''] = electorate;
    estate.agentAnswers.add('us-east-1');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await holdBetweenFences(handle, who);
      estate.dead.clear();
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      await handle.signal(resumeSignal, { who, reason: 'go' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain('us-east-1 is alive');
    expect(estate.changes()).not.toContain('fenceDatabaseByReplication');
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('has all of its bound left for the next fence, however long people held it before that', async () => {
    const [who = ''] = electorate;
    estate.agentAnswers.add('us-east-1');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await holdBetweenFences(handle, who);
      // More tries than are made without waiting: the step needs its time.
      estate.failOnce('fenceDatabaseByReplication', ApplicationFailure.create({ message: 'no answer yet', type: 'transient' }), 7);
      await rig.env.sleep('10 minutes');
      await handle.signal(resumeSignal, { who, reason: 'go' });
      return endOf(handle);
    });
    expect(report.gates.map(({ gate }) => gate.split('-')[0])).toEqual(['activation']);
    expect(report.outcome).toBe('recovered');
  });

  it('asks when an optional step fails without which the run cannot go on', async () => {
    const changed = changedPlan('confirm-again', { critical: false });
    const report = await rig.with(changed, async () => {
      const handle = await start();
      await openGate(handle);
      changed.failOnce('watchHealthCheck', ApplicationFailure.nonRetryable('the API key was locked out', 'permanent'));
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      expect(gate.choices.join(' ')).not.toContain('skip');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
  });

  it('stands down when the newest heartbeat comes from another site than the failed one', async () => {
    estate.dead.add('ap-southeast-1');
    estate.heartbeatFrom = 'ap-southeast-1';
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain('The newest heartbeat comes from ap-southeast-1');
    expect(estate.changes()).toEqual([]);
  });

  it('lets people go on without a function of a lower tier, and holds the others to work', async () => {
    estate.brokenFunctions.set('analytics', 'analytics_events has 990 rows, ap-southeast-1 has 1000');
    const { report, choices } = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'skip', electorate.slice(0, 2), 'failed-step');
      return { report: await endOf(handle), choices: gate.choices.join(' ') };
    });
    expect(choices).toContain('skip');
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions[0]).toContain('analytics_events has 990 rows');
    expect(report.functions.find((entry) => entry.id === 'analytics')).toMatchObject({ status: 'failed', rtoSeconds: { achieved: 'not reached' } });
    expect(estate.judgedFunctions).not.toContain('analytics');
    expect(estate.judgedFunctions).toContain('payment-processing');
    expect(estate.route).toBe('eu-central-1');
  });

  it('fences nothing before a majority of all who hold an epoch has its own', async () => {
    for (const site of ['ap-southeast-1', 'dr']) estate.dead.add(site);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'accepted-risk');
      expect(gate.evidence.join(' ')).toContain('Epoch 1 of this run is stored at eu-central-1, the DNS zone: 2 of 5.');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changes().filter((name) => name.startsWith('fence'))).toEqual([]);
  });

  it('claims at sites that came back when the claim is tried again', async () => {
    for (const site of ['ap-southeast-1', 'dr']) estate.dead.add(site);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await openGate(handle, 'accepted-risk');
      for (const site of ['ap-southeast-1', 'dr']) estate.dead.delete(site);
      await vote(handle, 'retry', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect([...estate.epochs.keys()]).toEqual(expect.arrayContaining(['eu-central-1', 'ap-southeast-1', 'dr']));
  });

  it('chooses its epoch by what the sites hold now when people held the run', async () => {
    const changed = changedPlan('claim-epoch', { gateBefore: 'accepted-risk' });
    const report = await rig.with(changed, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await openGate(handle, 'accepted-risk');
      for (const site of ['eu-central-1', 'ap-southeast-1', 'dr']) changed.epochs.set(site, { epoch: 6, holder: 'another run' });
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      await vote(handle, 'approve', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.epoch).toBe(7);
  });

  it('stands down while a promotion that was begun at another site may still take effect', async () => {
    estate.databases.set('ap-southeast-1', { role: 'standby', bytes: 1000, keys: 10, promotionBegun: 'recovery/earlier@1' });
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain('A promotion was begun at ap-southeast-1');
    expect(estate.changes()).toEqual([]);
  });

  it('names a resolver through which customers do not find the site, and holds nobody up', async () => {
    estate.resolverRemarks = ['The resolver 192.0.2.53:53 did not answer.'];
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions).toEqual(['The resolver 192.0.2.53:53 did not answer.']);
  });

  it('reports a function as failed that customers do not find, also when people go on', async () => {
    estate.before = (name) => {
      if (name === 'verifyAsCustomer') estate.route = 'us-east-1';
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      expect(gate.evidence.join(' ')).toContain('Customers are routed there already');
      await vote(handle, 'skip', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.functions.every((entry) => entry.status === 'failed' && entry.rtoSeconds.achieved === 'not reached')).toBe(true);
  });
});
