/** Goal: a vote counts for what its voter has seen, and a question can be answered however the evidence moves. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { milliseconds } from '../../../plan/durations.ts';
import { isGraver } from '../../../workflows/engine/gravity.ts';
import { approveSignal, type OpenGate, rejectSignal, resumeSignal, statusQuery, stopSignal, voteUpdate } from '../../../workflows/wire/messages.ts';
import { electorate, endOf, estate, type Handle, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { erlmcpPlan } from '../../support/plans.ts';
import { until } from '../../support/until.ts';

/** The plan lets people decide on evidence of five minutes, which leaves two looks before the deadline. */
useFailovers(async () => {
  const { digest, plan: own } = await erlmcpPlan();
  const detection = { ...own.estate.detection, evidenceMaxAge: 'PT1M' };
  return { digest, plan: { ...own, estate: { ...own.estate, detection } } };
});

const reason = 'seen the evidence';
const people = () => ({ first: electorate[0] ?? '', second: electorate[1] ?? '' });

/** Past the age at which the evidence is looked at again, until that has been done. */
async function nextLook(handle: Handle): Promise<OpenGate> {
  const { evidenceAt, evidence } = await openGate(handle);
  await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
  return until('the evidence is looked at again', async () => {
    const open = await openGate(handle);
    return open.evidenceAt !== evidenceAt || open.evidence[0] !== evidence[0] ? open : undefined;
  });
}

/** A survivor that may alone hold the last commits goes and comes. */
const good = () => void (estate.dead.delete('ap-southeast-1'), (estate.synchronousStandbys = synchronous));
const bad = () => void (estate.dead.add('ap-southeast-1'), (estate.synchronousStandbys = []));
let synchronous: typeof estate.synchronousStandbys = [];

const lossIn = ({ evidence }: OpenGate) => /eu-central-1: loss ([^;]*);/.exec(evidence.join(' '))?.[1];
const results = (handle: Handle) => handle.query(statusQuery).then(({ gate }) => gate?.votes.map(({ who, result }) => `${who} ${result}`));

describe('evidence that grows worse', () => {
  it('voids the votes of those who have not seen it so, and gives the question a new id', async () => {
    const { first: one, second: two } = people();
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const gate = await openGate(handle);
      await handle.signal(approveSignal, { gate: gate.gate, who: one, reason });
      bad();
      expect((await nextLook(handle)).gate).not.toBe(gate.gate);
      // Too late: this is the id of the better evidence.
      await handle.signal(approveSignal, { gate: gate.gate, who: two, reason });
      return endOf(handle);
    });
    expect(report.outcome).toBe('stood down');
    expect(report.gates[0]?.votes.map((entry) => entry.result)).toEqual(['void', 'refused']);
    expect(estate.changes()).toEqual([]);
  });

  it('that comes and goes never brings an id back, and voids no vote of somebody who has seen it at its worst', async () => {
    const { first: one, second: two } = people();
    synchronous = estate.synchronousStandbys;
    const { report, ids, votes } = await rig.with(estate, async () => {
      const handle = await start();
      const seen = [await openGate(handle)];
      bad();
      seen.push(await nextLook(handle));
      await handle.signal(approveSignal, { gate: seen[1]?.gate ?? '', who: one, reason });
      good();
      seen.push(await nextLook(handle));
      bad();
      seen.push(await nextLook(handle));
      expect(seen.map(lossIn).map((loss) => loss?.startsWith('at most'))).toEqual([false, true, false, true]);
      const stand = await results(handle);
      const last = seen.at(-1)?.gate ?? '';
      expect(await handle.executeUpdate(voteUpdate, { args: [{ gate: last, choice: 'approve', who: two, reason }] })).toMatchObject({
        counted: true,
        votes: 2,
      });
      await openGate(handle, 'accepted-risk').then(() => vote(handle, 'undo', [one, two], 'accepted-risk'));
      return { report: await endOf(handle), ids: seen.map(({ gate }) => gate), votes: stand };
    });
    expect(ids[2], 'better evidence is the same question').toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    expect(votes).toEqual([`${one} counted`]);
    expect(report.gates[0]?.decision).toBe('approve');
  });

  it('voids no vote against the failover, and lets none count again that was changed before', async () => {
    const { first: one, second: two } = people();
    const votes = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      await handle.signal(rejectSignal, { gate, who: two, reason });
      await handle.signal(approveSignal, { gate, who: two, reason });
      await handle.signal(rejectSignal, { gate, who: one, reason });
      bad();
      await nextLook(handle);
      const stand = await results(handle);
      await handle.signal(rejectSignal, { gate: (await openGate(handle)).gate, who: two, reason });
      expect((await endOf(handle)).gates[0]?.decision).toBe('reject');
      return stand;
    });
    expect(votes).toEqual([`${two} void`, `${two} void`, `${one} counted`]);
  });

  it.each([
    ['a figure grows', { figures: [1, 0], signs: [] }, { figures: [0.5, 0], signs: [] }, true],
    ['another falls beside it', { figures: [1, 0], signs: [] }, { figures: [0.5, 1], signs: [] }, true],
    ['all fall', { figures: [0, 0], signs: [] }, { figures: [0.5, 1], signs: [] }, false],
    ['unknown takes the place of a great figure', { figures: [Infinity], signs: [] }, { figures: [2_000_000], signs: [] }, true],
    ['something new speaks against it', { figures: [], signs: ['a', 'b'] }, { figures: [], signs: ['a'] }, true],
    ['only figures in a sentence change', { figures: [], signs: ['It is 12 bytes behind.'] }, { figures: [], signs: ['It is 7 bytes behind.'] }, false],
    [
      'a duration is told in other units',
      { figures: [], signs: ['The clock of east is 1 min 02 s behind'] },
      { figures: [], signs: ['The clock of east is 59 s behind'] },
      false,
    ],
    [
      'it is said of another site',
      { figures: [], signs: ['us-east-1 is 3 s off', 'us-east-2 is 3 s off'] },
      { figures: [], signs: ['us-east-1 is 3 s off'] },
      true,
    ],
    ['it is said of another address', { figures: [], signs: ['It gives 10.1.0.9.'] }, { figures: [], signs: ['It gives 10.0.0.9.'] }, true],
    ['something is gone', { figures: [], signs: [] }, { figures: [], signs: ['a'] }, false],
  ])('is worse or not when %s', (_, now, seen, worse) => {
    expect(isGraver(now, seen)).toBe(worse);
  });
});

