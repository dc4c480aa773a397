/**
 * Database and cache of the model: who follows whom, who has which rows, and what customers got acknowledged. A database that is waited for gets each commit before customers hear
 * of it; the others come after, each at its own pace.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { CacheState } from '../../activities/cache/port.ts';
import type { DatabaseState } from '../../activities/database/port.ts';
import type { Fence, WriterState } from '../../activities/fencing/port.ts';
import { seconds } from '../../plan/durations.ts';
import { type FenceVerdict, judgeCacheFence, judgeDatabaseFence } from '../../plan/rules/fence-proof.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import type { PlanSnapshot, SiteId } from '../../plan/schema.ts';
import { FakeEstate } from '../model/estate.ts';

/** An acknowledged write of the old primary. */
export interface Row {
  readonly at: number;
  /** Position of the old primary after it. */
  readonly position: number;
}

interface Cache {
  position: number;
  keys: number;
}

/** Both stores at a site as they stood when one of them was promoted. */
export interface Holding {
  readonly site: SiteId;
  readonly position: number;
  readonly keys: number;
}

const kinds: readonly ServerKind[] = ['database', 'cache'];
type ServerKey = `${ServerKind} ${SiteId}`;

export class StoredEstate extends FakeEstate {
  /** Sites of which nothing runs; the others of `dead` run and are cut off from orchestrator and agents, but not from customers. */
  readonly crashed = new Set<SiteId>();
  /** Standbys of which each commit waits for one; none: the primary acknowledges alone. */
  waitsFor: readonly SiteId[] = [];
  readonly rows: Readonly<Record<ServerKind, Row[]>> = { database: [], cache: [] };
  /** Position of each server when a run made it a writer. */
  readonly promotedAt = new Map<ServerKey, number>();
  /** Servers that somebody has promoted by hand. */
  readonly byHand = new Set<ServerKey>();
  protected readonly caches = new Map<SiteId, Cache>();
  /** Whom each standby and replica follows; absent: nobody. */
  private readonly follows = new Map<ServerKey, SiteId>();
  /** When each last heard of the old primary. */
  private readonly contact = new Map<ServerKey, number>();
  /** Since when each dead site does not answer. */
  protected readonly since = new Map<SiteId, number>();
  private readonly random: () => number;

  constructor(snapshot: PlanSnapshot, clock: () => number, random: () => number) {
    super(snapshot, { now: clock, read: async () => clock() });
    this.random = random;
    for (const [site, { bytes, keys }] of this.databases) {
      this.caches.set(site, { position: bytes, keys });
      if (site === this.primary) continue;
      for (const kind of kinds) this.follows.set(`${kind} ${site}`, this.primary);
    }
    this.keepContact();
  }

  /** Customers write wherever a server acknowledges; the old primary's writes are kept. */
  protected write(): void {
    const [database, cache] = [this.databases.get(this.primary), this.caches.get(this.primary)];
    if (!database || !cache) return;
    if (this.acknowledges()) {
      database.bytes += 1;
      this.rows.database.push({ at: this.clock.now(), position: database.bytes });
      this.oneOf(this.waitsFor.filter((site) => this.linked('database', site)))((site) => (this.server(site).bytes = database.bytes));
    }
    const replicas = [...this.caches.keys()].filter((site) => this.linked('cache', site));
    if (this.crashed.has(this.primary) || database.role === 'fenced' || replicas.length === 0) return;
    cache.position += 1;
    this.rows.cache.push({ at: this.clock.now(), position: cache.position });
    const last = replicas.filter((site) => site === [...this.caches.keys()].at(-1));
    this.oneOf(this.waitsFor.length === 1 && last.length > 0 ? last : replicas)((site) => this.copyCache(site, this.primary));
  }

  /** Those that follow the old primary catch up with it, each with this probability. */
  replicate(probability: number): void {
    const old = this.databases.get(this.primary);
    if (!old || this.crashed.has(this.primary)) return;
    for (const [site, server] of this.databases) {
      if (this.linked('database', site) && this.random() < probability) server.bytes = Math.max(server.bytes, old.bytes);
      if (this.linked('cache', site) && this.random() < probability) this.copyCache(site, this.primary);
    }
  }

