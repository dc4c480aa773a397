/** Steps that judge the recovered service by content, before and after it gets traffic. */
import type { ApplicationFailure } from '@temporalio/workflow';
import type { Reads } from '../../activities/index.ts';
import type { CustomerVerdict, FunctionVerdict } from '../../activities/verification/port.ts';
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { servedFunctions } from '../../plan/rules/objectives.ts';
import { answerSeconds, customerSeconds } from '../../plan/rules/waits.ts';
import type { SiteId } from '../../plan/schema.ts';
import { failure } from '../engine/failures.ts';
import type { LookTools } from '../engine/activity-proxies.ts';
import { type Ask, untilReady } from '../engine/until-ready.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import type { LookAtChange } from '../engine/step-body.ts';
import { databaseSites } from '../estate/sites.ts';

const routedAlready = 'Customers are routed there already, and stay so.';

/** Step: the functions that the business cannot do without, and the uptime of the service, before anything is routed. */
export function verifyFirstTier(run: Course, facts: RecoveryFacts): LookAtChange<readonly FunctionVerdict[]> {
  const [first] = tiers(run);
  return {
    would: `verify the functions of tier ${first} at ${run.places.target} by content`,
    predicted: [],
    act: async (tools) => {
      const reference = await referenceSite(run, facts, tools);
      const [uptime, ...verdicts] = await untilReady(tools, answerSeconds(run.plan), [
        askUptime(run, facts, tools),
        ...askTier(run, facts, tools, first, reference),
      ]);
      record(facts, verdicts);
      mustPass(run.places.target, verdicts);
      if (uptime) mustPass(run.places.target, [uptime]);
      facts.moments.readyAt = now();
      return verdicts;
    },
    found: describeVerdicts,
  };
}

/** Step: the other functions, tier by tier. People may go on without one: every minute costs the functions that work. */
export function verifyLowerTiers(run: Course, facts: RecoveryFacts): LookAtChange<readonly FunctionVerdict[]> {
  return {
    would: `verify the other functions at ${run.places.target} by content`,
    predicted: [],
    act: async (tools) => {
      const verdicts: FunctionVerdict[] = [];
      facts.goneOnWithout = lowerFunctions(run); // until each has passed
      const reference = await referenceSite(run, facts, tools);
      for (const tier of tiers(run).slice(1)) {
        const asks = askTier(run, facts, tools, tier, reference);
        verdicts.push(...record(facts, await untilReady(tools, answerSeconds(run.plan), asks)));
      }
      facts.goneOnWithout = verdicts.flatMap((verdict) => (verdict.status === 'failed' ? [verdict.function] : []));
      mustPass(run.places.target, verdicts);
      facts.moments.readyAt = now();
      return verdicts;
    },
    found: describeVerdicts,
    otherwise: [],
  };
}

/** Each function of a tier, judged by what it answers and by what its stores hold. */
function askTier(
  run: Course,
  facts: RecoveryFacts,
  { read }: LookTools,
  tier: number | undefined,
  reference: SiteId | undefined,
): readonly Ask<FunctionVerdict>[] {
  return servedFunctions(run.plan)
    .filter((entry) => entry.tier === tier)
    .map((entry) => (withinSeconds) => read.verifyFunction({ ...input(run, run.places.target, entry.id, reference), withinSeconds }));
}

/** The uptime as if it were a function: it is waited for and judged like one. */
function askUptime(run: Course, facts: RecoveryFacts, { read }: LookTools): Ask<FunctionVerdict> {
  return async (withinSeconds) => {
    const { ok, detail, ...waits } = await read.verifyUptime({ run: run.context(), site: run.places.target, withinSeconds });
    return { function: 'uptime', status: ok ? 'ok' : 'failed', differences: [detail], at: now(), ...waits };
  };
}

function mustPass(site: SiteId, verdicts: readonly FunctionVerdict[]): void {
  const failed = verdicts.filter((verdict) => verdict.status === 'failed');
  if (failed.length > 0) throw notFit(site, failed, 'No traffic was routed.');
}

function tiers(run: Course): readonly number[] {
  return [...new Set(servedFunctions(run.plan).map((entry) => entry.tier))];
}

function lowerFunctions(run: Course): readonly string[] {
  const [first] = tiers(run);
  return servedFunctions(run.plan).flatMap((entry) => (entry.tier === first ? [] : [entry.id]));
}

