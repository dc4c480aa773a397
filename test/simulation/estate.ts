/**
 * The fake estate with what random schedules need on top: a clock of its own, sites that crash or are cut off and come back, observers that are blind, customers that go on writing,
 * and what must never be. It is the model of who may write (stores.ts), and shares no code with the procedures but the rule by which a driver judges a fence.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { RunContext } from '../../activities/context.ts';
import type { Vantage } from '../../activities/detection/port.ts';
import type { ZoneEpoch } from '../../activities/dns/port.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { PlanSnapshot, SiteId } from '../../plan/schema.ts';
import { type Holding, StoredEstate } from './stores.ts';

/** Changes that a site's own agent makes: nothing happens there while it does not answer. */
const atItsAgent = new Set([
  'claimEpoch',
  'setCapacity',
  'promoteDatabase',
  'promoteCache',
  'startService',
  'applyDatabase',
  'followDatabase',
  'followCache',
  'protectDatabase',
]);
/** Changes before which a majority is asked for the run's epoch. */
const irreversible = new Set(['promoteDatabase', 'promoteCache', 'acceptRestored', 'throwSwitch', 'changeRecord', 'shareRecord']);
const observerOf: Readonly<Record<string, Vantage['kind']>> = {
  watchFromOrchestrator: 'orchestrator',
  watchFromSite: 'site-agent',
  watchHealthCheck: 'health-check',
};

/** Who had what when a run's promotion took effect. */
export interface Promoted {
  readonly at: number;
  readonly execution: string;
  readonly kind: ServerKind;
  readonly target: Holding;
  readonly others: readonly Holding[];
}

/** Customers were sent to another site. */
export interface Routed {
  readonly at: number;
  readonly execution: string;
  readonly site: SiteId;
  /** Functions that did not work then, and since when. */
  readonly broken: ReadonlyMap<string, number>;
}

export class SimulatedEstate extends StoredEstate {
  /** Kinds of observer that see nothing. */
  readonly blind = new Set<Vantage['kind']>();
  /** How often each thing really changed. */
  readonly applied = new Map<string, number>();
  /** When two or more acknowledged at once, and which; what somebody has promoted by hand is not the runs' doing. */
  readonly splits: { readonly at: number; readonly sites: readonly SiteId[] }[] = [];
  readonly promotions: Promoted[] = [];
  readonly routed: Routed[] = [];
  /** Who has stored an epoch of an execution, by both. */
  private readonly claimed = new Map<string, Set<string>>();
  private zoneHeld = { epoch: 0, holder: '' };
  private readonly brokenSince = new Map<string, number>();
  private readonly all: Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

  constructor(snapshot: PlanSnapshot, clock: () => number, random: () => number) {
    super(snapshot, clock, random);
    this.all = this.activities() as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
  }

  crash(site: SiteId): void {
    this.keepContact();
    this.crashed.add(site);
    this.cutOff(site);
  }

  /** Its agent answers and nothing else there does. */
  hang(site: SiteId): void {
    this.crash(site);
    this.agentAnswers.add(site);
  }

  cutOff(site: SiteId): void {
    if (!this.dead.has(site)) this.since.set(site, this.clock.now());
    this.dead.add(site);
  }

  /** The site answers again, and is what it was. */
  comeBack(site: SiteId): void {
    this.keepContact();
    this.crashed.delete(site);
    this.dead.delete(site);
    this.agentAnswers.delete(site);
    this.since.delete(site);
  }

  silenceZone(): void {
    this.zoneHeld = this.zone ?? this.zoneHeld;
    this.zone = null;
  }

  /** It holds what it held. */
  zoneAnswers(): void {
    this.zone = this.zone ?? this.zoneHeld;
  }

  breakFunction(id: string): void {
    if (!this.brokenSince.has(id)) this.brokenSince.set(id, this.clock.now());
    this.brokenFunctions.set(id, 'its table has 990 rows of 1000');
  }

  mendFunctions(): void {
    this.brokenSince.clear();
    this.brokenFunctions.clear();
  }

  /** Somebody recovers the same sites from elsewhere, without this lock: a newer run takes them. */
  takeSites(): void {
    for (const site of Object.keys(this.snapshot.plan.estate.sites).filter((name) => name !== this.primary))
      this.epochs.set(site, { epoch: (this.epochs.get(site)?.epoch ?? 0) + 10, holder: 'another' });
  }

  async act(name: string, input: unknown): Promise<unknown> {
    const { site, run } = (input ?? {}) as { site?: SiteId; run?: RunContext };
    if (site !== undefined && atItsAgent.has(name) && this.dead.has(site) && !this.agentAnswers.has(site))
      throw ApplicationFailure.retryable(`The agent at ${site} does not answer.`, 'transient');
    if (run && irreversible.has(name)) this.mustHoldMajority(run);
    this.keepContact();
    const before = this.picture();
    const answer = await this.answer(name, input);
    this.countChanges(before, run?.execution ?? '');
    if (run && name === 'claimEpoch') this.noteClaim(run, site ?? '');
    if (run && name === 'claimZone' && (answer as ZoneEpoch).reachable) this.noteClaim(run, 'the DNS zone');
    return answer;
  }

  /** How long an activity looks or waits before it answers, seconds; one that watches a job until that ends, or its time is over. */
  waitSeconds(name: string, input: unknown): number {
    const asked = (input ?? {}) as { holdSeconds?: number; forSeconds?: number; id?: string; withinSeconds?: number };
    const { holdSeconds = 0, forSeconds = 0, id = '', withinSeconds = 0 } = asked;
    return holdSeconds + forSeconds + (name === 'watchJob' ? Math.min(this.jobs.secondsLeft(id, this.clock.now()), withinSeconds) : 0);
  }