  /** Acknowledged rows that the new primary does not have. */
  lost(server: ServerKind): readonly Row[] {
    const kept = [...this.promotedAt].find(([key]) => key.startsWith(server))?.[1];
    return kept === undefined ? [] : this.rows[server].filter((row) => row.position > kept);
  }

  /** Somebody makes a survivor a primary, and no run knows of it. */
  promoteByHand(kind: ServerKind, site: SiteId): void {
    const server = this.databases.get(site);
    if (!server || site === this.primary || this.crashed.has(site) || server.role === 'writer' || server.cachePromoted) return;
    this.byHand.add(`${kind} ${site}`);
    this.follows.delete(`${kind} ${site}`);
    if (kind === 'database') server.role = 'writer';
  }

  /** A cache loses keys by itself and is as far as before. */
  loseKeys(site: SiteId): void {
    const cache = this.caches.get(site);
    if (cache) cache.keys = Math.max(0, cache.keys - 3);
  }

  holding(kind: ServerKind, site: SiteId): Holding {
    const cache = this.caches.get(site);
    return { site, position: kind === 'database' ? this.server(site).bytes : (cache?.position ?? 0), keys: cache?.keys ?? 0 };
  }

  /** Whether the old primary's database acknowledges a write: it is open, and one that it waits for follows it. */
  protected acknowledges(): boolean {
    if (this.crashed.has(this.primary) || this.databases.get(this.primary)?.role !== 'writer') return false;
    return this.waitsFor.length === 0 || this.waitsFor.some((site) => this.linked('database', site));
  }

  /** Called before anything changes that may end a link: until now those that are linked heard of the old primary. */
  protected keepContact(): void {
    for (const server of this.follows.keys()) {
      const [kind, site] = server.split(' ') as [ServerKind, SiteId];
      if (this.linked(kind, site)) this.contact.set(server, this.clock.now());
    }
  }

  /** Answers of the stores, which know more than the plain model; undefined: that one answers. */
  protected stored(name: string, input: unknown, plain: () => Promise<unknown>): Promise<unknown> | undefined {
    const { site, source = '', standbys = [], replicas = [] } = input as { site: SiteId; source?: SiteId; standbys?: SiteId[]; replicas?: SiteId[] };
    const answers: Readonly<Record<string, () => Promise<unknown>>> = {
      readDatabase: async () => this.databaseAsItIs((await plain()) as DatabaseState),
      readCache: async () => this.cacheAsItIs((await plain()) as CacheState),
      readWriters: async () => ((await plain()) as WriterState[]).map((state) => this.writerAsItIs(state)),
      fenceDatabaseByReplication: async () => this.detached('database', site, standbys),
      fenceCacheByReplication: async () => this.detached('cache', site, replicas),
      unfenceByAgent: async () => this.unfenced(site, (await plain()) as { readonly done: string; readonly at: string }),
      reattach: async () => [...standbys.map((at) => this.reattached('database', at, site)), ...replicas.map((at) => this.reattached('cache', at, site))],
      followDatabase: async () => this.follow('database', site, source, plain),
      followCache: async () => this.follow('cache', site, source, plain),
      promoteDatabase: async () => this.promote('database', site, plain),
      promoteCache: async () => this.promote('cache', site, plain),
    };
    return answers[name]?.();
  }

  private linked(kind: ServerKind, site: SiteId): boolean {
    return this.follows.get(`${kind} ${site}`) === this.primary && !this.crashed.has(site) && !this.crashed.has(this.primary);
  }

  private oneOf(sites: readonly SiteId[]): (take: (site: SiteId) => void) => void {
    const chosen = sites[Math.floor(this.random() * sites.length)];
    return (take) => void (chosen !== undefined && take(chosen));
  }

