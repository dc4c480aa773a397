/** A small model of an estate behind typed fake activities: who is ahead, who writes, what was changed. It judges; it does not know the procedures. */
import { ApplicationFailure } from '@temporalio/common';
import type { Change, RunContext } from '../../activities/context.ts';
import type { DatabaseState } from '../../activities/database/port.ts';
import type { Standing, Vantage } from '../../activities/detection/port.ts';
import type { RecordLook } from '../../activities/dns/port.ts';
import type { Fence, WriterState } from '../../activities/fencing/port.ts';
import type { Activities } from '../../activities/index.ts';
import type { JobAt } from '../../activities/jobs/port.ts';
import type { RestoreAt, RestoredStore, RestoreStage, RestoreStoreAt } from '../../activities/restore/port.ts';
import type { WitnessState } from '../../activities/witness/port.ts';
import type { Refusal, Refusals } from '../../plan/rules/refusals.ts';
import { closedByAgents, type ServerKind, serversOf } from '../../plan/rules/servers.ts';
import { standbyNames } from '../../plan/rules/standby-names.ts';
import type { PlanSnapshot, SiteId } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import { isChange } from '../../workflows/wire/changes.ts';
import { type Clock, wallClock } from './clock.ts';
import { heartbeatOf } from './heartbeat.ts';
import { FakeJobs } from './jobs.ts';
import { FakeRestores } from './restores.ts';
import { FakeService } from './service.ts';
import { FakeStacks, stackActivities } from './stacks.ts';

/** `opensAs`: what it was when it was fenced. */
type Server = {
  role: 'writer' | 'standby' | 'fenced';
  opensAs?: 'writer' | 'standby';
  bytes: number;
  keys: number;
  promotedBy?: string;
  promotionBegun?: string;
  cachePromoted?: boolean;
};

/** A call of an activity that changes something, in order. */
export interface Call {
  readonly name: string;
  readonly site?: string;
  readonly epoch: number;
  /** The run's `<workflow id>@<run id>`. */
  readonly execution: string;
  /** When it was tried; RFC 3339. */
  readonly at: string;
}

/** State of the model; a test sets it before and while a run goes on. */
export class FakeEstate extends FakeService {
  readonly snapshot: PlanSnapshot;
  readonly clock: Clock;
  readonly primary: SiteId;
  /** Sites that answer nobody. */
  readonly dead = new Set<SiteId>();
  /** Vantage points that see nothing, not even what they should reach. */
  readonly blindKinds = new Set<Vantage['kind']>();
  /** Those of them whose agent answers; it can close nothing. */
  readonly agentAnswers = new Set<SiteId>();
  readonly databases = new Map<SiteId, Server>();
  readonly epochs = new Map<SiteId, { epoch: number; holder: string }>();
  /** What stands in the DNS zone; null while its API does not answer. */
  zone: { epoch: number; holder: string } | null = { epoch: 0, holder: '' };
  /** What each witness of the plan holds; null while it does not answer. */
  readonly witnesses = new Map<string, { epoch: number; holder: string } | null>();
  /** What stands at the public name beside the route. */
  records: RecordLook = { obstacles: [], differences: [], beside: [] };
  readonly capacity = new Map<SiteId, number>();
  readonly calls: Call[] = [];
  /** Names of activities, and how often each is still to fail, with what. */
  readonly failures = new Map<string, { times: number; failure: ApplicationFailure }>();
  /** What activities answer that is less than it should be, or left to do, by their names. */
  readonly shortfalls = new Map<keyof Activities, Pick<Change, 'exceptions' | 'remaining'>>();
  /** Called before each activity; a test hooks in what happens meanwhile. */
  before: (name: string, input: { readonly site?: SiteId }) => Promise<void> | void = () => undefined;
  /** Where customers are led by the record, and of a share the site that it leads to. */
  route: SiteId;
  /** Per cent of the customers who are led there; null: all, by a record of another kind. */
  share: number | null = null;
  /** Why the maintenance answer serves nobody. */
  remainderSilent: string | null = null;
  /** Each commit waits for one of them; by default the last standby of the plan. */
  synchronousStandbys: readonly SiteId[];
  /** Site that wrote the newest heartbeat. */
  heartbeatFrom: SiteId;
  /** Whether a fence by replication can prove itself at all; that of the database needs its synchronous standbys besides. */
  fenceProvable = true;
  /** Bytes that the primary had written, and that no standby has which left it. */
  unseenBytes = 0;
  /** Whether an undo of the fence works, and the old site's service starts again. */
  reattachable = true;
  serviceStartable = true;
  /** Kinds of server that agents prove closed; null: all that they can close. */
  agentCloses: readonly ServerKind[] | null = null;
  /** Why an agent does not prove the others closed. */
  readonly leftOpen = 'it was closed, but pg_cron may write on';
  dataPlaneWorks = true;
  /** What keeps a standby from applying. */
  readonly heldBack = new Map<SiteId, string>();
  /** What a site's agent would refuse. */
  readonly refusals = new Map<SiteId, readonly Refusal[]>();
  /** Sites whose agent answers who it is, and not what it would refuse, and why. */
  readonly unasked = new Map<SiteId, string>();
  lastCommitAt: string;
  readonly jobs: FakeJobs;
  readonly restores: FakeRestores;
  readonly stacks = new FakeStacks();
  report: Report | null = null;

