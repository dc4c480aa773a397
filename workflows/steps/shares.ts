/** The step that lets customers come to a site that has served nobody yet: share by share, each watched before the next (docs/decisions/020-traffic-by-weight.md). */
import { isCancellation } from '@temporalio/workflow';
import type { RouteProof } from '../../activities/dns/port.ts';
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { proofSeconds } from '../../plan/rules/waits.ts';
import type { Gradual } from '../../plan/schema.ts';
import type { StepTools } from '../engine/activity-proxies.ts';
import type { Course } from '../engine/course.ts';
import { describe, failure, holdsNothing, isTechnical } from '../engine/failures.ts';
import type { Alteration } from '../engine/step-body.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { noteServed, routeTraffic } from './traffic.ts';
import { watchFunctions } from './verification.ts';

/** Share by share where the plan says so, else all customers at once. */
export function routeGradually(run: Course, facts: RecoveryFacts): Alteration<RouteProof> {
  const { gradual } = run.plan.estate.dns;
  return gradual ? routeByShares(run, facts, gradual) : routeTraffic(run, facts);
}

function routeByShares(run: Course, facts: RecoveryFacts, gradual: Gradual): Alteration<RouteProof> {
  const { recordName } = run.plan.estate.dns;
  const toAll = routeTraffic(run, facts);
  const shares = new Shares(run, facts, gradual);
  return {
    ...toAll,
    would: `send ${recordName} to ${run.places.target} by control-plane: ${percents(gradual.shares)} of the customers, each share but the last watched for ${formatSeconds(seconds(gradual.watch))}, the others to the maintenance answer ${gradual.remainder}`,
    act: async (tools) => {
      // What was watched stays watched when people choose retry.
      for (let share = await shares.next(tools); share !== null; share = await shares.next(tools)) await shares.take(tools, share);
      const proof = await toAll.act(tools);
      await shares.end(tools);
      return proof;
    },
    found: (proof) => [toAll.found(proof), ...shares.story].join(', '),
  };
}

/** The shares of one run. */
class Shares {
  private readonly run: Course;
  private readonly facts: RecoveryFacts;
  private readonly gradual: Gradual;
  /** Those that were watched without an error. */
  private readonly watched: number[] = [];
  private toldSilent = false;

  constructor(run: Course, facts: RecoveryFacts, gradual: Gradual) {
    this.run = run;
    this.facts = facts;
    this.gradual = gradual;
  }

  /** The next share below 100; null when all customers are to be led there. */
  async next({ read }: StepTools): Promise<number | null> {
    const { percent, remainderSilent } = await read.lookAtShares({ run: this.run.context(), to: this.run.places.target });
    // Whoever is led there already is not led away: an earlier run may have come further.
    const share = this.gradual.shares.find((each) => each < 100 && each > (this.watched.at(-1) ?? 0) && each >= percent);
    if (share === undefined) return null;
    if (remainderSilent === null) return share;
    if (!this.toldSilent)
      this.run.except(
        `The maintenance answer ${this.gradual.remainder} serves nobody (${remainderSilent}): all customers were led to ${this.run.places.target} at once, not ${share} % of them first.`,
      );
    this.toldSilent = true;
    return null;
  }

  /** Leads so many per cent to the target, and watches how it bears that. At an error nobody is led there any more. */
  async take(tools: StepTools, share: number): Promise<void> {
    await this.lead(tools, share);
    const { target } = this.run.places;
    const watch = await watchFunctions(this.run, this.facts, tools, { forSeconds: seconds(this.gradual.watch), routed: false });
    if (watch.relapsed)
      throw failure('permanent', {
        happened: `With ${share} % of the customers ${target} does not do its work: ${watch.detail}`,
        leftAs: await this.leadBack(tools, share),
        next: `Mend the service there, then choose retry: it goes on with ${share} %.`,
      });
    this.watched.push(share);
    this.run.note(`${share} % of the customers were watched for ${formatSeconds(seconds(this.gradual.watch))}: ${watch.detail}`);
  }

  /** All are led there now. */
  async end({ read }: StepTools): Promise<void> {
    this.run.leaveNot(this.leftover);
    // A failover pair that was there has made room for the shares.
    const { differences } = await read.lookAtRecords({ run: this.run.context() });
    for (const difference of differences) this.run.leaveOver(difference);
  }

  /** Part of a sentence about what was done. */
  get story(): readonly string[] {
    return this.watched.length === 0 ? [] : [`after ${percents(this.watched)} of the customers`];
  }

  private get leftover(): string {
    const { run, gradual } = this;
    return `Not all customers of ${run.plan.estate.dns.recordName} are known to be led to ${run.places.target}: shares of them may be led to the maintenance answer ${gradual.remainder}. A new run ends that, or a change of the record by hand.`;
  }

  private async lead(tools: StepTools, share: number): Promise<void> {
    const { run, gradual } = this;
    const { target } = run.places;
    await noteServed(run, this.facts, tools.read);
    run.leaveOver(this.leftover); // before it is tried: a change that timed out may have worked
    await tools.change.shareRecord({ run: run.context(), to: target, percent: share });
    const stray = await this.stray(tools, share);
    if (stray !== null)
      throw failure('permanent', {
        happened: `${share} % of the customers were to be led to ${target}. ${stray}`,
        leftAs: 'The record is changed, and the service there is verified and runs.',
        next: 'Look at the zone and at the servers that answer for it, then choose retry.',
      });
    run.note(`${share} % of the customers are led to ${target}, the others to the maintenance answer ${gradual.remainder}.`);
  }

  /** Nobody has looked whether fewer customers would get right answers: a maintenance answer is never wrong. Gives what is so then. */
  private async leadBack(tools: StepTools, share: number): Promise<string> {
    const { run, gradual } = this;
    const still = `${share} % of the customers are still led there`;
    try {
      const { remainderSilent } = await tools.read.lookAtShares({ run: run.context(), to: run.places.target });
      if (remainderSilent !== null) return `${still}: the maintenance answer ${gradual.remainder} serves nobody (${remainderSilent}).`;
      await tools.change.shareRecord({ run: run.context(), to: run.places.target, percent: 0 });
    } catch (error) {
      if (isCancellation(error) || holdsNothing(error) || !isTechnical(error)) throw error;
      return `${still}, or may be: ${withoutHint(describe(error))}`;
    }
    const stray = await this.stray(tools, 0);
    const back = `All customers are led to the maintenance answer ${gradual.remainder}.`;
    run.note(back);
    return [back, ...(stray === null ? [] : [stray])].join(' ');
  }

  /** Who leads customers elsewhere than the share says; null when nobody does. */
  private async stray({ read }: StepTools, percent: number): Promise<string | null> {
    const { run } = this;
    const withinSeconds = proofSeconds(run.plan.estate.dns, 'control-plane');
    const proof = await read.proveShare({ run: run.context(), to: run.places.target, percent, withinSeconds });
    return proof.proven ? null : proof.detail;
  }
}

function percents(shares: readonly number[]): string {
  return `${shares.join(', ')} %`;
}
