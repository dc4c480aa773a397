/** Goal: the cold start does what its runbook says, and goes by what people decide. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../report/report.ts';
import { makeFenceOnReturnWorkflowId } from '../../../workflows/wire/ids.ts';
import { choiceWith } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, type Handle, openGate, places, plan, rig, startRun, useRuns, vote } from '../../support/runs.ts';
import { until } from '../../support/until.ts';

useRuns(coldStart);

const [site, copies] = ['dr', ['us-east-1', 'eu-central-1', 'ap-southeast-1']];

/** What people answer who want it to go on; two of five hold the epoch, and nobody can prove a dead site closed. */
const wanted = [
  ['activation', 'restore'],
  ['accepted-risk', 'hold-with-2'],
  ['accepted-risk', 'accept'],
  ['acceptance', 'accept'],
] as const;

/** Answers gate after gate, with `instead` in the place of an answer. */
async function decide(handle: Handle, instead: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [gate, word] of wanted) {
    const open = await openGate(handle, gate);
    const choice = instead[gate] ?? choiceWith(open, word);
    await vote(handle, choice, electorate.slice(0, 2), open.gate);
    if (choice === 'discard' || choice === 'undo' || choice === 'reject') return;
    await leaves(handle, open.gate);
  }
}

async function leaves(handle: Handle, gate: string): Promise<void> {
  await until(`${gate} is decided`, async () => ((await handle.query<{ gate: { gate: string } | null }, []>('status')).gate?.gate === gate ? undefined : true));
}

async function run(act: (handle: Handle) => Promise<void> = decide): Promise<Report> {
  return rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    await act(handle);
    return endOf(handle);
  });
}

