/** Goal: what an agent would refuse, or cannot do whole, is in front of people before anything is changed. Method: a real worker on the model, skipped time. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { statusQuery } from '../../../workflows/wire/messages.ts';
import { until } from '../../support/until.ts';
import { electorate, endOf, estate, openGate, rig, start, vote, useFailovers } from '../../support/failover.ts';

useFailovers();

const isQuestion = ({ text }: { readonly text: string }) => text.startsWith('Asked: eu-central-1 can no longer take over');
const smaller = 'the standby at eu-central-1 cannot be promoted: max_connections is 100 here and 150 at its primary.';

describe('refusals', () => {
  it('rule a target out before anybody is asked', async () => {
    estate.refusals.set('eu-central-1', [{ verb: 'database-promote', reason: smaller }]);
    const report = await rig.with(estate, async () => endOf(await start()));
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain(`eu-central-1 cannot take over: Its agent would refuse database-promote: ${smaller}`);
    expect(estate.changes()).toEqual([]);
  });

  it('stand in the dry run as well', async () => {
    estate.refusals.set('eu-central-1', [{ verb: 'cache-promote', reason: 'the cache at eu-central-1 is a fenced former primary' }]);
    const report = await rig.with(estate, async () => endOf(await start({ mode: 'dry-run' })));
    expect(report.exceptions).toEqual([expect.stringContaining('Its agent would refuse cache-promote: the cache at eu-central-1 is a fenced former primary')]);
    expect(report.summary).toContain('A live run would not simply recover');
    expect(estate.changes()).toEqual([]);
  });

  it('that come while people decide are put to them before the fence', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const [first, second] = electorate.slice(0, 2);
      await vote(handle, 'approve', [first ?? ''], 'activation');
      // From the last vote on: whoever asks next is the step before the fence.
      estate.before = (name) => {
        if (name === 'readRefusals') estate.refusals.set('eu-central-1', [{ verb: 'database-promote', reason: smaller }]);
      };
      await vote(handle, 'approve', [second ?? ''], 'activation');
      const gate = await openGate(handle, 'failed-step');
      expect(gate.choices.map((choice) => choice.split(':')[0])).toEqual(['retry', 'abort']);
      expect(gate.evidence.join(' ')).toContain(`eu-central-1 can no longer take over. Its agent would refuse database-promote: ${smaller}`);
      expect(estate.changes()).toEqual([]);
      estate.before = () => undefined;
      estate.refusals.delete('eu-central-1');
      await vote(handle, 'retry', undefined, 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
  });

  it('that stay end the run when people choose so, and nothing is changed', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const [first, second] = electorate.slice(0, 2);
      await vote(handle, 'approve', [first ?? ''], 'activation');
      estate.before = (name) => {
        if (name === 'readRefusals') estate.refusals.set('eu-central-1', [{ verb: 'database-promote', reason: smaller }]);
      };
      await vote(handle, 'approve', [second ?? ''], 'activation');
      // Asked again it refuses still, and people are asked again.
      await vote(handle, 'retry', undefined, 'failed-step');
      await until('the question is put once more', async () => ((await handle.query(statusQuery)).timeline.filter(isQuestion).length === 2 ? true : undefined));
      await vote(handle, 'abort', undefined, 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(report.summary).toContain(`Its agent would refuse database-promote: ${smaller} Nothing was changed.`);
    expect(estate.changes()).toEqual([]);
  });

  it('that cannot be asked any more before the fence are named, and hold nobody up', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const [first, second] = electorate.slice(0, 2);
      await vote(handle, 'approve', [first ?? ''], 'activation');
      estate.before = (name) => {
        if (name === 'readRefusals') throw ApplicationFailure.nonRetryable('The worker lost the plan. HINT: Look there.', 'permanent');
      };
      await vote(handle, 'approve', [second ?? ''], 'activation');
      return endOf(handle);
    });
    expect(report.timeline.map(({ text }) => text)).toContain('eu-central-1 was not asked what it would refuse: The worker lost the plan.');
    expect(report.outcome).toBe('recovered');
  });

  it('of the other sites, and of the lost one, are shown at the gate and hold nobody up', async () => {
    estate.refusals.set('ap-southeast-1', [{ verb: 'database-follow', argument: 'eu-central-1', reason: 'the standby may not replicate from eu-central-1.' }]);
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle, 'activation');
      await vote(handle, 'approve');
      return { report: await endOf(handle), evidence: gate.evidence.join(' ') };
    });
    expect(evidence).toContain('The agent of ap-southeast-1 would refuse (database-follow eu-central-1): the standby may not replicate from eu-central-1.');
    expect(report.outcome).toBe('recovered');
  });
});

describe('an agent that does not tell what it would refuse', () => {
  const older = '"check" is no verb of this agent';

  it('is named at the gate and holds nobody up', async () => {
    estate.unasked.set('eu-central-1', older);
    estate.unasked.set('us-east-1', older);
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle, 'activation');
      await vote(handle, 'approve');
      return { report: await endOf(handle), evidence: gate.evidence.join(' ') };
    });
    expect(evidence).toContain(`eu-central-1 was not asked what it would refuse: ${older}.`);
    expect(evidence, 'the lost one, where it answers').toContain(`us-east-1 was not asked what it would refuse: ${older}.`);
    expect(report.outcome).toBe('recovered');
  });

  it('is named beside a target as well, and not for being lost and silent', async () => {
    estate.unasked.set('ap-southeast-1', 'no answer');
    const gate = await rig.with(estate, async () => {
      const handle = await start();
      const open = await openGate(handle, 'activation');
      await vote(handle, 'reject');
      await endOf(handle);
      return open;
    });
    expect(gate.evidence).toContain('ap-southeast-1 was not asked what it would refuse: no answer.');
    expect(gate.evidence.join(' ')).not.toContain('us-east-1 was not asked');
  });
});

describe('what holds a standby back', () => {
  it('is told at the gate, and lifted by the catch-up before the loss is counted', async () => {
    estate.heldBack.set('eu-central-1', 'it applies with a delay of 1h');
    const { report, evidence } = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle, 'activation');
      await vote(handle, 'approve');
      return { report: await endOf(handle), evidence: gate.evidence.join(' ') };
    });
    expect(evidence).toContain('At eu-central-1 it applies with a delay of 1h: ');
    expect(estate.changes()).toContain('applyDatabase');
    expect(estate.changes().indexOf('applyDatabase')).toBeLessThan(estate.changes().indexOf('promoteDatabase'));
    expect(report.outcome).toBe('recovered');
    expect(report.loss.kind).toBe('0 unless');
  });

  it('and what the catch-up leaves besides, in each of its two changes, stands in the report', async () => {
    estate.heldBack.set('eu-central-1', 'it applies with a delay of 1h');
    const other = estate.databases.get('ap-southeast-1');
    estate.databases.set('ap-southeast-1', { ...other!, bytes: 2000 });
    estate.shortfalls.set('applyDatabase', { exceptions: ['The delay is gone.'] });
    estate.shortfalls.set('followDatabase', { exceptions: ['It streams without TLS.'], remaining: ['Drop the slot west at us-east-1.'] });
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(estate.changed('followDatabase')).toHaveLength(1);
    expect(report.exceptions).toEqual(['The delay is gone.', 'It streams without TLS.']);
    expect(report.leftovers.filter((text) => text.includes('slot'))).toEqual(['Drop the slot west at us-east-1.']);
  });
});
