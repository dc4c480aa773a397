/** The step that sends customers to the target: by the plan's methods in order, proven at the authoritative servers and the resolvers. */
import type { RouteProof } from '../../activities/dns/port.ts';
import { seconds } from '../../plan/durations.ts';
import { proofSeconds } from '../../plan/rules/waits.ts';
import type { Reads } from '../../activities/index.ts';
import type { StepTools } from '../engine/activity-proxies.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import { zoneLeftover } from '../estate/epochs.ts';
import { now } from '../engine/clock.ts';
import { describe, failure, holdsNothing, isTechnical } from '../engine/failures.ts';
import type { Course } from '../engine/course.ts';
import { changeMayHeal } from '../engine/until-bound.ts';
import type { Alteration } from '../engine/step-body.ts';
import { switchSites } from '../estate/sites.ts';

type Method = 'data-plane' | 'control-plane';

export function routeTraffic(run: Course, facts: RecoveryFacts): Alteration<RouteProof> {
  const { recordName } = run.plan.estate.dns;
  const methods = methodsOf(run);
  return {
    changes: true,
    would: `send ${recordName} to ${run.places.target} by ${methods.join(', then by ')}`,
    predicted: { site: run.places.target, authoritativeAt: now(), ttlSeconds: seconds(run.plan.estate.dns.ttl), resolvers: [] },
    act: (tools) => tools.patiently('The route', () => byFirstMethod(run, facts, tools)),
    found: (proof) => describeProof(facts, proof),
    otherwise: { site: run.places.target, authoritativeAt: '', ttlSeconds: 0, resolvers: [] },
  };
}

/** A switch is thrown at the sites that are left: where none has one, the record is changed. */
function methodsOf(run: Course): readonly Method[] {
  const { methods } = run.plan.estate.dns;
  return switchSites(run.plan, run.places.failed).length > 0 ? methods : methods.filter((method) => method !== 'data-plane');
}

/** Each method has its turn before one is tried again. What may heal by itself is `transient` as a whole. */
async function byFirstMethod(run: Course, facts: RecoveryFacts, tools: StepTools): Promise<RouteProof> {
  const methods = methodsOf(run);
  const problems: string[] = [];
  let mayHeal = false;
  for (const method of methods) {
    const tried = await tryMethod(run, facts, tools, method);
    if ('proof' in tried) return noteRoute(run, facts, tools.read, method, tried.proof);
    problems.push(`${method}: ${tried.problem}`);
    mayHeal ||= tried.mayHeal;
    const told = `Routing by ${method} did not work: ${tried.problem}`;
    if (!run.record.timeline.some(({ text }) => text === told)) run.note(told);
  }
  const there = await tools.read.proveRoute({ run: run.context(), to: run.places.target, withinSeconds: 0 });
  if (there.moved) return noteFound(run, facts, tools.read, problems, there);
  throw failure(mayHeal ? 'transient' : 'permanent', {
    happened: `Customers are not sent to ${run.places.target}: ${problems.join(' · ')}.`,
    leftAs: 'The service there is verified and runs.',
    next: 'Mend one of the methods, then choose retry.',
  });
}

type Tried = { readonly proof: RouteProof } | { readonly problem: string; readonly mayHeal: boolean };

/** Changes the route by one method and proves it; else a sentence, so that the next method is tried. */
async function tryMethod(run: Course, facts: RecoveryFacts, { read, changeOnce }: StepTools, method: Method): Promise<Tried> {
  const context = run.context();
  await noteServed(run, facts, read);
  try {
    if (method === 'data-plane') {
      await changeOnce.throwSwitch({ run: context, from: run.places.source, to: run.places.target, switchSites: switchSites(run.plan, run.places.failed) });
    } else {
      await changeOnce.changeRecord({ run: context, to: run.places.target });
    }
  } catch (error) {
    if (holdsNothing(error) || !isTechnical(error)) throw error;
    return { problem: describe(error), mayHeal: changeMayHeal(error) };
  }
  const proof = await read.proveRoute({ run: context, to: run.places.target, withinSeconds: proofSeconds(run.plan.estate.dns, method) });
  // It was changed, and customers are not led there: what waits longer for that is the step's retry, by people.
  return proof.moved ? { proof } : { problem: proof.detail, mayHeal: false };
}

/** Notes what is served before a change of the route, and when the first one began. */
export async function noteServed(run: Course, facts: RecoveryFacts, read: Reads): Promise<void> {
  const served = await read.readRoute({ run: run.context() });
  facts.moments.routingAt ??= now();
  // A try before this one may have changed the record: caches hold what was served before for as long as it said.
  facts.moments.ttlSeconds = Math.max(facts.moments.ttlSeconds ?? 0, served.ttlSeconds);
}

/** Notes the route, and whatever stands beside it: a route that moves some customers only is not plainly recovered. */
async function noteRoute(run: Course, facts: RecoveryFacts, read: Reads, method: Method | undefined, proof: RouteProof): Promise<RouteProof> {
  if (method !== undefined) facts.moments.routingMethod = method;
  if (method === 'control-plane') run.leaveNot(zoneLeftover(run));
  facts.moments.authoritativeAt = proof.authoritativeAt;
  // The TTL that caches hold is that of the record served before the change, kept from then; an answer of unknown TTL has the new one's.
  facts.moments.ttlSeconds = facts.moments.ttlSeconds || proof.ttlSeconds;
  const { unseen, beside } = await read.lookAtRecords({ run: run.context() });
  run.except(...beside);
  if (unseen !== undefined) run.note(`What else stands at ${run.plan.estate.dns.recordName} was not seen: ${unseen}`);
  return proof;
}

/** The name leads there without this run: an earlier run has routed it, or something else. */
async function noteFound(run: Course, facts: RecoveryFacts, read: Reads, problems: readonly string[], proof: RouteProof): Promise<RouteProof> {
  run.except(
    `${run.plan.estate.dns.recordName} leads to ${run.places.target} already, and this run could not see to it that it stays so: ${problems.join(' · ')}.`,
  );
  return noteRoute(run, facts, read, undefined, proof);
}

function describeProof(facts: RecoveryFacts, proof: RouteProof): string {
  const agreeing = proof.resolvers.filter((resolver) => resolver.agrees).length;
  return `authoritative since ${proof.authoritativeAt} by ${facts.moments.routingMethod ?? 'no method'}, TTL ${proof.ttlSeconds} s, ${agreeing} of ${proof.resolvers.length} resolvers agree`;
}
