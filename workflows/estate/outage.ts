/** An outage in the status and in the report of a run: the clock, what is lost, who can write, and how each function fares. */
import { recoveryOf } from '../../plan/catalogue/index.ts';
import { seconds } from '../../plan/durations.ts';
import { worstLoss } from '../../plan/rules/loss.ts';
import { costOfDowntime, forecast, rtoEndsAt, servedFunctions, strictestRto } from '../../plan/rules/objectives.ts';
import { expectedRoutingSeconds, secondsAhead } from '../../plan/rules/waits.ts';
import type { Plan } from '../../plan/schema.ts';
import type { FunctionRecord, Loss, Phase } from '../../report/report.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import type { ReportPart, StatusPart } from '../engine/procedure.ts';
import { achievedRto, split } from './clock.ts';
import type { RecoveryFacts } from './facts.ts';

export function outageStatus(run: Course, facts: RecoveryFacts): StatusPart {
  const failedSince = facts.moments.failedSince ?? null;
  return {
    forecast: run.planSnapshot ? forecastOf(run, facts) : 'no clock yet',
    rtoEndsAt: run.planSnapshot ? rtoEndsAt(failedSince, strictestRto(servedFunctions(run.plan))) : null,
    failedSince,
    loss: facts.loss,
    lossOf: 'the database',
  };
}

export function outageReport(run: Course, facts: RecoveryFacts): ReportPart {
  return {
    clock: split(facts.moments, run.peopleSeconds),
    loss: worstLoss(allLosses(run.plan, facts)),
    servers: { predicted: facts.predicted, observed: facts.observed },
    functions: functionRecords(run.plan, facts),
  };
}

/** The clock against the strictest function; once customers are routed, what was achieved. A run that ends without them has nothing to foretell. */
function forecastOf(run: Course, facts: RecoveryFacts): string {
  const { authoritativeAt: routed, failedSince = null, ttlSeconds = 0 } = facts.moments;
  const rtoSeconds = strictestRto(servedFunctions(run.plan));
  if (routed) {
    const servedAt = new Date(Date.parse(routed) + ttlSeconds * 1000).toISOString();
    return forecast({ failedSince, now: servedAt, rtoSeconds, remainingSeconds: 0, aheadSeconds: 0 });
  }
  if (failedSince !== null && endings.includes(run.phase)) return 'customers are not routed by this run';
  const { dns } = run.plan.estate;
  const aheadSeconds = secondsAhead(run.procedure.steps, recoveryOf(run.start.procedure).routes, run.record.steps, now()) + seconds(dns.ttl);
  return forecast({ failedSince, now: now(), rtoSeconds, remainingSeconds: expectedRoutingSeconds(dns), aheadSeconds });
}

const endings: readonly Phase[] = ['undoing', 'closing', 'ended'];

const notCounted: Loss = { kind: 'unknown', reason: 'it was not counted' };
const databaseLoss = (facts: RecoveryFacts): Loss => facts.loss ?? notCounted;
const cacheLoss = (facts: RecoveryFacts): Loss => facts.cacheLoss ?? notCounted;
const allLosses = (plan: Plan, facts: RecoveryFacts): readonly Loss[] => [databaseLoss(facts), ...(plan.estate.cache === undefined ? [] : [cacheLoss(facts)])];

/** A function loses what its stores lose; one that names none is held to all of them. */
function lossOf(plan: Plan, facts: RecoveryFacts, id: string): Loss {
  const probe = plan.estate.functionProbes.find((entry) => entry.function === id);
  const stores = [...(probe?.tables.length ? [databaseLoss(facts)] : []), ...(probe?.cacheKeys.length ? [cacheLoss(facts)] : [])];
  return worstLoss(stores.length > 0 ? stores : allLosses(plan, facts));
}

function functionRecords(plan: Plan, facts: RecoveryFacts): FunctionRecord[] {
  return servedFunctions(plan).map((entry) => {
    const verdict = facts.verdicts.get(entry.id);
    const green = verdict && verdict.status !== 'failed' ? verdict.at : undefined;
    const achieved = achievedRto(facts.moments, green);
    const cost = achieved === 'not reached' ? undefined : costOfDowntime(entry.annualCostOfDowntime, achieved);
    return {
      id: entry.id,
      name: entry.name,
      tier: entry.tier,
      status: verdict?.status ?? 'not verified',
      rtoSeconds: { target: seconds(entry.rto), achieved },
      rpoSeconds: { target: seconds(entry.rpo), achieved: lossOf(plan, facts, entry.id) },
      ...(cost ? { cost } : {}),
      differences: verdict?.differences ?? [],
    };
  });
}
