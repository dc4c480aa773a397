/** Steps that judge the recovered service by content, before and after it gets traffic. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { FunctionVerdict } from '../../activities/verification/port.ts';
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { servedFunctions } from '../../plan/rules/objectives.ts';
import { customerSeconds } from '../../plan/rules/waits.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { StepTools } from '../activity-proxies.ts';
import type { RecoveryFacts } from '../facts.ts';
import { type LookAtChange, now, type Run } from '../run.ts';
import { databaseSites } from '../sites.ts';

/** Step: every function at the target, tier by tier, judged by what it answers and by what its stores hold. */
export function verifyFunctions(run: Run, facts: RecoveryFacts): LookAtChange<readonly FunctionVerdict[]> {
  return {
    would: `verify every function at ${facts.to} by content`,
    predicted: [],
    act: async (tools) => {
      const reference = await referenceSite(run, facts, tools);
      const functions = servedFunctions(run.plan);
      const verdicts: FunctionVerdict[] = [];
      for (const tier of [...new Set(functions.map((entry) => entry.tier))]) {
        const ofTier = functions.filter((entry) => entry.tier === tier);
        verdicts.push(...(await Promise.all(ofTier.map((entry) => tools.read.verifyFunction(input(run, facts.to, entry.id, reference))))));
        const failed = record(facts, verdicts).filter((verdict) => verdict.status === 'failed');
        if (failed.length > 0) throw notFit(facts.to, failed, 'No traffic was routed.');
      }
      const uptime = await tools.read.verifyUptime({ run: run.context(), site: facts.to });
      if (!uptime.ok) throw notFit(facts.to, [{ function: 'uptime', status: 'failed', differences: [uptime.detail], at: now() }], 'No traffic was routed.');
      facts.moments.readyAt = now();
      return verdicts;
    },
    found: describeVerdicts,
  };
}

/** Step: every function once more, by the public name, as a customer finds it. */
export function verifyAsCustomer(run: Run, facts: RecoveryFacts): LookAtChange<readonly FunctionVerdict[]> {
  const withinSeconds = customerSeconds(run.plan.estate.dns);
  return {
    would: `verify every function as a customer finds it, at ${facts.to}`,
    predicted: [],
    act: async ({ read }) => {
      const verdicts = await read.verifyAsCustomer({ run: run.context(), site: facts.to, withinSeconds });
      const failed = recordChanges(facts, verdicts).filter((verdict) => verdict.status === 'failed');
      if (failed.length > 0) throw notFit(facts.to, failed, 'Customers are routed there already, and stay so.');
      return verdicts;
    },
    found: describeVerdicts,
    otherwise: [],
  };
}

/** Step: the service is watched for the plan's time; a relapse is for people. */
export function watchService(run: Run, facts: RecoveryFacts): LookAtChange<{ readonly relapsed: boolean; readonly detail: string }> {
  return {
    would: `watch the service at ${facts.to} for ${formatSeconds(seconds(run.procedure.watch))}`,
    predicted: { relapsed: false, detail: 'not watched in a dry run' },
    act: async ({ read }) => {
      const watch = await read.watchService({ run: run.context(), site: facts.to, forSeconds: seconds(run.procedure.watch) });
      if (!watch.relapsed) return watch;
      throw ApplicationFailure.nonRetryable(
        `The service at ${facts.to} has relapsed: ${watch.detail} Everything was left as it is. HINT: look at the service there, then choose retry to watch again.`,
        'permanent',
      );
    },
    found: (watch) => watch.detail,
    otherwise: { relapsed: false, detail: 'not watched' },
  };
}

/** A surviving standby to compare with: the first that answers and is not the target itself. */
async function referenceSite(run: Run, facts: RecoveryFacts, { read }: StepTools): Promise<SiteId | undefined> {
  const candidates = databaseSites(run.plan, facts.from).filter((site) => site !== facts.to);
  const states = await Promise.all(candidates.map((site) => read.readDatabase({ run: run.context(), site })));
  return states.find((state) => state.reachable)?.site;
}

function input(run: Run, site: SiteId, id: string, reference: SiteId | undefined) {
  return { run: run.context(), site, function: id, ...(reference === undefined ? {} : { reference }) };
}

function record(facts: RecoveryFacts, verdicts: readonly FunctionVerdict[]): readonly FunctionVerdict[] {
  for (const verdict of verdicts) facts.verdicts.set(verdict.function, verdict);
  return verdicts;
}

/** What customers find differs from what was found at the target; where it does not, the time of the first finding stays. */
function recordChanges(facts: RecoveryFacts, verdicts: readonly FunctionVerdict[]): readonly FunctionVerdict[] {
  record(
    facts,
    verdicts.filter((verdict) => verdict.status !== facts.verdicts.get(verdict.function)?.status),
  );
  return verdicts;
}

function notFit(site: SiteId, failed: readonly FunctionVerdict[], leftAs: string): ApplicationFailure {
  const named = failed.map((verdict) => `${verdict.function}: ${verdict.differences.join('; ')}`).join(' · ');
  return ApplicationFailure.nonRetryable(
    `${site} does not do its work: ${named}. ${leftAs} HINT: mend the data or the service there, then choose retry; or choose abort.`,
    'permanent',
  );
}

function describeVerdicts(verdicts: readonly FunctionVerdict[]): string {
  return verdicts
    .map((verdict) => `${verdict.function} ${verdict.status}${verdict.differences.length > 0 ? ` (${verdict.differences.join('; ')})` : ''}`)
    .join(', ');
}