  private copyCache(site: SiteId, source: SiteId): void {
    const [own, from] = [this.caches.get(site), this.caches.get(source)];
    if (!own || !from || own.position >= from.position) return;
    // A partial resynchronisation brings what is new, and not what was lost by itself.
    own.position = from.position;
  }

  private rfc3339(at: number): string {
    return new Date(at).toISOString();
  }

  /** When the newest row that a position has was committed. */
  private committedAt(position: number): string {
    const row = this.rows.database.findLast((candidate) => candidate.position <= position);
    return row ? this.rfc3339(row.at) : this.lastCommitAt;
  }

  private heartbeatAt(site: SiteId): number {
    return this.linked('database', site) ? this.clock.now() : (this.contact.get(`database ${site}`) ?? 0);
  }

  private databaseAsItIs(state: DatabaseState): DatabaseState {
    if (!state.reachable) return state;
    const { site } = state;
    const position = this.promotedAt.get(`database ${site}`) ?? this.server(site).bytes;
    const lastReplayedCommitAt = this.committedAt(position);
    const standbys = [...this.databases.keys()]
      .filter((other) => other !== this.primary)
      .map((other) => `${other}=${!this.waitsFor.includes(other) ? 'async' : this.waitsFor.length === 1 ? 'sync' : 'quorum'}`);
    return {
      ...state,
      follows: this.follows.get(`database ${site}`) ?? 'none',
      receiverActive: this.linked('database', site),
      lastReplayedCommitAt,
      heartbeats: state.heartbeats.map((heartbeat) => ({ ...heartbeat, ...this.settings(), writtenAt: this.rfc3339(this.heartbeatAt(site)), standbys })),
      ...(state.promotion ? { promotion: { ...state.promotion, bytes: position, lastReplayedCommitAt } } : {}),
    };
  }

  private settings() {
    const names = this.waitsFor.map((site) => `"${site}"`).join(', ');
    return { synchronousStandbyNames: names === '' ? '' : `ANY 1 (${names})`, synchronousCommit: 'on', overrides: [] };
  }

  private cacheAsItIs(state: CacheState): CacheState {
    const cache = this.caches.get(state.site);
    if (!state.reachable || !cache) return state;
    const contact = this.linked('cache', state.site) ? this.clock.now() : (this.contact.get(`cache ${state.site}`) ?? 0);
    return {
      ...state,
      ...(this.byHand.has(`cache ${state.site}`) ? { standing: 'unexplained' as const } : {}),
      follows: this.follows.get(`cache ${state.site}`) ?? 'none',
      linkUp: this.linked('cache', state.site),
      lastIoAgeSeconds: Math.floor((this.clock.now() - contact) / 1000),
      offset: cache.position,
      keys: cache.keys,
      lastingKeys: cache.keys,
    };
  }

  private writerAsItIs(state: WriterState): WriterState {
    if (state.server === 'database' || state.state === 'unknown' || state.site === this.primary) return state;
    const writes = this.databases.get(state.site)?.cachePromoted === true || this.byHand.has(`cache ${state.site}`);
    return { ...state, state: writes ? 'writer' : 'standby' };
  }

  /** The rule is that of production, as the drivers ask it; whether it was right is seen by what is acknowledged afterwards. */
  private detached(kind: ServerKind, site: SiteId, standbys: readonly SiteId[]): Fence {
    const answering = standbys.filter((standby) => !this.dead.has(standby));
    const verdict = kind === 'database' ? this.judgeDatabase(answering, site) : this.judgeCache(answering, site);
    const followed = answering.some((standby) => this.linked(kind, standby));
    if (verdict.proven) for (const standby of answering) if (this.follows.get(`${kind} ${standby}`) === site) this.follows.delete(`${kind} ${standby}`);
    const positions = answering.filter((standby) => !this.byHand.has(`database ${standby}`)).map((standby) => this.server(standby).bytes);
    return {
      method: 'replication',
      proven: verdict.proven,
      servers: [{ site, server: kind, state: verdict.proven ? 'fenced' : 'unknown', how: 'model' }],
      proof: verdict.proven ? verdict.proof : verdict.reason,
      ...(verdict.proven && kind === 'database' ? { positionBytes: Math.max(...positions) } : {}),
      ...(verdict.proven && !followed ? { acknowledgedUntil: this.rfc3339(Math.max(...answering.map((standby) => this.lastWordTo(kind, standby)))) } : {}),
      at: this.time(),
    };
  }