describe('a choice that cannot be taken', () => {
  it('is refused with the reason as long as that is so; votes from before stay, and count when it is gone', async () => {
    const { first: one, second: two } = people();
    const other = estate.databases.get('ap-southeast-1');
    const { report, refused, blocked } = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      await handle.signal(approveSignal, { gate, who: one, reason });
      if (other) other.role = 'writer'; // by hand: two servers would write
      const held = await nextLook(handle);
      const answer = await handle
        .executeUpdate(voteUpdate, { args: [{ gate: held.gate, choice: 'approve', who: two, reason }] })
        .catch(({ cause }: Error) => (cause as Error).message);
      if (other) other.role = 'standby';
      const free = await nextLook(handle);
      expect(free.gate, 'nothing is worse than when the first voted').toBe(gate);
      expect(free.evidence.join(' ')).not.toContain('NOT NOW');
      await handle.signal(approveSignal, { gate, who: two, reason });
      return { report: await endOf(handle), refused: answer, blocked: held };
    });
    expect(blocked.evidence[0]).toMatch(/^NOT NOW: "approve" cannot be taken\. eu-central-1 cannot take over: The database at ap-southeast-1 is a primary/);
    expect(refused).toMatch(/^"approve" cannot be taken now: .*Your vote was not counted\. It is looked at again every 15 s;/);
    expect(report.outcome).toBe('recovered');
  });

  it('is not decided by votes that came during the look that found it, nor by the next one that is refused', async () => {
    const { first: one, second: two } = people();
    const third = electorate[2] ?? '';
    const other = estate.databases.get('ap-southeast-1');
    const { report, blocked, votes } = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      if (other) other.role = 'writer';
      estate.before = async (name) => {
        if (name !== 'lookAtRecords') return;
        estate.before = () => undefined;
        for (const who of [one, two]) await handle.signal(approveSignal, { gate, who, reason });
      };
      const held = await nextLook(handle);
      await handle.signal(approveSignal, { gate: held.gate, who: third, reason });
      await handle.signal(approveSignal, { gate: held.gate, who: 'a stranger', reason });
      const open = await openGate(handle);
      for (const who of electorate.slice(2, 4)) await handle.signal(rejectSignal, { gate: open.gate, who, reason: 'not like this' });
      return { report: await endOf(handle), blocked: held, votes: open.votes.map(({ who, result }) => `${who} ${result}`) };
    });
    expect(blocked.evidence[0]).toMatch(/^NOT NOW: "approve"/);
    expect(votes).toEqual([`${one} counted`, `${two} counted`, `${third} refused`, 'a stranger refused']);
    expect(report.gates[0]?.decision).toBe('reject');
    expect(estate.changes()).toEqual([]);
  });

  it('says why nobody could approve when the time is over', async () => {
    const other = estate.databases.get('ap-southeast-1');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      if (other) other.role = 'writer';
      return endOf(handle);
    });
    expect(report.summary).toContain(
      'nothing was changed. At its end nobody could approve: eu-central-1 cannot take over: The database at ap-southeast-1 is a primary',
    );
  });

  it('is taken by nobody where it is not certain any more that the site has failed; the question stays open', async () => {
    const { first: one, second: two } = people();
    const { report, unsure } = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      await handle.signal(approveSignal, { gate, who: one, reason });
      for (const kind of ['orchestrator', 'health-check'] as const) estate.blindKinds.add(kind);
      const held = await nextLook(handle);
      estate.blindKinds.clear();
      expect((await nextLook(handle)).gate).toBe(gate);
      await handle.signal(approveSignal, { gate, who: two, reason });
      return { report: await endOf(handle), unsure: held };
    });
    expect(unsure.evidence[0]).toMatch(/^NOT NOW: "approve" cannot be taken\. It is not certain that us-east-1 has failed\. Only /);
    expect(report.outcome).toBe('recovered');
  });
});

