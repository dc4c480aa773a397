/** Where a run is, as people and programs are told while it goes on. */
import { clockTime, seconds } from '../../plan/durations.ts';
import { forecast, rtoEndsAt, servedFunctions, strictestRto } from '../../plan/rules/objectives.ts';
import { expectedRoutingSeconds, secondsAhead } from '../../plan/rules/waits.ts';
import type { Outcome, Phase, RefusalRecord } from '../../report/report.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { RunStatus } from '../wire/messages.ts';
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
    refused: refusedLines(run.refusals),
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

/** In the order in which they came; those that are only counted in one line, which stands last as their latest does. */
function refusedLines({ entries, beyond }: Run['refusals']): string[] {
  const line = ({ at, name, channel, who, note }: RefusalRecord) => `${clockTime(at)} ${who || 'somebody'}, ${name} by ${channel}: ${note}`;
  return [...entries.map(line), ...(beyond ? [`${beyond.count} more since ${clockTime(beyond.first.at)}, the latest: ${line(beyond.last)}`] : [])];
}

/** Silence never means yes. At the activation gate nothing has been changed yet; at every other one the run leaves what its ending leaves. */
export function ifNobodyDecides(gate: string, leftAs: string): string {
  return gate.startsWith('activation-')
    ? 'the run stands down and changes nothing'
    : `the run ends: ${leftAs.charAt(0).toLowerCase()}${leftAs.slice(1).replace(/\.$/, '')}`;
}

/** The clock against the strictest function; once customers are routed, what was achieved. A run that ends without them has nothing to foretell. */
function forecastOf(run: Run, facts: RecoveryFacts): string {
  const { authoritativeAt: routed, failedSince = null, ttlSeconds = 0 } = facts.moments;
  const rtoSeconds = strictestRto(servedFunctions(run.plan));
  if (routed) {
    const servedAt = new Date(Date.parse(routed) + ttlSeconds * 1000).toISOString();
    return forecast({ failedSince, now: servedAt, rtoSeconds, remainingSeconds: 0, aheadSeconds: 0 });
  }
  if (failedSince !== null && endings.includes(run.phase)) return 'customers are not routed by this run';
  const { dns } = run.plan.estate;
  const aheadSeconds = secondsAhead(run.procedure.steps, 'route-traffic', run.steps, now()) + seconds(dns.ttl);
  return forecast({ failedSince, now: now(), rtoSeconds, remainingSeconds: expectedRoutingSeconds(dns), aheadSeconds });
}

const endings: readonly Phase[] = ['undoing', 'closing', 'ended'];
