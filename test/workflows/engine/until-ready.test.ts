/** Goal: what needs a moment is waited for as long as its step may take, and what is wrong is put to people at once. Method: the procedure on the model, skipped time. */
import { describe, expect, it } from 'vitest';
import type { Report, StepRecord } from '../../../report/report.ts';
import { statusQuery } from '../../../workflows/wire/messages.ts';
import { endOf, estate, type Handle, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { until } from '../../support/until.ts';

useFailovers();

const stepOf = ({ steps }: Pick<Report, 'steps'>, id: string) => steps.find((step) => step.id === id) as StepRecord;

/** What a step said while it was under way. */
function saidWhileRunning(handle: Handle, id: string): Promise<string> {
  return until(`${id} says what it waits for`, async () => {
    const { steps } = await handle.query(statusQuery);
    return steps.find((step) => step.id === id && step.result === 'running' && step.evidence.includes('waits for'))?.evidence;
  });
}

describe('a service that needs a moment', () => {
  it('is waited for after its start, which says so meanwhile, and nobody is asked', async () => {
    estate.notReady.set('service', 4);
    const { report, said } = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      const looked = saidWhileRunning(handle, 'start-services');
      return { said: await looked, report: await endOf(handle) };
    });
    expect(said).toMatch(/^active; waits for connect ECONNREFUSED, \d+ s so far$/);
    expect(report.outcome).toBe('recovered');
    expect(report.gates).toHaveLength(1);
    expect(stepOf(report, 'start-services').evidence).toMatch(/^active; \/health answers, after \d+ s$/);
  });

  it('is waited for by each verification, also the uptime', async () => {
    for (const what of ['uptime', 'customer-api', 'analytics']) estate.notReady.set(what, 3);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.gates).toHaveLength(1);
    expect(report.functions.map(({ status }) => status)).not.toContain('failed');
  });

  it.each([
    ['service', 'start-services'],
    ['customer-api', 'verify-first-tier'],
    ['uptime', 'verify-first-tier'],
  ])('and never comes (%s) is put to people when the bound of %s is nearly over, with what was waited for', async (what, id) => {
    estate.notReady.set(what, Infinity);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      return endOf(handle); // nobody answers the question
    });
    expect(report.gates.map(({ gate }) => gate)).toEqual([expect.stringMatching(/^activation/), expect.stringMatching(/^failed-step/)]);
    expect(stepOf(report, id).evidence).toMatch(/not ready/);
    expect(stepOf(report, id).durationSeconds).toBeGreaterThan(25);
  });
});

describe('a service that is wrong', () => {
  it('is put to people without waiting for the bound', async () => {
    estate.brokenFunctions.set('customer-api', 'Its table payments has 990 rows of 1000.');
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await vote(handle, 'abort', undefined, 'failed-step');
      return endOf(handle);
    });
    expect(stepOf(report, 'verify-first-tier').durationSeconds).toBeLessThan(10);
  });
});