describe('a cold start', () => {
  it('restores to the moment that people chose, and customers are served there once they have accepted it', async () => {
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(estate.writers()).toEqual(expect.arrayContaining([site]));
    expect(estate.route).toBe(site);
    expect(estate.restores.at.get(site)).toMatchObject({ stage: 'accepted', set: 'full-1' });
    expect(report.gates.map(({ decision }) => decision.split(' ')[0])).toEqual(['restore', 'hold-with-2', 'accept', 'accept']);
    expect(estate.restores.caches.get(site)).toMatchObject({ stage: 'accepted', set: 'dump-2' });
    expect(report.loss).toMatchObject({ kind: 'at most', basis: expect.stringContaining('to which the cache goes back') });
    expect(report.exceptions.join(' ')).not.toContain('The cache was not restored');
    expect(report.clock?.totalSeconds).toBeTypeOf('number');
    for (const copy of copies) expect(report.leftovers.join(' ')).toContain(makeFenceOnReturnWorkflowId('erlmcp-production', copy));
  });

  it('counts what of the cache names no row any more: people see it before they accept, and the report has it', async () => {
    estate.restores.references = [
      { cacheKeys: 'session:*:*', table: 'customers', counted: true, keys: 400, dangling: 3, example: 'ann' },
      { cacheKeys: 'cart:*', table: 'carts', counted: false, reason: 'permission denied for table carts' },
    ];
    let shown = '';
    const report = await run(async (handle) => {
      for (const [gate, word] of wanted) {
        const open = await openGate(handle, gate);
        shown = open.evidence.join('\n');
        await vote(handle, choiceWith(open, word), electorate.slice(0, 2), open.gate);
        await leaves(handle, open.gate);
      }
    });
    const told = [
      'Of 400 keys session:*:* 3 name no row of customers, such as ann.',
      'How many of the keys cart:* name no row of carts is not known: permission denied for table carts.',
    ];
    for (const sentence of told) {
      expect(shown).toContain(sentence);
      expect(report.exceptions).toContain(sentence);
    }
  });

  it('fences before it restores, lets nobody but the service in before people accept, and routes last', async () => {
    await run();
    const at = (name: string) => estate.changes().indexOf(name);
    for (const restore of ['restoreDatabase', 'restoreSnapshot']) {
      const order = ['claimEpoch', restore, 'admitServices', 'startService', 'acceptRestored', 'changeRecord'];
      expect(order.map(at)).toEqual(order.map(at).toSorted((one, other) => one - other));
      expect(order.map(at)).not.toContain(-1);
    }
    expect(estate.changes()).not.toContain('throwSwitch');
  });

  it('asks people for the risk of too few holders at once: what failed a moment ago is not waited for', async () => {
    const report = await run();
    const [claim] = report.steps.filter(({ id }) => id === 'claim-epoch');
    expect(claim?.evidence).toContain('2 of 5');
    expect(claim?.durationSeconds).toBeLessThan(5);
  });

  it('fences a failed site by its agent where that answers, before anything is restored', async () => {
    for (const copy of copies) estate.agentAnswers.add(copy);
    const report = await run(async (handle) => {
      await vote(handle, choiceWith(await openGate(handle), 'restore'));
      const fence = await openGate(handle, 'accepted-risk');
      expect(fence.question).toBe('us-east-1, eu-central-1, ap-southeast-1 is not proven fenced. Build dr all the same?');
      expect(fence.evidence.join('\n')).toContain('us-east-1: its agent has not closed it (the agent does not answer), and no other site is left');
      await vote(handle, choiceWith(fence, 'accept'), electorate.slice(0, 2), fence.gate);
      await vote(handle, 'accept', electorate.slice(0, 2), 'acceptance');
    });
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    const fenced = estate.calls.filter(({ name }) => name === 'fenceByAgent').slice(0, 3).map((call) => call.site); // prettier-ignore
    expect(new Set(fenced)).toEqual(new Set(copies));
    expect(estate.changes().indexOf('fenceByAgent')).toBeLessThan(estate.changes().indexOf('restoreDatabase'));
  });

  it('makes a first backup once customers are served and it is confirmed who writes', async () => {
    // Of the database, of the cache, of each tree, of the backup.
    estate.jobs.courses = [{ seconds: 60, bytesAll: 60_000_000_000 }, { seconds: 60 }, { seconds: 60 }, { seconds: 60 }, { seconds: 7_000 }];
    const report = await run();
    expect(estate.restores.hasFirstSet(site)).toBe(true);
    const at = (name: string) => estate.changes().indexOf(name);
    expect(at('backUpRestored')).toBeGreaterThan(at('changeRecord'));
    const confirmed = report.steps.find(({ id }) => id === 'confirm-writers')?.endedAt ?? '';
    expect((report.steps.find(({ id }) => id === 'first-backup')?.startedAt ?? '') >= confirmed).toBe(true);
    expect(report.steps.find(({ id }) => id === 'first-backup')?.result).toBe('done');
  });

  it('is no less recovered where that backup fails: it is an exception, and nothing is taken back', async () => {
    estate.jobs.courses = [...Array.from({ length: 4 }, () => ({ seconds: 60 })), { seconds: 60, ends: 'failed' as const }];
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(report.exceptions.join(' ')).toMatch(
      /Optional step failed: Make a first backup of the restored database\. The job first-backup at dr failed with exit code 7\./,
    );
    expect(estate.restores.at.get(site)?.stage).toBe('accepted');
    expect(estate.route).toBe(site);
  });

  it('restores any moment of the window, to the microsecond', async () => {
    const [set] = estate.restores.sets;
    const latest = `${new Date(Date.parse(estate.lastCommitAt)).toISOString().slice(0, -1)}456Z`;
    estate.restores.sets = set ? [{ ...set, latest }] : [];
    await run((handle) => decide(handle, { activation: `restore ${latest}` }));
    expect(estate.restores.at.get(site)?.point).toBe(latest);
  });

  it.each([
    ['a moment before the window', '2020-01-01T00:00:00Z'],
    ['a moment after it', '2099-01-01T00:00:00Z'],
    ['what is no moment', 'yesterday'],
  ])('%s is no choice', async (_what, moment) => {
    const report = await run(async (handle) => {
      await vote(handle, `restore ${moment}`);
      await vote(handle, 'reject');
    });
    expect(report.outcome).toBe('stood down');
    expect(estate.changes()).toEqual([]);
  });

  it('changes nothing when people reject it, when nobody decides, or when there is nothing to restore', async () => {
    expect((await run(async (handle) => vote(handle, 'reject'))).outcome).toBe('stood down');
    expect((await run(async () => {})).outcome).toBe('stood down');
    estate.restores.sets = [];
    expect((await run(async () => {})).summary).toContain('Nothing can be restored at dr (there is no set).');
    expect(estate.changes()).toEqual([]);
  });

  it('stands down when one of the sites works after all', async () => {
    estate.dead.delete('ap-southeast-1');
    const report = await run(async () => {});
    expect(report.summary).toContain('ap-southeast-1 is alive.');
    expect(estate.changes()).toEqual([]);
  });

  it('stands down when what was chosen cannot be had any more by the time that people have decided', async () => {
    estate.before = (name) => {
      if (name === 'claimEpoch') throw new Error('It must not come to this.');
      if (name === 'lookAtRestore') estate.restores.refused.set(site, 'the set full-1 has expired.');
    };
    const report = await run(async (handle) => vote(handle, choiceWith(await openGate(handle), 'restore')));
    expect(report.summary).toContain('What was chosen cannot be restored at dr: the set full-1 has expired.');
    expect(estate.changes()).toEqual([]);
  });

  it('discards what was restored when people do not accept it, stops the service, and says what stays', async () => {
    const report = await run((handle) => decide(handle, { acceptance: 'discard' }));
    expect(report.outcome).toBe('aborted');
    expect(estate.restores.at.get(site)?.stage).toBe('discarded');
    const order = ['stopService', 'discardRestored', 'unfenceByAgent'].map((name) => estate.changes().indexOf(name));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(order).not.toContain(-1);
    expect(report.leftovers.join(' ')).toContain('main.discarded');
    expect(estate.changes()).not.toContain('acceptRestored');
    expect(estate.route).not.toBe(site);
  });

  it('takes everything back when the unproven fences are not accepted: nothing was restored by then', async () => {
    const report = await run(async (handle) => {
      await vote(handle, choiceWith(await openGate(handle), 'restore'));
      await vote(handle, 'hold-with-2', electorate.slice(0, 2), 'accepted-risk');
      await until('the fence is asked about', async () =>
        (await openGate(handle, 'accepted-risk')).question.includes('not proven fenced') ? true : undefined,
      );
      await vote(handle, 'undo', electorate.slice(0, 2), 'accepted-risk');
    });
    expect(report.outcome).toBe('aborted');
    expect(estate.changes()).not.toContain('restoreDatabase');
    expect(estate.changes()).not.toContain('discardRestored');
  });

  describe('while the restore is under way', () => {
    const unable = ApplicationFailure.nonRetryable('It cannot be done.', 'permanent');
    /** Until a step beside or within has failed for good, and people choose. */
    const untilPeople = async (choice: string): Promise<Report> =>
      run(async (handle) => {
        // With one job under way, so that the looks at it can be counted.
        Object.assign(estate.restores, { snapshots: [], versions: { application: [], sessions: [] } });
        for (const [gate, word] of [['activation', 'restore-what-there-is'] as const, ...wanted.slice(1, 3)]) {
          const open = await openGate(handle, gate);
          await vote(handle, choiceWith(open, word), electorate.slice(0, 2), open.gate);
          await leaves(handle, open.gate);
        }
        await vote(handle, choice, electorate.slice(0, 2), 'failed-step');
      });
    const job = () => [...estate.jobs.begun.values()].at(-1);
    const lasted = () => ((job()?.cancelledAt ?? Infinity) - (job()?.startedAt ?? 0)) / 1000;

    it.each([
      ['undo', 'discarded'],
      ['abort', 'begun'],
    ])('people choose %s beside it: its job is ended, and not waited for', async (choice, stage) => {
      estate.jobs.courses = [{ seconds: 4_000, bytesAll: 60_000_000_000 }];
      estate.failOnce('setCapacity', unable);
      const report = await untilPeople(choice);
      expect(report.outcome, report.summary).toBe('aborted');
      expect(report.summary).toMatch(/^People (chose to take the run back|aborted the run) after "Raise the target/);
      expect(lasted()).toBeLessThan(600);
      expect(estate.restores.at.get(site)?.stage).toBe(stage);
      expect(report.timeline.map(({ text }) => text).join('\n')).toMatch(
        /^The run ended while the job restore-database at dr was under way.* It was cancelled there\.$/m,
      );
      expect(report.exceptions.join(' ')).not.toContain('Not taken back');
      expect(report.leftovers.join(' ')).not.toContain('may go on there');
    });

    it('its step is cut off on the way, and people choose undo: its job is ended first, then what it restored is discarded', async () => {
      estate.jobs.courses = [{ seconds: 4_000, bytesAll: 60_000_000_000 }];
      let looks = 0;
      estate.before = (name) => {
        // The one before the start and the first that waits go well.
        if (name === 'watchJob' && (looks += 1) === 4) throw unable;
      };
      const report = await untilPeople('undo');
      expect(report.summary).toContain('People chose to take the run back after "Restore the database');
      expect(estate.changes().filter((name) => ['cancelJob', 'discardRestored'].includes(name))).toEqual(['cancelJob', 'discardRestored']);
      expect(estate.restores.at.get(site)?.stage).toBe('discarded');
      expect(lasted()).toBeLessThan(600);
      expect(report.exceptions.join(' ')).not.toContain('Not taken back');
      expect(report.leftovers.join(' ')).not.toContain('may go on there');
    });
  });

  it('what a run that was terminated has left behind closed doors makes room', async () => {
    estate.restores.at.set(site, { by: 'recovery/erlmcp-production@earlier', job: 'earlier', set: 'full-1', point: '2026-01-01T00:00:00Z', stage: 'admitted' });
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(estate.changes().indexOf('discardRestored')).toBeLessThan(estate.changes().indexOf('restoreDatabase'));
    expect(estate.restores.at.get(site)).toMatchObject({ stage: 'accepted', by: expect.not.stringContaining('earlier') });
    expect(report.timeline.map(({ text }) => text).join(' ')).toContain(
      'What recovery/erlmcp-production@earlier had restored of the database at dr and nobody had accepted was discarded.',
    );
  });

  describe('of the cache', () => {
    const momentBefore = (minutes: number) => new Date(Date.parse(estate.lastCommitAt) - minutes * 60_000).toISOString();

    it('restores the newest snapshot that is not after the moment', async () => {
      await run((handle) => decide(handle, { activation: `restore ${momentBefore(10)}` }));
      expect(estate.restores.caches.get(site)).toMatchObject({ set: 'dump-1', stage: 'accepted' });
    });

    it('offers a moment only where each store has a snapshot for it, and any without the cache', async () => {
      estate.restores.snapshots = [{ set: 'dump', at: momentBefore(5), bytes: 1 }];
      const report = await run((handle) => decide(handle, { activation: `restore ${momentBefore(10)}` }).catch(() => vote(handle, 'reject')));
      expect(report.outcome, report.summary).toBe('stood down');
      expect(estate.changes()).toEqual([]);
      const alone = await run((handle) => decide(handle, { activation: `restore-without-cache ${momentBefore(10)}` }));
      expect(alone.outcome, alone.summary).toBe('recovered with exceptions');
      expect(alone.exceptions.join(' ')).toContain('The cache was not restored: it started empty.');
      expect(alone.loss).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('people chose to restore without the cache') });
      expect(estate.restores.caches.size).toBe(0);
    });

    it.each<[string, () => void, string]>([
      ['whose snapshots cannot be restored', () => (estate.restores.snapshots = estate.restores.snapshots.map((each) => ({ ...each, unusable: 'it is cut off' }))), 'dump-2 of the cache cannot be restored: it is cut off.'],
      ['whose snapshots are all newer than the database', () => (estate.restores.snapshots = [{ set: 'dump', at: '2099-01-01T00:00:00Z', bytes: 1 }]), 'none of its snapshots is as old as'],
      ['without a snapshot', () => (estate.restores.snapshots = []), 'The cache starts empty'],
    ])('of one %s it is not offered', async (_what, change, words) => {
      change();
      let evidence = '';
      await run(async (handle) => {
        const gate = await openGate(handle);
        evidence = gate.evidence.join('\n');
        expect(gate.choices.map((choice) => choice.split(' ')[0])).toEqual(['restore-without-cache', 'restore-what-there-is', 'reject:']);
        await vote(handle, 'reject');
      });
      expect(evidence).toContain(words);
    }); // prettier-ignore

    it('goes on without it where people skip its restore, and what stood there before comes back', async () => {
      estate.before = (name, input) => {
        if (name === 'restoreSnapshot' && (input as { store: string }).store === 'cache')
          throw ApplicationFailure.nonRetryable('The snapshot is gone.', 'refused');
        if (name === 'admitServices') expect(estate.restores.caches.get(site)?.stage).not.toBe('proven');
      };
      const report = await run(async (handle) => {
        await vote(handle, choiceWith(await openGate(handle), 'restore'));
        for (const [id, word] of [['accepted-risk', 'hold-with-2'], ['accepted-risk', 'accept'], ['failed-step', 'skip'], ['acceptance', 'accept']] as const) {
          const open = await until(`a gate with ${word}`, async () => {
            const gate = await openGate(handle, id);
            return gate.choices.some((choice) => choice.startsWith(word)) ? gate : undefined;
          });
          await vote(handle, choiceWith(open, word), electorate.slice(0, 2), open.gate);
        }
      }); // prettier-ignore
      expect(report.outcome, report.summary).toBe('recovered with exceptions');
      expect(report.exceptions.join(' ')).toContain('The cache was not restored: it started empty.');
      expect(report.loss).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('the restore of the cache was skipped') });
      expect(estate.restores.at.get(site)?.stage).toBe('accepted');
    });

    it('discards it with the rest', async () => {
      const report = await run((handle) => decide(handle, { acceptance: 'discard' }));
      expect(estate.restores.caches.get(site)?.stage).toBe('discarded');
      expect(report.leftovers.join(' ')).toContain('redis.discarded');
    });
  });

  it('goes on from what an earlier run has opened, and only forward', async () => {
    const earlier = 'recovery/erlmcp-production@earlier';
    estate.restores.at.set(site, { by: earlier, job: 'earlier', set: 'full-1', point: '2026-01-01T00:00:00Z', stage: 'accepted' });
    estate.restores.caches.set(site, { by: earlier, job: 'earlier', set: 'dump-2', stage: 'accepted' });
    const report = await run(async (handle) => {
      const gate = await openGate(handle);
      expect(gate.question).toBe(`Go on at dr from the database that ${earlier} restored and opened, or restore anew?`);
      await vote(handle, 'approve');
      await vote(handle, 'hold-with-2', electorate.slice(0, 2), 'accepted-risk');
      const fence = await until('the fence is asked about', async () => {
        const open = await openGate(handle, 'accepted-risk');
        return open.question.includes('not proven fenced') ? open : undefined;
      });
      expect(fence.choices.join(' ')).not.toContain('undo');
      await vote(handle, choiceWith(fence, ['accept', 'accept-unknown']), electorate.slice(0, 2), fence.gate);
    });
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    for (const name of ['restoreDatabase', 'discardRestored', 'admitServices']) expect(estate.changes()).not.toContain(name);
    // Of which snapshot the cache is stands on its host's record.
    expect(report.loss).toMatchObject({ kind: 'at most' });
    expect(estate.route).toBe(site);
  });

  it('says at the acceptance gate which site answers again meanwhile', async () => {
    let shown = '';
    await run(async (handle) => {
      await vote(handle, choiceWith(await openGate(handle), 'restore'));
      for (const word of ['hold-with-2', 'accept']) {
        const open = await until(`a gate with ${word}`, async () => {
          const gate = await openGate(handle, 'accepted-risk');
          return gate.choices.some((choice) => choice.startsWith(word)) ? gate : undefined;
        });
        if (word === 'accept') estate.before = (name) => void (name === 'admitServices' && estate.dead.delete('ap-southeast-1'));
        await vote(handle, choiceWith(open, word), electorate.slice(0, 2), open.gate);
      }
      shown = (await openGate(handle, 'acceptance')).evidence.join('\n');
      await vote(handle, 'discard', electorate.slice(0, 2), 'acceptance');
    });
    expect(shown).toContain('ap-southeast-1 ANSWERS AGAIN, or may.');
    expect(shown).not.toContain('us-east-1 ANSWERS AGAIN');
  });

  it('restores anew where people choose that of what an earlier run has opened', async () => {
    const earlier = 'recovery/erlmcp-production@earlier';
    estate.restores.at.set(site, { by: earlier, job: 'earlier', set: 'full-1', point: '2026-01-01T00:00:00Z', stage: 'accepted', stopped: true });
    const report = await run();
    expect(report.outcome, report.summary).toBe('recovered with exceptions');
    expect(estate.changes()).toContain('restoreDatabase');
    expect(estate.changes()).not.toContain('discardRestored');
    expect(estate.restores.at.get(site)?.by).not.toBe(earlier);
  });

  it.each<[string, Partial<{ from: readonly string[]; at: string }>, string]>([
    ['a copy that was not named as failed', { from: ['us-east-1'] }, 'eu-central-1, ap-southeast-1 keeps a copy of the data'],
    ['a site without a copy', { from: [...copies, 'dr'] }, 'dr keeps no copy of the data'],
    ['another site first', { from: copies.toReversed() }, 'customers are served at us-east-1'],
    ['a target where nothing is restored', { at: 'eu-central-1' }, 'eu-central-1 is not a target of coldStart'],
    ['a site that nobody knows', { at: 'mars' }, 'mars is not a target of coldStart'],
  ])('is refused before anything is touched: %s', async (_what, change, words) => {
    await rig.with(estate, async () => {
      const handle = await startRun(coldStart, change);
      await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining(words) } });
    });
    expect(estate.calls).toEqual([]);
  });
});