  /** Customers write wherever a server acknowledges; called as time goes by. */
  customersWrite(): void {
    const sites = this.acknowledging();
    if (sites.length > 1 && this.splits.at(-1)?.sites.join() !== sites.join()) this.splits.push({ at: this.clock.now(), sites });
    this.write();
  }

  /** Databases that acknowledge a write now, without those that somebody has promoted by hand. */
  acknowledging(): SiteId[] {
    return this.writers().filter((site) => !this.crashed.has(site) && !this.byHand.has(`database ${site}`) && (site !== this.primary || this.acknowledges()));
  }

  /** How many hold an epoch: every site, and the zone. */
  get holders(): number {
    return Object.keys(this.snapshot.plan.estate.sites).length + 1;
  }

  /** Who has stored this epoch of a run. */
  storedBy({ execution, epoch }: RunContext): readonly string[] {
    return [...(this.claimed.get(`${execution} ${epoch}`) ?? [])];
  }

  protected override held(site: SiteId, holdSeconds: number): number {
    const since = this.since.get(site);
    return since === undefined ? 0 : Math.min(holdSeconds, (this.clock.now() - since) / 1000);
  }

  private async answer(name: string, input: unknown): Promise<unknown> {
    const { site } = (input ?? {}) as { site?: SiteId };
    if (name === 'verifyFunction' && site !== undefined && this.dead.has(site)) {
      return { function: (input as { function: string }).function, status: 'failed', differences: [`${site} does not answer`], at: this.time() };
    }
    if (name === 'watchService' && site !== undefined && this.dead.has(site)) return { relapsed: true, detail: 'it does not answer', rounds: 2 };
    // It has waited: the simulation lets that time go by before it asks.
    if (name === 'watchJob') return this.jobs.look((input as { id: string }).id);
    const plain = async () => this.all[name]?.(input);
    const kind = observerOf[name];
    if (kind !== undefined && this.blind.has(kind)) return asBlind((await plain()) as Vantage);
    if (kind !== undefined) return this.asSeenSince((await plain()) as Vantage, site);
    return this.stored(name, input ?? {}, plain) ?? plain();
  }

  /** The sites keep what they see all the time, so that the first failed observation is older than the run. */
  private asSeenSince(vantage: Vantage, site: SiteId | undefined): Vantage {
    const since = this.since.get(site ?? '');
    return vantage.failingSince === undefined || since === undefined ? vantage : { ...vantage, failingSince: new Date(since).toISOString() };
  }

  private noteClaim({ execution, epoch }: RunContext, holder: string): void {
    const key = `${execution} ${epoch}`;
    this.claimed.set(key, (this.claimed.get(key) ?? new Set()).add(holder));
  }

  private mustHoldMajority(run: RunContext): void {
    const sites = Object.keys(this.snapshot.plan.estate.sites).filter((site) => !this.dead.has(site) || this.agentAnswers.has(site));
    const answers = [...sites.map((site) => this.epochs.get(site) ?? { epoch: 0, holder: '' }), ...(this.zone ? [this.zone] : [])];
    if (answers.some(({ epoch, holder }) => epoch > run.epoch || (epoch === run.epoch && holder !== run.execution)))
      throw ApplicationFailure.nonRetryable('A newer run holds the estate.', 'stale-epoch');
    const confirmed = answers.filter(({ epoch }) => epoch === run.epoch).length;
    if (run.holdersAccepted === undefined ? confirmed <= this.holders / 2 : confirmed < run.holdersAccepted)
      throw ApplicationFailure.retryable('Too few confirm the epoch.', 'transient');
  }

  private picture(): ReadonlyMap<string, string> {
    const servers = [...this.databases].flatMap(([site, { role, cachePromoted }]) => [
      [`database of ${site}`, role === 'writer' ? 'writer' : 'not writer'] as const,
      [`cache of ${site}`, cachePromoted ? 'promoted' : 'replica'] as const,
    ]);
    return new Map([...servers, ['route', this.route]]);
  }

  private countChanges(before: ReadonlyMap<string, string>, execution: string): void {
    for (const [what, now] of this.picture()) {
      if (before.get(what) === now) continue;
      const key = `${what}: ${now}`;
      this.applied.set(key, (this.applied.get(key) ?? 0) + 1);
      const at = this.clock.now();
      if (what === 'route') this.routed.push({ at, execution, site: now, broken: new Map(this.brokenSince) });
      const [, kind, site] = /^(database|cache) of (.*)$/.exec(what) ?? [];
      if ((now === 'writer' || now === 'promoted') && site !== this.primary) this.notePromotion(execution, kind as ServerKind, site ?? '');
    }
  }

  private notePromotion(execution: string, kind: ServerKind, site: SiteId): void {
    const others = [...this.databases.keys()].filter((other) => other !== site && other !== this.primary && !this.byHand.has(`${kind} ${other}`));
    this.promotions.push({
      at: this.clock.now(),
      execution,
      kind,
      target: this.holding(kind, site),
      others: others.map((other) => this.holding(kind, other)),
    });
  }
}

function asBlind({ failingSince: _none, ...vantage }: Vantage): Vantage {
  return { ...vantage, verdict: 'blind', observations: [], heldSeconds: 0, detail: 'it sees nothing at all' };
}
