/** Goal: the clock that people see promises nothing. Method: a run that is put at a point of its way, without a server. */
import { resolve } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadPlan } from '../../../plan/load.ts';
import type { PlanSnapshot } from '../../../plan/schema.ts';
import { newFacts, type RecoveryFacts } from '../../../workflows/estate/facts.ts';
import { outageStatus } from '../../../workflows/estate/outage.ts';
import { Run } from '../../../workflows/engine/run.ts';
import { statusOf } from '../../../workflows/engine/status-of.ts';

const snapshot: PlanSnapshot = await loadPlan(resolve(import.meta.dirname, '../../../plan/erlmcp'));
const failedSince = '2026-02-02T10:00:00.000Z';
const at = '2026-02-02T10:05:00.000Z';

let run: Run;
let facts: RecoveryFacts;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse(at) });
  run = new Run({
    runId: 'recovery/erlmcp-production',
    execution: 'recovery/erlmcp-production@1',
    procedure: 'regionalFailover',
    firstPhase: 'detecting',
    beginsAt: 'activation',
    places: { failed: ['us-east-1'], source: 'us-east-1', target: 'eu-central-1' },
    mode: 'live',
    startedBy: 'carol-brown',
    startedAt: at,
  });
  run.use(snapshot);
  facts = newFacts([], {});
  facts.moments.failedSince = failedSince;
  return () => vi.useRealTimers();
});

/** Everything before this step is done. */
function doneBefore(id: string): void {
  const { steps } = run.procedure;
  const done = steps.slice(
    0,
    steps.findIndex((step) => step.id === id),
  );
  for (const step of done) run.record.end(run.record.begin(step, 'promoting'), { result: 'done', evidence: '', waitedSeconds: () => 0 });
}

describe('the forecast', () => {
  it('counts the bounds of the steps up to the route, and the TTL after it', () => {
    doneBefore('verify-first-tier');
    // 40 s and 20 s to verify, 2 min to route, 30 s of TTL, after 5 min.
    expect(statusOf(run, outageStatus(run, facts), null).forecast).toBe(
      'within RTO so far: 5 min 00 s of 30 min 00 s; at most 8 min 30 s by the bounds of the steps ahead',
    );
  });

  it('is what was achieved once customers are routed', () => {
    facts.moments.authoritativeAt = at;
    facts.moments.ttlSeconds = 30;
    expect(statusOf(run, outageStatus(run, facts), null).forecast).toBe('within RTO: 5 min 30 s of 30 min 00 s');
    expect(statusOf(run, outageStatus(run, facts), 'recovered').forecast).toBe('within RTO: 5 min 30 s of 30 min 00 s');
  });

  it('foretells nothing of a run that ends without routing', () => {
    for (const phase of ['undoing', 'closing', 'ended'] as const) {
      run.enter(phase);
      expect(statusOf(run, outageStatus(run, facts), null).forecast).toBe('customers are not routed by this run');
    }
  });

  it('has no clock without a failure', () => {
    delete facts.moments.failedSince;
    expect(statusOf(run, outageStatus(run, facts), 'stood down').forecast).toBe('no clock: no failure is on record');
  });
});

it('pending steps are told by id and by name', () => {
  doneBefore('store-report');
  expect(statusOf(run, outageStatus(run, facts), null)).toMatchObject({ pendingSteps: ['store-report'], pendingStepNames: ['Store a copy of the report'] });
});