  constructor(snapshot: PlanSnapshot, clock: Clock = wallClock) {
    super();
    this.snapshot = snapshot;
    this.clock = clock;
    this.lastCommitAt = this.time();
    this.jobs = new FakeJobs(clock.read);
    this.restores = new FakeRestores(this.jobs, this.lastCommitAt);
    this.primary = snapshot.plan.sites.find((site) => site.role === 'primary')?.id ?? '';
    this.route = this.primary;
    this.heartbeatFrom = this.primary;
    for (const { name } of snapshot.plan.estate.witnesses ?? []) this.witnesses.set(name, { epoch: 0, holder: '' });
    for (const site of Object.keys(snapshot.plan.estate.sites)) {
      if (!snapshot.plan.estate.sites[site]?.database) continue;
      this.databases.set(site, { role: site === this.primary ? 'writer' : 'standby', bytes: 1000, keys: 10 });
      this.capacity.set(site, snapshot.plan.sites.find((candidate) => candidate.id === site)?.capacity.baselinePercent ?? 0);
    }
    this.synchronousStandbys = [...this.databases.keys()].filter((site) => site !== this.primary).slice(-1);
  }

  /** Servers that would acknowledge a write. Two of them is what must never be. */
  writers(): SiteId[] {
    return [...this.databases].filter(([, server]) => server.role === 'writer').map(([site]) => site);
  }

  changed(name: string): Call[] {
    return this.calls.filter((call) => call.name === name);
  }

  /** Mutating calls, without the copy of the report, which is stored at every ending. */
  changes(): string[] {
    return this.calls.filter((call) => call.name !== 'storeReport').map((call) => call.name);
  }

  failOnce(name: keyof Activities, failure: ApplicationFailure, times = 1): void {
    this.failures.set(name, { times, failure });
  }

  /** The activities that a worker runs. */
  activities(): Activities {
    const all: Omit<Activities, 'checkSiteAccess' | 'checkSharedAccess'> = {
      ...this.looks(),
      ...this.makesReady(),
      ...this.fences(),
      ...this.promotes(),
      ...this.serves(),
      ...this.routes(),
      ...this.works(),
      ...this.restoring(),
    };
    return Object.fromEntries(
      Object.entries(all).map(([name, act]) => [name, this.recorded(name, act as (input: never) => Promise<unknown>)]),
    ) as unknown as Activities;
  }

