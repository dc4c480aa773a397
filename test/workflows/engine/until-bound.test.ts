/** Goal: what is transient is tried again until the step's bound, what is not is for people at once. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { seconds } from '../../../plan/durations.ts';
import type { Report } from '../../../report/report.ts';
import { statusQuery } from '../../../workflows/wire/messages.ts';
import { electorate, endOf, estate, type Handle, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { outageClock } from '../../../report/clock-words.ts';

useFailovers();

const throttled = () => ApplicationFailure.retryable('Changing erlmcp.example.com did not work: TooManyRequestsException: Rate exceeded.', 'transient');
const noSwitch = ApplicationFailure.nonRetryable('no switch is prepared', 'refused');

/** What fails from the first time that it is called on, for so many seconds of the server's clock; gives the times of all tries. */
function failsFor(name: string, forSeconds: number, failure: () => Error = throttled, meanwhile: () => Promise<void> = async () => undefined): number[] {
  const tries: number[] = [];
  estate.before = async (called) => {
    if (called !== name) return;
    const now = (await rig.env.currentTimeMs()) / 1000;
    tries.push(now);
    if (now - (tries[0] ?? now) >= forSeconds) return;
    await meanwhile();
    throw failure();
  };
  return tries;
}

async function failover(): Promise<Report> {
  return rig.with(estate, async () => {
    const handle = await start();
    await vote(handle, 'approve');
    return endOf(handle);
  });
}

const stepOf = (report: Report, id: string) => report.steps.find((step) => step.id === id);

describe('what is transient', () => {
  it('is tried again until it heals: Route 53 that throttles for 30 s is waited for, and the step says so', async () => {
    let handle: Handle | undefined;
    const said: string[] = [];
    estate.failOnce('throwSwitch', noSwitch, 99);
    const tries = failsFor('changeRecord', 30, throttled, async () => {
      const status = await handle?.query(statusQuery);
      said.push(status?.steps.find(({ id }) => id === 'route-traffic')?.evidence ?? '');
    });
    const report = await rig.with(estate, async () => {
      handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(outageClock(report)?.routingMethod).toBe('control-plane');
    expect((tries.at(-1) ?? 0) - (tries[0] ?? 0)).toBeGreaterThanOrEqual(30);
    expect(said.at(-1)).toMatch(/^The route is tried again, for \d+ s so far and until \d\d:\d\d:\d\dZ at the latest: .*TooManyRequestsException/);
    expect(report.timeline.filter(({ text }) => text.startsWith('Routing by'))).toHaveLength(2);
  });

  it('is tried again whatever the change is, with pauses that grow and are never the same twice', async () => {
    const tries = failsFor('promoteDatabase', 20);
    expect((await failover()).outcome).toBe('recovered');
    const pauses = tries.map((at, index) => at - (tries[index - 1] ?? at)).slice(5);
    expect(new Set(pauses.map((pause) => pause.toFixed(2))).size).toBe(pauses.length);
    expect(pauses.length).toBeGreaterThan(1);
  });

  it('is for people once the step has no time left', async () => {
    const tries = failsFor('promoteDatabase', Infinity);
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await rig.env.sleep('2 minutes');
      const gate = await openGate(handle, 'failed-step');
      expect(gate.evidence[0]).toContain('TooManyRequestsException');
      estate.before = () => undefined;
      await vote(handle, 'retry', electorate.slice(0, 2), gate.gate);
      expect((await endOf(handle)).outcome).toBe('recovered');
    });
    const bound = seconds(plan.plan.procedures.regionalFailover.steps.find(({ id }) => id === 'promote-database')?.bound ?? '');
    const lasted = (tries.at(-1) ?? 0) - (tries[0] ?? 0);
    expect(lasted).toBeGreaterThan(bound - 20);
    expect(lasted).toBeLessThan(bound);
  });

  it('does not keep the next method of the same step waiting', async () => {
    estate.failOnce('throwSwitch', throttled(), 999);
    const report = await failover();
    expect(outageClock(report)?.routingMethod).toBe('control-plane');
    expect(stepOf(report, 'route-traffic')?.durationSeconds).toBeLessThan(15);
  });

  it('does not keep a claim waiting that a majority has stored', async () => {
    estate.before = (name, { site }) => {
      if (name === 'claimEpoch' && site === 'ap-southeast-1') throw throttled();
    };
    const report = await failover();
    expect(stepOf(report, 'claim-epoch')?.durationSeconds).toBeLessThan(10);
  });

  it('asks no site again that has stored the epoch', async () => {
    const asked = new Map<string, number>();
    estate.before = (name, { site }) => {
      if (name !== 'claimEpoch' || !site) return;
      const times = (asked.get(site) ?? 0) + 1;
      asked.set(site, times);
      if (site !== 'eu-central-1' && times <= 8) throw throttled();
    };
    expect((await failover()).outcome).toBe('recovered');
    expect(asked.get('eu-central-1')).toBe(1);
    expect(asked.get('dr')).toBe(9);
  });
});

describe('what is not transient', () => {
  it('is for people at once', async () => {
    const tries = failsFor('promoteDatabase', Infinity, () => ApplicationFailure.nonRetryable('AccessDenied', 'permanent'));
    await atGate();
    expect(tries).toHaveLength(1);
  });

  it('and that nobody has foreseen is tried five times, as a fault of our own may be', async () => {
    const tries = failsFor('promoteDatabase', Infinity, () => new TypeError('undefined is not a function'));
    await atGate();
    expect(tries).toHaveLength(5);
  });
});

async function atGate(): Promise<void> {
  await rig.with(estate, async () => {
    const handle = await start();
    await vote(handle, 'approve');
    await rig.env.sleep('2 minutes');
    const gate = await openGate(handle, 'failed-step');
    await vote(handle, 'abort', electorate.slice(0, 2), gate.gate);
    await endOf(handle);
  });
}
