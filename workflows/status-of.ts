/** Where a run is, as people and programs are told while it goes on. */
import { clockTime } from '../plan/durations.ts';
import { forecast, rtoEndsAt, servedFunctions, strictestRto } from '../plan/rules/objectives.ts';
import { expectedRoutingSeconds } from '../plan/rules/waits.ts';
import type { Outcome } from '../report/report.ts';
import type { RecoveryFacts } from './facts.ts';
import type { RunStatus } from './messages.ts';
import { now } from './clock.ts';
import type { Run } from './run.ts';

export function statusOf(run: Run, facts: RecoveryFacts, outcome: Outcome | null): RunStatus {
  const failedSince = facts.moments.failedSince ?? null;
  const pendingSteps = run.pendingSteps();
  const gate = run.desk.view();
  return {
    runId: run.start.runId,
    estate: run.planSnapshot?.plan.estate.name ?? '',
    procedure: run.start.procedure,
    mode: run.start.mode,
    phase: run.phase,
    from: facts.from,
    to: facts.to,
    startedAt: run.start.startedAt,
    at: now(),
    epoch: run.epoch,
    stopped: run.stopped,
    forecast: run.planSnapshot ? forecastOf(run, facts) : 'no clock yet',
    rtoEndsAt: run.planSnapshot ? rtoEndsAt(failedSince, strictestRto(servedFunctions(run.plan))) : null,
    failedSince,
    gate,
    ifNobodyDecides: gate && ifNobodyDecides(gate.gate, run.leftAs),
    refusedVotes: run.desk.refusals.map((vote) => `${clockTime(vote.at)} ${vote.who || 'somebody'} by ${vote.channel}: ${vote.note}`),
    steps: run.steps,
    pendingSteps,
    pendingStepNames: pendingSteps.map((id) => run.procedure.steps.find((step) => step.id === id)?.name ?? id),
    loss: facts.loss,
    changes: run.changes,
    exceptions: run.exceptions,
    leftovers: facts.leftovers,
    timeline: run.timeline,
    outcome,
  };
}

/** Silence never means yes. At the activation gate nothing has been changed yet; at every other one the run leaves what its ending leaves. */
export function ifNobodyDecides(gate: string, leftAs: string): string {
  return gate.startsWith('activation-')
    ? 'the run stands down and changes nothing'
    : `the run ends: ${leftAs.charAt(0).toLowerCase()}${leftAs.slice(1).replace(/\.$/, '')}`;
}

/** The clock against the strictest function; once customers are routed, what was achieved. */
function forecastOf(run: Run, facts: RecoveryFacts): string {
  const routed = facts.moments.authoritativeAt;
  const remaining = routed ? 0 : expectedRoutingSeconds(run.plan.estate.dns);
  const at = routed ? new Date(Date.parse(routed) + (facts.moments.ttlSeconds ?? 0) * 1000).toISOString() : now();
  return forecast({
    failedSince: facts.moments.failedSince ?? null,
    now: at,
    rtoSeconds: strictestRto(servedFunctions(run.plan)),
    remainingSeconds: remaining,
  });
}