describe('the gate', () => {
  it('shows each site, the newest moment with its loss, the bytes, what is not restored, and the way back', async () => {
    const { plan: of } = plan;
    await rig.with(estate, async () => {
      const handle = await startRun(coldStart);
      const gate = await openGate(handle);
      expect(gate.question).toBe(`Build ${of.estate.name} at dr from its backups?`);
      const evidence = gate.evidence.join('\n');
      for (const copy of places.failed) expect(evidence).toContain(`${copy}: failed`);
      expect(evidence).toMatch(/Newest moment that dr can be restored to: \S+Z\. Loss then: at most \d+ s/);
      expect(evidence).toContain('60.0 GB and 1.0 GB of log, and how long that takes is not known; the RTO of the whole is 4 h 00 min.');
      expect(evidence).toMatch(/With it comes the cache of \S+Z \(dump-2, 500 MB\), 3 min 00 s before the database\. Loss of the cache then: at most \d+ s/);
      expect(gate.choices.join('\n')).toMatch(
        /^restore \d{4}-.*Z: fence us-east-1, eu-central-1, ap-southeast-1, restore dr to that moment, with the snapshots of the cache, the sessions and the application that go with it/m,
      );
      expect(evidence).toMatch(/With it comes the version of the application of \S+Z \(release-2, 40\.0 MB\), 3 min 00 s before the database/);
      expect(evidence).toMatch(/With it comes the version of the sessions of \S+Z \(export-2, 10\.0 MB\)/);
      expect(gate.choices.join('\n')).toMatch(/^restore-without-cache \d{4}-.*Z: .*; the cache starts empty, and route customers/m);
      await vote(handle, 'reject');
      await endOf(handle);
    });
  });
});

it('a dry run shows what it would do, and changes nothing', async () => {
  const report = await rig.with(estate, async () => endOf(await startRun(coldStart, { mode: 'dry-run' })));
  expect(report.summary).toContain('Dry run: nothing was changed. A live run would build erlmcp-production at dr from its backups.');
  expect(estate.changes()).toEqual([]);
  const told = report.timeline.map(({ text }) => text).join('\n');
  expect(told).toContain('restore the database at dr from full-1 to');
  expect(told).toContain('Would mail the stakeholders that the cold start at dr is done.');
});
