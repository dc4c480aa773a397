/** Goal: however a run ends, it takes back what it can, says what it cannot, and the next run goes on from there. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { makeFenceOnReturnWorkflowId, taskQueueOf } from '../../../workflows/wire/ids.ts';
import { statusQuery, stopSignal } from '../../../workflows/wire/messages.ts';
import { changedPlan, electorate, endOf, estate, type Handle, openGate, plan, rig, start, useFailovers, vote, withTarget } from '../../support/failover.ts';
import type { fenceOnReturn } from '../../../workflows/children/fence-on-return.ts';
import { until } from '../../support/until.ts';

useFailovers();

describe('endings', () => {
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

  it('undoes in reverse, before the point of no return, when people choose undo', async () => {
    estate.capacity.set('eu-central-1', 42);
    estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const { evidence } = await openGate(handle, 'failed-step');
      expect(evidence.join(' ')).toMatch(/Raise the target to its failover capacity: failed, and may have taken effect/);
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('promoteDatabase')).toEqual([]);
    expect(estate.writers()).toEqual(['us-east-1']);
    expect(report.steps.filter((step) => step.result === 'undone').map((step) => step.id)).toEqual(['raise-capacity', 'fence-site']);
    expect(estate.capacity.get('eu-central-1'), 'what stood there, not what the plan calls the baseline').toBe(42);
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
    expect(report.summary).toContain('This run no longer holds the estate');
    expect(estate.route).toBe('us-east-1');
  });

  it('closes an open question when a step beside it meets a newer run', async () => {
    estate.failOnce('promoteDatabase', ApplicationFailure.nonRetryable('the disk is full', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      estate.before = async (name) => {
        if (name !== 'promoteCache') return;
        await openGate(handle, 'failed-step');
        estate.epochs.set('eu-central-1', { epoch: 99, holder: 'recovery/newer' });
      };
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.summary).toContain('This run no longer holds the estate');
    expect(report.gates.at(-1)?.decision).toBe('settled: the run ends by another decision');
    expect(estate.changed('promoteDatabase')).toHaveLength(1);
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
      estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'permanent'));
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

  it('names what an undo took back and is less than it was, and what it leaves to do', async () => {
    const alone = 'the standby at ap-southeast-1 is told to follow us-east-1 again, and does not stream from it yet';
    estate.fenceProvable = false;
    estate.shortfalls.set('reattach', { exceptions: [alone] });
    estate.shortfalls.set('unfenceByAgent', { exceptions: ['Redis has not kept this'], remaining: ['Start Redis at us-east-1 with its file.'] });
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(report.exceptions).toEqual(expect.arrayContaining(['Redis has not kept this', alone]));
    expect(report.leftovers).toContain('Start Redis at us-east-1 with its file.');
    expect(report.steps.findLast(({ id }) => id === 'fence-site')).toMatchObject({ result: 'undone', evidence: expect.stringContaining(alone) });
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

  it('says that the end state could not be read, and not that nobody writes', async () => {
    estate.failOnce('readWriters', ApplicationFailure.nonRetryable('no route', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions).toEqual(['Which servers can write could not be read at the end.']);
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

  it('a cancelled run takes its fences back', async () => {
    estate.fenceProvable = false;
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await openGate(handle, 'accepted-risk');
      await handle.cancel();
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(report.exceptions).toEqual([]);
    expect(estate.changed('reattach')).toHaveLength(1);
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('a stop that comes while a run ends holds nothing any more', async () => {
    estate.fenceProvable = false;
    let stop = async () => {};
    estate.before = async (name) => {
      if (name === 'reattach') await stop();
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      stop = () => handle.signal(stopSignal, { who: electorate[0] ?? '', reason: 'too late' });
      await vote(handle, 'approve');
      await openGate(handle, 'accepted-risk');
      await handle.cancel();
      return endOf(handle);
    });
    expect(report.timeline.map(({ text }) => text).join('\n')).toContain('Not stopped: the run is ending');
    expect(report.steps.at(-1)).toMatchObject({ id: 'store-report', result: 'done' });
    expect(report.outcome).toBe('aborted');
  });

  it('a run that is cancelled past the point of no return leaves the child that fences the old site', async () => {
    const child = await rig.with(estate, async () => {
      estate.failOnce('startService', ApplicationFailure.nonRetryable('unit not found', 'permanent'));
      const handle = await start();
      await vote(handle, 'approve');
      await openGate(handle, 'failed-step');
      await handle.cancel();
      expect((await handle.result()).outcome).toBe('aborted');
      const { status } = await rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).describe();
      await endOf(handle);
      return status.name;
    });
    expect(child).toBe('RUNNING');
    expect(estate.writers()).toEqual(['eu-central-1']);
    expect(estate.changed('reattach')).toEqual([]);
  });

  it('says that the old service was not started again, when the fence by its agent is taken back', async () => {
    estate.dead.clear();
    estate.serviceStartable = false;
    estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.exceptions.join(' ')).toContain('the service at us-east-1 was not taken back');
    expect(report.steps.find((step) => step.id === 'fence-site' && step.name.startsWith('Take back'))?.result).toBe('failed');
  });

  it('goes only forward from an earlier run that promoted the cache alone', async () => {
    const { report, choices } = await rig.with(estate, async () => {
      const eu = estate.databases.get('eu-central-1');
      if (eu) eu.cachePromoted = true;
      estate.failOnce('setCapacity', ApplicationFailure.nonRetryable('no such quota', 'permanent'));
      const handle = await start();
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'retry', electorate.slice(0, 2), 'failed-step');
      return { report: await endOf(handle), choices: gate.choices.join(' ') };
    });
    expect(choices).not.toContain('undo');
    expect(report.outcome).toBe('recovered');
    expect(report.steps.find((step) => step.id === 'catch-up-cache')?.evidence).toContain('promoted already');
  });

  it('does not wait for the child of an earlier run that does not end, and names it', async () => {
    const report = await rig.with(estate, async () => {
      const site = 'us-east-1';
      const run = { runId: 'recovery/earlier', execution: 'recovery/earlier@1', planDigest: plan.digest, epoch: 1 };
      let answer = (): void => {};
      const late = new Promise<void>((resolve) => (answer = resolve));
      let tried = false;
      estate.before = (name) => {
        if (name !== 'fenceByAgent') return undefined;
        tried = true;
        return late;
      };
      estate.agentAnswers.add(site);
      await rig.env.client.workflow.start<typeof fenceOnReturn>('fenceOnReturn', {
        taskQueue: taskQueueOf(plan.plan.estate.name),
        workflowId: makeFenceOnReturnWorkflowId(plan.plan.estate.name, site),
        args: [{ run, snapshot: plan, site, pollSeconds: 5 }],
      });
      await until('the child tries', async () => tried || undefined);
      estate.agentAnswers.delete(site);
      const handle = await start();
      await vote(handle, 'approve');
      const ended = await handle.result();
      answer();
      await endOf(handle);
      return ended;
    });
    expect(report.outcome).toBe('recovered');
    expect(report.leftovers.join(' ')).toContain('and does not end, so this run has left no watch');
  });

  it('ends although the report cannot be stored, and says so', async () => {
    const report = await rig.with(changedPlan('store-report', { gateBefore: 'accepted-risk' }), async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions.join(' ')).toContain('The report was not stored');
  });

  it('a stand-down at a gate after the fence takes the fence and its child back', async () => {
    const { report, child } = await rig.with(changedPlan('catch-up-database', { gateBefore: 'accepted-risk' }), async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const ended = await handle.result(); // nobody answers the second gate
      return { report: ended, child: await rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result() };
    });
    expect(report.outcome).toBe('stood down');
    expect(child).toMatchObject({ outcome: 'superseded' });
    expect(estate.writers()).toEqual(['us-east-1']);
    expect(report.leftovers).toEqual([]);
  });

  it('a run back to the site that is still to be fenced ends the child that waits for it', async () => {
    const child = await rig.with(withTarget('us-east-1'), async () => {
      const first = await start();
      await vote(first, 'approve');
      await first.result();
      estate.failOnce('fenceByAgent', ApplicationFailure.nonRetryable('the agent is not ready', 'permanent'), 1000);
      estate.dead.delete('us-east-1');
      estate.databases.set('us-east-1', { role: 'standby', bytes: 1000, keys: 10 });
      estate.dead.add('eu-central-1');
      estate.heartbeatFrom = 'eu-central-1';
      const back = await start({ from: 'eu-central-1', to: 'us-east-1' });
      await vote(back, 'approve');
      expect((await back.result()).outcome).toBe('recovered');
      return rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1')).result();
    });
    expect(child).toMatchObject({ outcome: 'superseded', reason: expect.stringContaining('recovers at us-east-1') as string });
    expect(estate.databases.get('us-east-1')?.role).toBe('writer');
  });

  it('lets the standbys follow the old primary again although that one could not be opened, and says so', async () => {
    estate.fenceProvable = false;
    estate.failOnce('unfenceByAgent', ApplicationFailure.nonRetryable('its agent is gone', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
      return endOf(handle);
    });
    expect(estate.changed('reattach')).toHaveLength(1);
    expect(report.exceptions.join(' ')).toContain('its agent is gone');
  });

  it('begins nothing more, and asks no more, once people have aborted one of the steps that run side by side', async () => {
    estate.failOnce('promoteDatabase', ApplicationFailure.nonRetryable('the disk is full', 'permanent'));
    estate.failOnce('promoteCache', ApplicationFailure.nonRetryable('the disk is full', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'abort', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(report.gates.filter((gate) => gate.gate.startsWith('failed-step'))).toHaveLength(1);
    expect(estate.changed('protectDatabase')).toEqual([]);
    expect(estate.changed('startService')).toEqual([]);
  });

  it('asks for no change any more in a step that is under way, once a step beside it has met a newer run', async () => {
    const eu = estate.databases.get('eu-central-1');
    if (eu) eu.bytes = 900;
    const met = async (handle: Handle) => (await handle.query(statusQuery)).steps.some(({ id, result }) => id === 'raise-capacity' && result === 'failed');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      estate.before = async (name) => {
        if (name === 'setCapacity') estate.epochs.set('eu-central-1', { epoch: 99, holder: 'recovery/newer' });
        // What the catch-up finds comes only when the run knows.
        if (name === 'readDatabase' && estate.changed('claimEpoch').length > 0)
          await until('the run has met the newer one', async () => (await met(handle)) || undefined);
      };
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.summary).toContain('This run no longer holds the estate');
    expect(estate.changed('followDatabase')).toEqual([]);
    expect(report.steps.at(-1)).toMatchObject({ id: 'store-report', result: 'done' });
  });

  it('ends although a step beside the aborted one is held by the stop switch, and does not carry it out', async () => {
    const [who = ''] = electorate;
    estate.failOnce('promoteCache', ApplicationFailure.nonRetryable('the disk is full', 'permanent'));
    const report = await rig.with(estate, async () => {
      const handle = await start();
      estate.before = async (name) => {
        if (name === 'promoteDatabase') await handle.signal(stopSignal, { who, reason: 'look first' });
      };
      await vote(handle, 'approve');
      await vote(handle, 'abort', electorate.slice(0, 2), 'failed-step');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changed('protectDatabase')).toEqual([]);
  });
});
