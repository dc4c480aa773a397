/** Goal: a run says of the public name what is so, before it begins and at its end. Method: a real worker, skipped time, every execution replayed. */
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { milliseconds } from '../../../plan/durations.ts';
import { endOf, electorate, estate, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { until } from '../../support/until.ts';
import { outageClock } from '../../../report/clock-words.ts';

useFailovers();

const ipv6 = 'AAAA erlmcp.example.com still leads to 2001:db8::1, which no step changes: customers that use IPv6 go there.';
const target = 'eu-central-1';

/** A failover that people approve, and what stood at its gate. */
async function failover() {
  return rig.with(estate, async () => {
    const handle = await start();
    const { evidence } = await openGate(handle);
    await vote(handle, 'approve');
    return { report: await endOf(handle), evidence };
  });
}

describe('a run', () => {
  it('names at the gate what stands beside the route, and again at its end as an exception', async () => {
    estate.records = { obstacles: [], differences: ['The primary record of erlmcp.example.com has 2 values.'], beside: [ipv6] };
    const { report, evidence } = await failover();
    expect(evidence).toContain(ipv6);
    expect(evidence).toContain('The primary record of erlmcp.example.com has 2 values.');
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions).toEqual([ipv6]);
  });

  it('looks at the name again while people decide: its lines are of the time that stands beside them', async () => {
    const obstacle = 'erlmcp.example.com is a CNAME to front.example.net, which no run can change.';
    estate.records = { obstacles: [], differences: [ipv6], beside: [] };
    const gate = await rig.with(estate, async () => {
      const handle = await start();
      const { evidenceAt } = await openGate(handle);
      estate.records = { obstacles: [obstacle], differences: [], beside: [] };
      await rig.env.sleep(milliseconds(plan.plan.estate.detection.evidenceMaxAge) + 1000);
      const renewed = await until('the evidence is renewed', async () => {
        const open = await openGate(handle);
        return open.evidenceAt === evidenceAt ? undefined : open;
      });
      await vote(handle, 'reject');
      await endOf(handle);
      return renewed;
    });
    expect(gate.evidence).toContain(`No run can route customers: ${obstacle}`);
    expect(gate.evidence).not.toContain(ipv6);
  });

  it('names before the fence what no run can route', async () => {
    estate.records = { obstacles: ['erlmcp.example.com is a CNAME to front.example.net, which no run can change.'], differences: [], beside: [] };
    const gate = await rig.with(estate, async () => {
      const handle = await start();
      const { evidence } = await openGate(handle);
      const changed = estate.changes();
      await vote(handle, 'reject');
      await endOf(handle);
      return { evidence, changed };
    });
    expect(gate.evidence).toContain('No run can route customers: erlmcp.example.com is a CNAME to front.example.net, which no run can change.');
    expect(gate.changed).toEqual([]);
  });

  it('is recovered where the records could not be looked at, and says that they were not', async () => {
    estate.records = { unseen: 'no answer in time', obstacles: [], differences: [], beside: [] };
    const { report, evidence } = await failover();
    expect(evidence).toContain('The records of the public name could not be looked at: no answer in time');
    expect(report.outcome).toBe('recovered');
    expect(report.timeline.map(({ text }) => text)).toContain('What else stands at erlmcp.example.com was not seen: no answer in time');
  });

  it('does not stop at a route that nothing can change and that leads there already, and says who keeps it there', async () => {
    estate.route = target;
    estate.failOnce('throwSwitch', ApplicationFailure.nonRetryable('no switch is prepared', 'refused'), 99);
    estate.failOnce('changeRecord', ApplicationFailure.nonRetryable('the zone is not ours', 'permanent'), 99);
    const { report } = await failover();
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions).toEqual([
      expect.stringMatching(
        /^erlmcp\.example\.com leads to eu-central-1 already, and this run could not see to it that it stays so: data-plane: no switch is prepared/,
      ),
    ]);
    expect(outageClock(report)?.routingMethod).toBe('none');
    expect(report.clock?.totalSeconds).toBeTypeOf('number');
    expect(estate.nameWatched).toBe(true);
  });

  it('does not hold a name against the service that people chose not to route', async () => {
    estate.failOnce('throwSwitch', ApplicationFailure.nonRetryable('no switch is prepared', 'refused'), 99);
    estate.failOnce('changeRecord', ApplicationFailure.nonRetryable('the zone is not ours', 'permanent'), 99);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      for (const step of ['Route the traffic', 'Verify as a customer']) {
        const gate = await openGate(handle, 'failed-step');
        expect(gate.question).toContain(step);
        await vote(handle, 'skip', electorate.slice(0, 2), gate.gate);
      }
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered with exceptions');
    expect(estate.nameWatched).toBe(false);
  });
});