/** Functions that are held to work from here on: all but those that people chose to go on without. */
function judged(run: Course, facts: RecoveryFacts): readonly string[] {
  return servedFunctions(run.plan).flatMap((entry) => (facts.goneOnWithout.includes(entry.id) ? [] : [entry.id]));
}

/** Step: every function once more, by the public name, as a customer finds it. */
export function verifyAsCustomer(run: Course, facts: RecoveryFacts): LookAtChange<CustomerVerdict> {
  const { dns, detection } = run.plan.estate;
  // A last look must find its end within the step's bound.
  const withinSeconds = Math.min(customerSeconds(dns), run.boundOf('verify-as-customer') - 3 * seconds(detection.probeTimeout));
  return {
    would: `verify every function as a customer finds it, at ${run.places.target}`,
    predicted: { found: true, functions: [], remarks: [] },
    act: async ({ read }) => {
      const verdict = await read.verifyAsCustomer({ run: run.context(), site: run.places.target, functions: judged(run, facts), withinSeconds });
      const failed = recordChanges(facts, verdict.functions).filter(({ status }) => status === 'failed');
      if (!verdict.found) throw notFound(run.places.target, verdict.remarks);
      if (failed.length > 0) throw notFit(run.places.target, failed, routedAlready);
      run.except(...verdict.remarks);
      return verdict;
    },
    found: ({ functions, remarks }) => [describeVerdicts(functions), ...remarks].join(' · '),
    otherwise: { found: true, functions: [], remarks: [] },
  };
}

/** Step: the service is watched for the plan's time; a relapse is for people. */
export function watchService(run: Course, facts: RecoveryFacts): LookAtChange<{ readonly relapsed: boolean; readonly detail: string }> {
  return {
    would: `watch the service at ${run.places.target} for ${formatSeconds(seconds(run.procedure.watch))}`,
    predicted: { relapsed: false, detail: 'not watched in a dry run' },
    act: async (tools) => {
      // A name that people chose not to route is not held against the service.
      const routed = facts.moments.authoritativeAt !== undefined;
      const watch = await watchFunctions(run, facts, tools, { forSeconds: seconds(run.procedure.watch), routed });
      if (!watch.relapsed) return watch;
      throw failure('permanent', {
        happened: `The service at ${run.places.target} has relapsed: ${watch.detail}`,
        leftAs: 'Everything was left as it is.',
        next: 'Mend the service there, or stop what has changed the record and point it there; then choose retry to watch again.',
      });
    },
    found: (watch) => watch.detail,
    otherwise: { relapsed: false, detail: 'not watched' },
  };
}

/** Watches at the target every function that is held to work; `routed`: the public name as well. */
export function watchFunctions(
  run: Course,
  facts: RecoveryFacts,
  { read }: LookTools,
  watch: { readonly forSeconds: number; readonly routed: boolean },
): ReturnType<Reads['watchService']> {
  return read.watchService({ run: run.context(), site: run.places.target, functions: judged(run, facts), ...watch });
}

/** A surviving standby to compare with: the first that answers and is not the target itself. */
async function referenceSite(run: Course, facts: RecoveryFacts, { read }: LookTools): Promise<SiteId | undefined> {
  const candidates = databaseSites(run.plan, run.places.failed).filter((site) => site !== run.places.target);
  const states = await Promise.all(candidates.map((site) => read.readDatabase({ run: run.context(), site })));
  return states.find((state) => state.reachable)?.site;
}

function input(run: Course, site: SiteId, id: string, reference: SiteId | undefined) {
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

function notFound(site: SiteId, remarks: readonly string[]): ApplicationFailure {
  const next = 'Look at the resolvers and at the authoritative servers, then choose retry.';
  return failure('permanent', { happened: `No resolver of the plan leads customers to ${site}. ${remarks.join(' ')}`, leftAs: routedAlready, next });
}

function notFit(site: SiteId, failed: readonly FunctionVerdict[], leftAs: string): ApplicationFailure {
  const named = failed.map(({ function: id, differences, waitsFor }) => `${id}: ${waitsFor ? 'not ready in time: ' : ''}${differences.join('; ')}`).join(' · ');
  const next = 'Mend the data or the service there, then choose retry; or choose abort.';
  return failure('permanent', { happened: `${site} does not do its work: ${named}.`, leftAs, next });
}

function describeVerdicts(verdicts: readonly FunctionVerdict[]): string {
  return verdicts
    .map((verdict) => `${verdict.function} ${verdict.status}${verdict.differences.length > 0 ? ` (${verdict.differences.join('; ')})` : ''}`)
    .join(', ');
}