  protected override time(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /** How long a site has been seen as it is, when it was watched for `holdSeconds`. */
  protected held(_site: SiteId, holdSeconds: number): number {
    return holdSeconds;
  }

  /** Whether detaching the standbys proves that a site acknowledges nothing more. */
  protected provable(_site: SiteId): boolean {
    return this.fenceProvable;
  }

  private recorded(name: string, act: (input: never) => Promise<unknown>): (input: never) => Promise<unknown> {
    return async (input: never) => {
      await this.clock.read();
      await this.before(name, input);
      const { run, site } = input as { run?: RunContext; site?: string };
      if (isChange(name)) {
        this.calls.push({ name, epoch: run?.epoch ?? 0, execution: run?.execution ?? '', at: this.time(), ...(site === undefined ? {} : { site }) });
      }
      const planned = this.failures.get(name);
      if (planned && planned.times > 0) {
        planned.times -= 1;
        throw planned.failure;
      }
      return this.withShortfalls(name, await act(input));
    };
  }

  private withShortfalls(name: string, result: unknown): unknown {
    const less = this.shortfalls.get(name as keyof Activities);
    if (!less) return result;
    return Array.isArray(result) ? result.map((each: object) => ({ ...each, ...less })) : { ...(result as object), ...less };
  }

  private vantage(kind: Vantage['kind'], observer: string, site: SiteId, holdSeconds: number): Vantage {
    const failed = this.dead.has(site);
    const ok = !failed;
    const at = this.time();
    const checks = kind === 'health-check' ? (['health-check'] as const) : (['service', 'database'] as const);
    return {
      kind,
      observer,
      verdict: this.dead.has(observer) || this.blindKinds.has(kind) ? 'blind' : failed ? 'failed' : 'alive',
      observations: checks.map((check) => ({ check, ok, sentAt: at, detail: ok ? 'answers' : 'no answer' })),
      ...(failed ? { failingSince: at } : {}),
      heldSeconds: this.held(site, holdSeconds),
      rounds: 1,
      detail: ok ? 'answers' : 'no answer',
    };
  }

  private looks() {
    return {
      loadPlan: async ({ expectedDigest }: { expectedDigest?: string }) => {
        if (expectedDigest !== undefined && expectedDigest !== this.snapshot.digest)
          throw ApplicationFailure.nonRetryable('The worker holds another plan.', 'plan-changed');
        return this.snapshot;
      },
      watchFromOrchestrator: async ({ site, holdSeconds }) => this.vantage('orchestrator', 'orchestrator', site, holdSeconds),
      watchFromSite: async ({ site, observer, holdSeconds }) => this.vantage('site-agent', observer, site, holdSeconds),
      watchHealthCheck: async ({ site, holdSeconds }) => this.vantage('health-check', 'route53', site, holdSeconds),
      awaitReturn: async ({ site, unlike, everySeconds }) => {
        const standing = this.standing(site);
        if (standing.says !== unlike) return standing;
        throw ApplicationFailure.create({ type: 'transient', category: 'BENIGN', nextRetryDelay: everySeconds * 1000, message: standing.says });
      },
      readDatabase: async ({ site }) => this.databaseState(site),
      readCache: async ({ site }) => {
        const server = this.databases.get(site);
        if (this.dead.has(site) || !server) return { site, reachable: false, reason: 'no answer' };
        return {
          site,
          reachable: true,
          role: server.role === 'writer' ? 'primary' : 'replica',
          standing: server.cachePromoted ? 'promoted' : 'replica',
          follows: this.primary,
          linkUp: false,
          stream: 'r',
          lastIoAgeSeconds: 5,
          offset: server.bytes,
          keys: server.keys,
          lastingKeys: server.keys,
          expiredKeys: 0,
        };
      },
      readService: async ({ site }) => ({ site, reachable: !this.dead.has(site), active: !this.dead.has(site), enabled: true, detail: '' }),
      checkApplication: async () => ({ ok: true, findings: [], certificateExpiresAt: '2030-01-01T00:00:00Z' }),
      readAgents: async ({ sites }) =>
        sites.map((site) => {
          if (this.dead.has(site) && !this.agentAnswers.has(site)) return { site, reachable: false, reason: 'no answer' };
          const held = this.epochs.get(site) ?? { epoch: 0, holder: '' };
          return { site, reachable: true, epoch: held.epoch, epochHolder: held.holder };
        }),
      readRefusals: async ({ site }): Promise<Refusals> => {
        const reason = this.unasked.get(site) ?? (this.dead.has(site) ? 'no answer' : undefined);
        if (reason !== undefined) return { site, notAsked: { silent: reason === 'no answer', reason }, refused: [], exceptions: [] };
        return { site, refused: this.refusals.get(site) ?? [], exceptions: [] };
      },
      readWriters: async ({ sites }) =>
        sites.flatMap((site): WriterState[] => {
          const server = this.databases.get(site);
          if (!server) return [];
          const state = this.dead.has(site) ? 'unknown' : server.role;
          return serversOf(this.snapshot.plan).map((kind) => ({ site, server: kind, state, how: 'model' }));
        }),
    } satisfies Partial<Activities>;
  }

  /** What the site's agent says of what it can close. */
  private standing(site: SiteId): Standing {
    if (this.dead.has(site)) return { answers: this.agentAnswers.has(site), says: this.agentAnswers.has(site) ? 'nothing runs' : 'no answer' };
    const state = (kind: ServerKind) => ((this.agentCloses?.includes(kind) ?? true) ? this.server(site).role : 'unknown');
    return {
      answers: true,
      says: closedByAgents(this.snapshot.plan)
        .map((kind) => `${kind} ${state(kind)}`)
        .join(', '),
    };
  }

  private databaseState(site: SiteId): DatabaseState {
    const server = this.databases.get(site);
    if (this.dead.has(site) || !server) return { site, reachable: false, reason: 'no answer' };
    return {
      site,
      reachable: true,
      inRecovery: server.role === 'standby',
      systemIdentifier: '1',
      timeline: 1,
      receivedLsn: `0/${server.bytes}`,
      replayedLsn: `0/${server.bytes}`,
      receivedBytes: server.bytes,
      replayedBytes: server.bytes,
      follows: this.primary,
      receiverActive: !this.dead.has(this.primary),
      ...(this.heldBack.has(site) ? { heldBack: this.heldBack.get(site) ?? '' } : {}),
      lastMessageAgeSeconds: 5,
      lastReplayedCommitAt: this.lastCommitAt,
      heartbeats: [heartbeatOf(this.heartbeatFrom, this.lastCommitAt, standbyNames(this.snapshot.plan, this.synchronousStandbys))],
      ...(server.promotionBegun === undefined ? {} : { promotionBegun: server.promotionBegun }),
      ...(server.promotedBy === undefined
        ? {}
        : { promotion: { by: server.promotedBy, timeline: 2, lsn: `0/${server.bytes}`, bytes: server.bytes, lastReplayedCommitAt: this.lastCommitAt } }),
    };
  }

  private makesReady() {
    return {
      claimEpoch: async ({ run, site }) => {
        const held = this.epochs.get(site) ?? { epoch: 0, holder: '' };
        this.mustHold(run, site);
        this.epochs.set(site, { epoch: run.epoch, holder: run.execution });
        return this.change(String(held.epoch), String(run.epoch));
      },
      readZoneEpoch: async () => (this.zone ? { reachable: true, ...this.zone } : { reachable: false, reason: 'no answer' }),
      claimZone: async ({ run }) => {
        if (!this.zone) return { reachable: false, reason: 'no answer' };
        mustBeTaken('The zone', this.zone, run);
        this.zone = { epoch: run.epoch, holder: run.execution };
        return { reachable: true, ...this.zone };
      },
      readWitnesses: async () => [...this.witnesses].map(([witness, held]) => this.witnessState(witness, held)),
      claimWitness: async ({ run, witness }) => {
        const held = this.witnesses.get(witness);
        if (!held) return this.witnessState(witness, null);
        mustBeTaken(`The witness ${witness}`, held, run);
        const own = { epoch: run.epoch, holder: run.execution };
        this.witnesses.set(witness, own);
        return this.witnessState(witness, own);
      },
      startService: async ({ run, site }) => this.guarded(run, site, () => this.change('inactive', 'active')),
      stopService: async ({ run, site }) => this.guarded(run, site, () => this.change('active', 'inactive')),
      readCapacity: async ({ site }) => this.capacity.get(site) ?? 0,
      setCapacity: async ({ run, site, percent }) =>
        this.guarded(run, site, () => {
          const before = this.capacity.get(site) ?? 0;
          this.capacity.set(site, percent);
          return this.change(`${before} %`, `${percent} %`);
        }),
      applyDatabase: async ({ run, site }) =>
        this.guarded(run, site, () => {
          const was = this.heldBack.get(site) ?? 'nothing';
          this.heldBack.delete(site);
          return this.change(was, 'applied');
        }),
      followDatabase: async ({ run, site, source }) =>
        this.guarded(run, site, () => {
          const own = this.server(site);
          const before = own.bytes;
          own.bytes = Math.max(own.bytes, this.server(source).bytes);
          return this.change(`${before}`, `${own.bytes}`);
        }),
      followCache: async ({ run, site }) => this.guarded(run, site, () => this.change('behind', 'caught up')),
    } satisfies Partial<Activities>;
  }

  private witnessState(witness: string, held: { epoch: number; holder: string } | null): WitnessState {
    return held ? { witness, reachable: true, ...held } : { witness, reachable: false, reason: 'no answer' };
  }

  private positionsOf(method: Fence['method']): Pick<Fence, 'positionBytes' | 'leftAtBytes'> {
    const furthest = Math.max(...[...this.databases.values()].map((state) => state.bytes));
    return method === 'replication' && this.unseenBytes > 0
      ? { positionBytes: furthest + this.unseenBytes, leftAtBytes: furthest }
      : { positionBytes: furthest };
  }

  private fences() {
    const fence = (site: SiteId, method: Fence['method'], proven: boolean, server: ServerKind): Fence => ({
      method,
      proven,
      servers: [{ site, server, state: proven ? 'fenced' : 'unknown', how: 'model' }],
      proof: proven ? `the ${server} at ${site} acknowledges nothing` : 'no proof',
      ...(proven && method === 'replication' ? { assumedSince: this.time() } : {}),
      ...(proven && server === 'database' ? this.positionsOf(method) : {}),
      at: this.time(),
    });
    return {
      fenceByAgent: async ({ run, site }) => {
        if (this.dead.has(site)) return { ...fence(site, 'agent', false, 'database'), proof: 'the agent does not answer' };
        return this.guarded(run, site, () => {
          this.close(site);
          const closes = (server: ServerKind) => this.agentCloses?.includes(server) ?? true;
          const all = closedByAgents(this.snapshot.plan);
          const proven = all.length > 0 && all.every(closes);
          const servers = all.flatMap((server) => fence(site, 'agent', closes(server), server).servers);
          return {
            ...fence(site, 'agent', proven, 'database'),
            servers: servers.map((state) => (state.state === 'fenced' ? state : { ...state, how: this.leftOpen })),
          };
        });
      },
      countBeyond: async ({ fencedPositionBytes, lastPositionBytes }) => {
        if (fencedPositionBytes === undefined || lastPositionBytes === undefined) return null;
        const bytes = lastPositionBytes - fencedPositionBytes;
        const rows = { transactions: bytes, inserted: bytes, updated: 0, deleted: 0, whole: true, customersOnly: true };
        return { from: `0/${fencedPositionBytes}`, basis: 'standbys left' as const, bytes, rows };
      },
      fenceDatabaseByReplication: async ({ run, site, standbys }) => {
        for (const standby of standbys) this.mustHold(run, standby);
        const waitsFor = this.synchronousStandbys;
        const proven = this.provable(site) && waitsFor.length > 0 && waitsFor.every((standby) => standbys.includes(standby));
        if (proven) this.close(site);
        return fence(site, 'replication', proven, 'database');
      },
      fenceCacheByReplication: async ({ site }) => fence(site, 'replication', this.provable(site), 'cache'),
      unfenceByAgent: async ({ run, site }) => {
        this.mustHold(run, site);
        return { done: 'model', notTakenBack: this.serviceStartable ? [] : [`the service at ${site} was not taken back`], at: this.time() };
      },
      reattach: async ({ run, site, standbys }) => {
        for (const standby of standbys) this.mustHold(run, standby);
        const server = this.server(site);
        if (this.reattachable) server.role = server.opensAs ?? 'writer';
        return [this.opened(site)];
      },
    } satisfies Partial<Activities>;
  }

  private promotes() {
    return {
      promoteDatabase: async ({ run, site }) =>
        this.guarded(run, site, () => {
          const server = this.server(site);
          const before = server.role;
          server.role = 'writer';
          server.promotedBy ??= run.execution;
          return { ...this.change(before, 'writer'), timelineBefore: 1, timelineAfter: 2, lsn: '0/1' };
        }),
      protectDatabase: async ({ run, site }) => this.guarded(run, site, () => this.change('alone', 'synchronous standby')),
      promoteCache: async ({ run, site }) =>
        this.guarded(run, site, () => {
          this.server(site).cachePromoted = true;
          return { ...this.change('replica', 'primary'), comparison: { by: 'nothing', why: 'no replica follows' } as const };
        }),
    } satisfies Partial<Activities>;
  }

  private routes() {
    return {
      lookAtRecords: async () => this.records,
      lookAtShares: async ({ to }) => ({
        percent: this.route === to ? (this.share ?? 100) : 0,
        remainderSilent: this.remainderSilent,
      }),
      shareRecord: async ({ run, to, percent }) =>
        this.guarded(run, to, () => {
          const before = `${this.share ?? 100} % to ${this.route}`;
          this.route = percent > 0 ? to : 'maintenance';
          this.share = percent;
          return this.change(before, `${percent} % to ${to}`);
        }),
      proveShare: async ({ to, percent }) =>
        this.share === percent && (percent === 0 || this.route === to)
          ? { proven: true }
          : { proven: false, detail: `the authoritative servers still answer ${this.route}` },
      readRoute: async () => ({ site: this.share === null ? this.route : 'unknown', addresses: ['192.0.2.1'], ttlSeconds: 30, at: this.time() }),
      throwSwitch: async ({ run, to, switchSites }) =>
        this.guarded(run, to, () => {
          if (this.dataPlaneWorks) this.route = to;
          return { ...this.change('not thrown', 'thrown'), thrownAt: switchSites };
        }),
      changeRecord: async ({ run, to }) =>
        this.guarded(run, to, () => {
          this.route = to;
          this.share = null;
          return this.change('old', 'new');
        }),
      proveRoute: async ({ to }) =>
        this.route === to && this.share === null
          ? { moved: true, site: to, authoritativeAt: this.time(), ttlSeconds: 30, resolvers: [] }
          : { moved: false, detail: `the authoritative servers still answer ${this.route}` },
      updateMonitoring: async () => this.change('', 'failover_active'),
      notifyStakeholders: async () => ({ recipients: ['jsmith@example.com'], messageId: 'm', at: this.time() }),
      storeReport: async ({ report }) => {
        this.report = report;
        return { path: 'reports/run.md', sha256: '0'.repeat(64) };
      },
    } satisfies Partial<Activities>;
  }

  private works() {
    return {
      watchJob: async (asked) => this.jobs.watch(asked),
      startJob: async ({ run, site, ...asked }) => {
        const before = await this.guarded(run, site, () => this.jobs.start({ site, ...asked }));
        return this.change(before, (await this.jobs.look(asked.id)).state);
      },
      cancelJob: async ({ run, site, id }) => this.guarded(run, site, () => this.jobs.cancel(id)).then(({ before, after }) => this.change(before, after)),
    } satisfies Partial<Activities>;
  }

  private restoring() {
    const { restores } = this;
    return {
      ...stackActivities(this.stacks, (run, site) => this.mustHold(run, site), () => this.time()), // prettier-ignore
      readRestorePoints: async ({ site }) => restores.points(site, this.time()),
      readSnapshots: async ({ site, store }) => restores.snapshotsAt(site, store, this.time()),
      lookAtRestore: async ({ site, set, point }) => restores.look(site, set, point),
      lookAtSnapshot: async ({ site, store, set }) => restores.lookAtSnapshot(site, store, set),
      countReferences: async () => restores.references,
      readRestored: async ({ site, store }) => restores.restored(store, site, this.time()),
      restoreDatabase: async (input) => this.restore('database', input),
      restoreSnapshot: async (input) => this.restore(input.store, input),
      admitServices: async ({ run, site, store }) => this.restoreBecomes(run, { site, store }, ['proven', 'admitted'], 'admitted'),
      switchRestored: async ({ run, site, store }) => this.restoreBecomes(run, { site, store }, ['proven', 'switched'], 'switched'),
      acceptRestored: async ({ run, site }) => {
        const accepted = await this.restoreBecomes(run, { site, store: 'database' }, ['proven', 'admitted', 'opening', 'accepted'], 'accepted');
        this.databases.set(site, { role: 'writer', bytes: 1000, keys: 10 });
        restores.acceptBeside(site);
        return accepted;
      },
      backUpRestored: async ({ run, site, id }) => {
        this.mustHold(run, site);
        const stage = await restores.stage('database', site);
        if (stage !== 'accepted') throw ApplicationFailure.nonRetryable(`What was restored at ${site} is ${stage}; nothing was changed.`, 'refused');
        restores.firstSets.set(site, id);
        const before = await this.jobs.start({ id, site, job: 'first-backup' });
        return this.change(before, (await this.jobs.look(id)).state);
      },
      discardRestored: async ({ run, site, store }) => ({
        ...(await this.restoreBecomes(run, { site, store }, ['begun', 'proven', 'admitted', 'switched', 'discarded'], 'discarded')),
        remaining: (await restores.restored(store, site, this.time())).kept.map(({ folder, bytes }) => `${folder} stays at ${site} with ${bytes} bytes.`),
      }),
    } satisfies Partial<Activities>;
  }

  private async restore(
    store: RestoredStore,
    { run, site, id, set, point }: RestoreAt & JobAt & { readonly set: string; readonly point?: string },
  ): Promise<Change> {
    const { restores, jobs } = this;
    this.mustHold(run, site);
    const stands = restores.of(store).get(site);
    const stage = await restores.stage(store, site);
    if (stands && restores.isHeld(store, site, run.execution))
      throw ApplicationFailure.nonRetryable(`What ${stands.by} restored at ${site} is ${stage}; nothing was changed.`, 'refused');
    if (stands?.job !== id) restores.begin(store, site, { by: run.execution, job: id, set, ...(point === undefined ? {} : { point }) });
    const before = await jobs.start({ id, site, job: `restore-${store}` });
    return this.change(before, (await jobs.look(id)).state);
  }

  private async restoreBecomes(
    run: RunContext,
    { site, store }: Pick<RestoreStoreAt, 'site' | 'store'>,
    from: readonly RestoreStage[],
    to: RestoreStage,
  ): Promise<Change> {
    this.mustHold(run, site);
    if (await this.restores.isUnderWay(store, site))
      throw ApplicationFailure.nonRetryable(`The restore still runs at ${site}; nothing was changed.`, 'refused');
    const stage = await this.restores.stage(store, site);
    if (!from.includes(stage)) throw ApplicationFailure.nonRetryable(`What was restored at ${site} is ${stage}; nothing was changed.`, 'refused');
    return this.change(await this.restores.become(store, site, to), to);
  }

  private opened(site: SiteId): WriterState {
    return { site, server: 'database', state: this.reattachable ? 'writer' : 'unknown', how: this.reattachable ? 'model' : 'it does not answer' };
  }

  private close(site: SiteId): void {
    const server = this.server(site);
    if (server.role !== 'fenced') server.opensAs = server.role;
    server.role = 'fenced';
  }

  protected server(site: SiteId): Server {
    const server = this.databases.get(site);
    if (!server) throw new Error(`The model has no database at ${site}.`);
    return server;
  }

  /** What every target checks: nothing is done under a lower epoch than it has seen. */
  private guarded<T>(run: RunContext, site: SiteId, act: () => T): T {
    this.mustHold(run, site);
    return act();
  }

  private change(before: string, after: string): Change {
    return { before, after, changed: before !== after, source: 'model', at: this.time() };
  }

  private mustHold(run: RunContext, site: SiteId): void {
    mustBeTaken(site, this.epochs.get(site) ?? { epoch: 0, holder: '' }, run);
  }
}

/** A holder takes a higher epoch, or the same one of the same execution. */
function mustBeTaken(who: string, held: { readonly epoch: number; readonly holder: string }, run: RunContext): void {
  if (run.epoch < held.epoch || (run.epoch === held.epoch && run.epoch > 0 && held.holder !== run.execution))
    throw ApplicationFailure.nonRetryable(`${who} holds epoch ${held.epoch}.`, 'stale-epoch');
}
