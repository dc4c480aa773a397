/**
 * The fake estate with what random schedules need on top: a clock of its own, sites that crash or are cut off and come back, customers that go on writing, and what must never
 * be. It is the model of who may write, and shares no code with the procedures.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { PlanSnapshot, SiteId } from '../../plan/schema.ts';
import { FakeEstate } from '../support/fake-estate.ts';

/** Acknowledged rows of the old primary, in order. */
interface Row {
  readonly at: number;
  /** Position of the old primary after it. */
  readonly bytes: number;
}

/** Changes that a site's own agent makes: nothing happens there while it does not answer. */
const atItsAgent = new Set([
  'claimEpoch',
  'setCapacity',
  'promoteDatabase',
  'promoteCache',
  'startService',
  'followDatabase',
  'followCache',
  'protectDatabase',
]);
/** Changes before which a majority is asked for the run's epoch. */
const irreversible = new Set(['promoteDatabase', 'promoteCache', 'throwSwitch', 'changeRecord']);

export class SimulatedEstate extends FakeEstate {
  /** Sites of which nothing runs; the others of `dead` run and are cut off from orchestrator and agents, but not from customers. */
  readonly crashed = new Set<SiteId>();
  readonly rows: Row[] = [];
  /** Position of each site's database when it became a writer. */
  readonly promotedAt = new Map<SiteId, number>();
  /** How often each thing really changed. */
  readonly applied = new Map<string, number>();
  /** When two or more acknowledged at once, and which. */
  readonly splits: { readonly at: number; readonly sites: readonly SiteId[] }[] = [];
  private readonly since = new Map<SiteId, number>();
  private readonly clock: () => number;
  private readonly all: Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

  constructor(snapshot: PlanSnapshot, clock: () => number) {
    super(snapshot);
    this.clock = clock;
    this.lastCommitAt = this.time();
    this.all = this.activities() as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
  }

  crash(site: SiteId): void {
    this.crashed.add(site);
    this.cutOff(site);
  }

  cutOff(site: SiteId): void {
    if (!this.dead.has(site)) this.since.set(site, this.clock());
    this.dead.add(site);
  }

  /** The site answers again, and is what it was. */
  comeBack(site: SiteId): void {
    this.crashed.delete(site);
    this.dead.delete(site);
    this.since.delete(site);
  }

  async act(name: string, input: unknown): Promise<unknown> {
    const { site, run } = (input ?? {}) as { site?: SiteId; run?: { epoch: number; execution: string } };
    if (site !== undefined && atItsAgent.has(name) && this.dead.has(site))
      throw ApplicationFailure.retryable(`The agent at ${site} does not answer.`, 'transient');
    if (run && irreversible.has(name)) this.mustHoldMajority(run);
    const before = this.picture();
    const answer = await this.answer(name, input);
    this.countChanges(before);
    return answer;
  }

  /** Customers write wherever a server acknowledges; called as time goes by. */
  customersWrite(): void {
    const sites = this.acknowledging();
    if (sites.length > 1 && this.splits.at(-1)?.sites.join() !== sites.join()) this.splits.push({ at: this.clock(), sites });
    const old = this.databases.get(this.primary);
    if (!old || !sites.includes(this.primary)) return;
    old.bytes += 1;
    this.rows.push({ at: this.clock(), bytes: old.bytes });
    const synchronous = this.synchronousStandby === null ? undefined : this.databases.get(this.synchronousStandby);
    if (synchronous?.role === 'standby') {
      synchronous.bytes = old.bytes;
      this.lastCommitAt = this.time();
    }
  }

  /** The asynchronous standbys catch up with the old primary, as long as anything reaches them. */
  replicate(): void {
    const old = this.databases.get(this.primary);
    if (!old || old.role !== 'writer' || this.crashed.has(this.primary)) return;
    for (const [site, server] of this.databases) if (server.role === 'standby' && !this.dead.has(site)) server.bytes = Math.max(server.bytes, old.bytes);
    this.lastCommitAt = this.time();
  }

  /** Databases that acknowledge a write now. */
  acknowledging(): SiteId[] {
    return this.writers().filter((site) => !this.crashed.has(site) && (site !== this.primary || this.commits()));
  }

  /** Acknowledged rows that the new primary does not have. */
  lost(): readonly Row[] {
    const kept = [...this.promotedAt].find(([site]) => site !== this.primary)?.[1];
    return kept === undefined ? [] : this.rows.filter((row) => row.bytes > kept);
  }

  protected override time(): string {
    return new Date(this.clock()).toISOString();
  }

  protected override held(site: SiteId, holdSeconds: number): number {
    const since = this.since.get(site);
    return since === undefined ? 0 : Math.min(holdSeconds, (this.clock() - since) / 1000);
  }

  /** Only a detached synchronous standby proves that nothing is acknowledged, and only one that answers can be detached. */
  protected override provable(): boolean {
    return this.synchronousStandby !== null && !this.dead.has(this.synchronousStandby);
  }

  /** With a synchronous standby nothing is acknowledged without it. */
  private commits(): boolean {
    return this.synchronousStandby === null || (!this.crashed.has(this.synchronousStandby) && this.databases.get(this.synchronousStandby)?.role === 'standby');
  }

  private async answer(name: string, input: unknown): Promise<unknown> {
    const { site } = (input ?? {}) as { site?: SiteId };
    if (name === 'verifyFunction' && site !== undefined && this.dead.has(site)) {
      return { function: (input as { function: string }).function, status: 'failed', differences: [`${site} does not answer`], at: this.time() };
    }
    if (name === 'watchService' && site !== undefined && this.dead.has(site)) return { relapsed: true, detail: 'it does not answer', rounds: 2 };
    return this.all[name]?.(input);
  }

  private mustHoldMajority(run: { readonly epoch: number; readonly execution: string }): void {
    const voters = Object.keys(this.snapshot.plan.estate.sites).filter((site) => site !== this.primary);
    const answers = voters.filter((site) => !this.dead.has(site)).map((site) => this.epochs.get(site) ?? { epoch: 0, holder: '' });
    if (answers.some(({ epoch, holder }) => epoch > run.epoch || (epoch === run.epoch && holder !== run.execution)))
      throw ApplicationFailure.nonRetryable('A newer run holds the sites.', 'stale-epoch');
    if (answers.filter(({ epoch }) => epoch === run.epoch).length <= voters.length / 2)
      throw ApplicationFailure.retryable('No majority of the sites answers.', 'transient');
  }

  private picture(): ReadonlyMap<string, string> {
    const servers = [...this.databases].flatMap(([site, { role, cachePromoted }]) => [
      [`database of ${site}`, role === 'writer' ? 'writer' : 'not writer'] as const,
      [`cache of ${site}`, cachePromoted ? 'promoted' : 'replica'] as const,
    ]);
    return new Map([...servers, ['route', this.route]]);
  }

  private countChanges(before: ReadonlyMap<string, string>): void {
    for (const [what, now] of this.picture()) {
      if (before.get(what) === now) continue;
      const key = `${what}: ${now}`;
      this.applied.set(key, (this.applied.get(key) ?? 0) + 1);
      const site = /^database of (.*)$/.exec(what)?.[1];
      if (site !== undefined && now === 'writer' && site !== this.primary) this.promotedAt.set(site, this.databases.get(site)?.bytes ?? 0);
    }
  }
}