  private lastWordTo(kind: ServerKind, standby: SiteId): number {
    return this.contact.get(`${kind} ${standby}`) ?? 0;
  }

  private lostAt(site: SiteId): number {
    return this.dead.has(site) ? (this.since.get(site) ?? this.clock.now()) : this.clock.now();
  }

  private judgeDatabase(answering: readonly SiteId[], site: SiteId): FenceVerdict {
    const newest = Math.max(0, ...answering.map((standby) => this.heartbeatAt(standby)));
    const standbys = this.waitsFor.map((standby) => `${standby}=${this.waitsFor.length === 1 ? 'sync' : 'quorum'}`);
    return judgeDatabaseFence({
      ...(answering.length > 0 ? { heartbeat: { ...this.settings(), writtenAt: this.rfc3339(newest), standbys } } : {}),
      lostAt: this.rfc3339(Math.max(newest, this.lostAt(site))),
      heartbeatMaxAgeSeconds: seconds(this.snapshot.plan.estate.limits.heartbeatMaxAge),
      left: answering,
    });
  }

  private judgeCache(answering: readonly SiteId[], site: SiteId): FenceVerdict {
    const newest = Math.max(0, ...answering.map((replica) => this.heartbeatAt(replica)));
    return judgeCacheFence({
      heartbeat: { writtenAt: this.rfc3339(newest), minReplicasToWrite: 1, minReplicasMaxLagSeconds: 2, replicas: 2 },
      lostAt: this.rfc3339(Math.max(newest, this.lostAt(site))),
      heartbeatMaxAgeSeconds: seconds(this.snapshot.plan.estate.limits.heartbeatMaxAge),
      leftAt: answering.map(() => this.time()),
    });
  }

  private unfenced(site: SiteId, { at }: { readonly at: string }) {
    if (this.dead.has(site)) return { done: 'nothing', notTakenBack: [`the agent at ${site} does not answer`], at };
    const server = this.server(site);
    if (server.role === 'fenced') server.role = server.opensAs ?? 'writer';
    return { done: 'model', notTakenBack: [], at };
  }

  private reattached(kind: ServerKind, at: SiteId, site: SiteId): WriterState {
    const server = this.server(at);
    const isPrimary = this.byHand.has(`${kind} ${at}`) || (kind === 'database' ? server.role === 'writer' : server.cachePromoted === true);
    if (this.dead.has(at) || isPrimary) return { site: at, server: kind, state: 'unknown', how: isPrimary ? 'it is a primary' : 'its agent does not answer' };
    this.follows.set(`${kind} ${at}`, site);
    return { site: at, server: kind, state: 'standby', how: `following ${site}` };
  }

  private async follow(kind: ServerKind, site: SiteId, source: SiteId, plain: () => Promise<unknown>): Promise<unknown> {
    if (this.dead.has(source)) throw ApplicationFailure.retryable(`The ${kind} at ${source} does not answer.`, 'transient');
    const answer = await plain();
    this.follows.set(`${kind} ${site}`, source);
    if (kind === 'cache') this.caches.set(site, { ...(this.caches.get(source) ?? { position: 0, keys: 0 }) });
    return answer;
  }

  private async promote(kind: ServerKind, site: SiteId, plain: () => Promise<unknown>): Promise<unknown> {
    if (this.byHand.has(`${kind} ${site}`))
      throw ApplicationFailure.nonRetryable(`The ${kind} at ${site} is a primary, and no run has promoted it.`, 'refused');
    const answer = await plain();
    if (!this.promotedAt.has(`${kind} ${site}`)) this.promotedAt.set(`${kind} ${site}`, this.holding(kind, site).position);
    this.follows.delete(`${kind} ${site}`);
    return answer;
  }
}
