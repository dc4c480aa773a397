/** Makes the report of a run from what was recorded. Pure. */
import { seconds } from '../plan/durations.ts';
import { costOfDowntime, servedFunctions } from '../plan/rules/objectives.ts';
import type { Plan } from '../plan/schema.ts';
import type { FunctionRecord, Loss, Outcome, Report } from '../report/report.ts';
import { achievedRto, split } from './clock.ts';
import type { RecoveryFacts } from './facts.ts';
import type { Run } from './run.ts';

/** The report as it stands; complete once the run has ended. */
export function reportOf(run: Run, facts: RecoveryFacts, outcome: Outcome, summary: string): Report {
  const { plan } = run;
  const loss: Loss = facts.loss ?? { kind: 'unknown', reason: 'nothing was promoted, so nothing was lost by this run' };
  return {
    runId: run.start.runId,
    estate: plan.estate.name,
    procedure: run.start.procedure,
    mode: run.start.mode,
    outcome,
    summary,
    plan: { name: plan.plan.name, version: plan.plan.version, digest: run.planSnapshot?.digest ?? '' },
    from: facts.from,
    to: facts.to,
    startedBy: run.start.startedBy,
    startedAt: run.start.startedAt,
    endedAt: new Date().toISOString(),
    epoch: run.epoch,
    clock: split(facts.moments, run.peopleSeconds),
    loss,
    exceptions: run.exceptions,
    leftovers: facts.leftovers,
    servers: { predicted: facts.predicted, observed: facts.observed },
    functions: functionRecords(plan, facts, loss),
    steps: run.steps,
    gates: run.desk.records,
    timeline: run.timeline,
    changes: run.changes,
  };
}

function functionRecords(plan: Plan, facts: RecoveryFacts, loss: Loss): FunctionRecord[] {
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
      rpoSeconds: { target: seconds(entry.rpo), achieved: loss },
      ...(cost ? { cost } : {}),
      differences: verdict?.differences ?? [],
    };
  });
}
