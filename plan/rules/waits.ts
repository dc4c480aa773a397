/** How long the steps wait for things that take their own time; steps, forecasts and the lint's laws go by these. Pure. All in seconds. */
import { seconds } from '../durations.ts';
import type { Estate, Plan, Step } from '../schema.ts';

type Dns = Pick<Estate['dns'], 'healthCheck' | 'ttl' | 'controlPlaneBound' | 'methods'>;

/** For names to be asked and answered once more. */
const slack = 10;

/** The hold time, and four time-outs in which a last round may still be under way. */
export function confirmSeconds({ holdTime, probeTimeout }: Pick<Estate['detection'], 'holdTime' | 'probeTimeout'>): number {
  return seconds(holdTime) + 4 * seconds(probeTimeout);
}

/** A failing health check moves the route after so many rounds; the round that was under way does not count. */
function healthCheckSeconds({ healthCheck }: Pick<Dns, 'healthCheck'>): number {
  return seconds(healthCheck.interval) * healthCheck.failureThreshold;
}

/** Longest wait until the authoritative servers show what a method has changed. A changed record is in sync before it is asked for. */
export function proofSeconds(dns: Dns, method: Dns['methods'][number]): number {
  return method === 'data-plane' ? healthCheckSeconds(dns) + seconds(dns.healthCheck.interval) + slack : slack;
}

/** Longest time of all methods of the plan, one after the other. */
export function routingSeconds(dns: Dns): number {
  return dns.methods.reduce((sum, method) => sum + proofSeconds(dns, method) + (method === 'control-plane' ? seconds(dns.controlPlaneBound) : 0), 0);
}

/** Longest time of a cold start's route: by the record, at once or by shares, each of which is changed, proven and watched. One change more leads everybody to the maintenance answer. */
export function gradualSeconds(dns: Dns & Pick<Estate['dns'], 'gradual'>): number {
  const one = routingSeconds({ ...dns, methods: ['control-plane'] });
  const { gradual } = dns;
  if (!gradual) return one;
  return (gradual.shares.length + 1) * one + (gradual.shares.length - 1) * (seconds(gradual.watch) + slack);
}

/** What the first method needs when it works, and the TTL after it: from the change to the last customer. */
export function expectedRoutingSeconds(dns: Dns): number {
  return (dns.methods[0] === 'data-plane' ? healthCheckSeconds(dns) : seconds(dns.controlPlaneBound)) + seconds(dns.ttl);
}

/** A step that a run has begun. */
interface Begun {
  readonly id: string;
  readonly result: string;
  readonly startedAt: string;
}

/** Longest time that the steps of a procedure up to and with `last` still take: their bounds, less what a running one has used. A failed one is tried again. */
export function secondsAhead(planned: readonly Pick<Step, 'id' | 'bound'>[], last: string, begun: readonly Begun[], now: string): number {
  const ahead = planned.slice(0, planned.findIndex((step) => step.id === last) + 1);
  return ahead.reduce(
    (sum, { id, bound }) =>
      sum +
      secondsLeft(
        seconds(bound),
        begun.findLast((step) => step.id === id),
        now,
      ),
    0,
  );
}

function secondsLeft(bound: number, latest: Begun | undefined, now: string): number {
  if (latest === undefined || latest.result === 'failed') return bound;
  return latest.result === 'running' ? Math.max(0, bound - (Date.parse(now) - Date.parse(latest.startedAt)) / 1000) : 0;
}

/** Longest wait until every resolver gives the new address. */
export function customerSeconds({ ttl }: Pick<Dns, 'ttl'>): number {
  return seconds(ttl) + slack;
}

/** Longest time of one last question to the service, which may take two time-outs, and of what is made of its answer. */
export function answerSeconds({ estate }: Pick<Plan, 'estate'>): number {
  return 2 * seconds(estate.detection.probeTimeout) + 1;
}

/** Longest wait for another workflow to end. One that does not answer must not hold a recovery. */
export const endingSeconds = 15;

/**
 * Longest way back from a fence when the failed site is silent: the child that waits for it is ended, its agent is tried for the database, the cache and the service in turn, and the
 * survivors follow it again, side by side.
 */
export function unfenceSeconds({ connectTimeout }: Pick<Estate['ssh'], 'connectTimeout'>): number {
  return endingSeconds + 4 * seconds(connectTimeout);
}
