/** Makes the report of a run from what was recorded. Pure. */
import { seconds } from '../../plan/durations.ts';
import { costOfDowntime, servedFunctions } from '../../plan/rules/objectives.ts';
import type { Plan } from '../../plan/schema.ts';
import type { FunctionRecord, Loss, Outcome, Report } from '../../report/report.ts';
import { worstLoss } from '../../plan/rules/loss.ts';
import { reportBytesMax, within } from '../wire/bounds.ts';
import { achievedRto, split, now } from './clock.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { Run } from './run.ts';

/** The report as it stands; complete once the run has ended. */
export function reportOf(run: Run, facts: RecoveryFacts, ending: { readonly open: boolean; readonly outcome: Outcome; readonly summary: string }): Report {
  const { plan } = run;
  return within(reportBytesMax, {
    runId: run.start.runId,
    estate: plan.estate.name,
    procedure: run.start.procedure,
    mode: run.start.mode,
    ...ending,
    plan: { name: plan.plan.name, version: plan.plan.version, digest: run.planSnapshot?.digest ?? '' },
    from: facts.from,
    to: facts.to,
    startedBy: run.start.startedBy,
    startedAt: run.start.startedAt,
    endedAt: now(),
    epoch: run.epoch,
    pointOfNoReturnAt: run.pointOfNoReturnAt,
    clock: split(facts.moments, run.peopleSeconds),
    loss: worstLoss(allLosses(plan, facts)),
    exceptions: run.exceptions,
    leftovers: facts.leftovers,
    servers: { predicted: facts.predicted, observed: facts.observed },
    functions: functionRecords(plan, facts),
    steps: run.steps,
    gates: run.desk.records,
    refusals: { kept: run.refusals.entries, beyond: run.refusals.beyond },
    timeline: run.timeline,
    changes: run.changes,
  });
}

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