describe('what came while people decided', () => {
  it('a server that somebody promoted since the last look is put to them before anything is changed', async () => {
    const other = estate.databases.get('ap-southeast-1');
    const { report, asked } = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      if (other) other.role = 'writer';
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'retry', electorate.slice(0, 2), 'failed-step');
      const again = await until('it is asked again', async () => {
        const open = await openGate(handle, 'failed-step');
        return open.gate === gate.gate ? undefined : open;
      });
      await vote(handle, 'abort', electorate.slice(0, 2), again.gate);
      return { report: await endOf(handle), asked: gate };
    });
    expect(asked.evidence.join(' ')).toContain(
      'eu-central-1 can no longer take over. The database at ap-southeast-1 is a primary: two writers would be possible.',
    );
    expect(report.outcome).toBe('stood down');
    expect(estate.changes()).toEqual([]);
  });

  it('a target that died since is put to them before a site that people declared failed is fenced', async () => {
    const { asked, report } = await rig.with(estate, async () => {
      estate.dead.clear();
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      await openGate(handle);
      estate.dead.add('eu-central-1');
      await vote(handle, 'approve');
      const gate = await openGate(handle, 'failed-step');
      await vote(handle, 'abort', electorate.slice(0, 2), 'failed-step');
      return { asked: gate, report: await endOf(handle) };
    });
    expect(asked.evidence.join(' ')).toContain('eu-central-1 can no longer take over. Its database could not be read: no answer.');
    expect(report.outcome).toBe('stood down');
    expect(estate.changes()).toEqual([]);
    expect(estate.writers()).toEqual(['us-east-1']);
  });

  it('a target that only blinked is asked once more, and nobody is woken for it', async () => {
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      let asked = 0;
      estate.before = (name, { site }) => {
        if (!/^read(Database|Cache)$/.test(name) || site !== 'eu-central-1') return;
        asked += 1;
        // A look asks its database and its cache.
        if (asked === 1) estate.dead.add('eu-central-1');
        else if (asked === 3) estate.dead.delete('eu-central-1');
      };
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.gates.map(({ decision }) => decision)).toEqual(['approve']);
  });

  it('a declared site that works again voids the votes, and who stays is asked under a new id', async () => {
    const { first: one } = people();
    const gates = await rig.with(estate, async () => {
      const handle = await start({ declaredFailed: { reason: 'it answers with wrong data' } });
      const { gate } = await openGate(handle);
      await handle.signal(approveSignal, { gate, who: one, reason });
      estate.dead.clear();
      const next = await nextLook(handle);
      expect(await results(handle)).toEqual([`${one} void`]);
      await vote(handle, 'reject');
      await endOf(handle);
      return [gate, next.gate];
    });
    expect(new Set(gates).size).toBe(2);
  });

  it('evidence that cannot be renewed says so first', async () => {
    const { renewed, report } = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      estate.failOnce('lookAtRecords', ApplicationFailure.nonRetryable('the API key was locked out', 'permanent'));
      const old = await nextLook(handle);
      expect(old.evidence[0]).toMatch(/^NOT RENEWED since \d\d:\d\d:\d\dZ: the API key was locked out/);
      const fresh = await nextLook(handle);
      await vote(handle, 'reject');
      return { renewed: fresh, report: await endOf(handle) };
    });
    expect(renewed.evidence.join(' ')).not.toContain('NOT RENEWED');
    expect(report.outcome).toBe('stood down');
  });

  it('a newer run that has taken one of the sites ends this one, also beside a majority', async () => {
    estate.before = (name, { site }) => {
      if (name === 'claimEpoch' && site === 'ap-southeast-1') estate.epochs.set('ap-southeast-1', { epoch: 99, holder: 'recovery/newer' });
    };
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('aborted');
    expect(report.summary).toMatch(
      /^This run no longer holds the estate, so it ends, and what it has done stays as it is\. Its last call was refused: .* HINT: dr status shows/,
    );
    expect(estate.changes().filter((name) => name !== 'claimEpoch' && name !== 'claimZone')).toEqual([]);
  });

  it('an agent that was silent is asked again where people held the run since', async () => {
    const who = electorate[0] ?? '';
    const report = await rig.with(estate, async () => {
      const handle = await start();
      estate.before = (name) => (name === 'claimZone' ? handle.signal(stopSignal, { who, reason: 'wait for the network team' }) : undefined);
      await vote(handle, 'approve');
      await until('the run is held', async () => (await handle.query(statusQuery)).timeline.some((entry) => entry.text.startsWith('Held before')) || undefined);
      estate.before = () => undefined;
      estate.agentAnswers.add('us-east-1');
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      await handle.signal(resumeSignal, { who, reason: 'go' });
      return endOf(handle);
    });
    expect(
      estate.changes().find((name) => name.startsWith('fence')),
      'its watch would ask it only later',
    ).toBe('fenceByAgent');
    expect(report.outcome).toBe('recovered');
  });
});
