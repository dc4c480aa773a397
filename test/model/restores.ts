/** Backups and restores of the model estate: what there is to restore at each site, and what was made of it. */
import type { Restored, RestoredStore, RestoreLook, RestorePoints, RestoreStage, Snapshots } from '../../activities/restore/port.ts';
import type { ReferenceCount } from '../../activities/verification/port.ts';
import { type RestoreSet, setFor } from '../../plan/rules/restore-points.ts';
import { isTree, type Snapshot, type SnapshotStore, type Tree } from '../../plan/rules/snapshots.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { FakeJobs } from './jobs.ts';

interface FakeRestore {
  readonly by: string;
  readonly job: string;
  readonly set: string;
  /** Of the database. */
  readonly point?: string;
  stage: RestoreStage;
  /** Of a tree, what was current before it was switched; absent where nothing was. */
  was?: string | undefined;
  /** Its server is down. */
  readonly stopped?: true;
}

export class FakeRestores {
  /** The same at every site that restores. */
  sets: RestoreSet[];
  /** Why a site cannot read its backups. */
  readonly unread = new Map<SiteId, string>();
  /** Why a look at a restore would be refused. */
  readonly refused = new Map<SiteId, string>();
  /** Snapshots of the cache, the same at every site. */
  snapshots: Snapshot[];
  /** Versions of each tree, the same at every site. */
  versions: Record<Tree, Snapshot[]>;
  /** Of the database; of the cache. */
  readonly at = new Map<SiteId, FakeRestore>();
  readonly caches = new Map<SiteId, FakeRestore>();
  readonly trees: Readonly<Record<Tree, Map<SiteId, FakeRestore>>> = { application: new Map(), sessions: new Map() };
  /** What is current of a tree at a site, by `TREE at SITE`; absent where nothing is. */
  readonly current = new Map<string, string>();
  /** What of the cache names no row of the database. */
  references: ReferenceCount[] = [];
  /** The job that makes the first set of what was opened. */
  readonly firstSets = new Map<SiteId, string>();
  private readonly jobs: FakeJobs;

  /** One set of two hours ago, with its log up to the last commit of the primary. */
  constructor(jobs: FakeJobs, lastCommitAt: string) {
    this.jobs = jobs;
    const ago = (hours: number) => new Date(Date.parse(lastCommitAt) - hours * 3_600_000).toISOString();
    const made = {
      set: 'full-1',
      startedAt: ago(3),
      stoppedAt: ago(2),
      timeline: 1,
      bytes: 60_000_000_000,
      logBytes: 1_000_000_000,
      version: '15',
      systemIdentifier: '1',
    };
    this.sets = [{ ...made, earliest: made.stoppedAt, latest: lastCommitAt }];
    const twoOf = (name: string, bytes: number) => [ago(2), ago(0.05)].map((at, index) => ({ set: `${name}-${index + 1}`, at, bytes }));
    this.snapshots = twoOf('dump', 500_000_000);
    this.versions = { application: twoOf('release', 40_000_000), sessions: twoOf('export', 10_000_000) };
  }

  of(store: RestoredStore): Map<SiteId, FakeRestore> {
    return isTree(store) ? this.trees[store] : store === 'database' ? this.at : this.caches;
  }

  snapshotsAt(site: SiteId, store: SnapshotStore, at: string): Snapshots {
    const reason = this.unread.get(site);
    return reason === undefined ? { site, store, found: true, snapshots: this.snapshotsOf(store), unreadable: [], at } : { site, store, found: false, reason };
  }

  snapshotsOf(store: SnapshotStore): readonly Snapshot[] {
    return isTree(store) ? this.versions[store] : this.snapshots;
  }

  lookAtSnapshot(site: SiteId, store: SnapshotStore, set: string): RestoreLook {
    const known = this.snapshotsOf(store).some((snapshot) => snapshot.set === set && snapshot.unusable === undefined);
    return known ? { ready: true, bytesNeeded: 500_000_000, bytesFree: 200_000_000_000 } : { ready: false, reason: `${site} has no snapshot ${set}` };
  }

  points(site: SiteId, at: string): RestorePoints {
    const reason = this.unread.get(site);
    if (reason !== undefined) return { site, found: false, reason };
    return { site, found: true, tool: 'model', sets: this.sets, unreadable: [], at };
  }

  look(site: SiteId, set: string, point: string): RestoreLook {
    const reason = this.refused.get(site) ?? (setFor(this.sets, point)?.set === set ? undefined : `the set ${set} has no ${point}`);
    return reason === undefined ? { ready: true, bytesNeeded: 61_000_000_000, bytesFree: 200_000_000_000 } : { ready: false, reason };
  }

  /** Whether what stands there is not to be set aside by a restore of this execution: a server that was accepted and runs, or what is another's and in nobody's use. */
  isHeld(store: RestoredStore, site: SiteId, execution: string): boolean {
    const stands = this.of(store).get(site);
    if (!stands || stands.stage === 'discarded') return false;
    return stands.stage === 'accepted' ? !(stands.stopped || isTree(store)) : stands.by !== execution;
  }

  begin(store: RestoredStore, site: SiteId, restore: Omit<FakeRestore, 'stage'>): void {
    this.of(store).set(site, { ...restore, stage: 'begun' });
  }

  /** How far it is: what its job has done is proven. */
  async stage(store: RestoredStore, site: SiteId): Promise<RestoreStage> {
    const restore = this.of(store).get(site);
    if (!restore) return 'none';
    if (restore.stage === 'begun' && (await this.jobs.look(restore.job)).state === 'done') restore.stage = 'proven';
    return restore.stage;
  }

  /** Whether its job is under way, beside which nothing is made of it. */
  async isUnderWay(store: RestoredStore, site: SiteId): Promise<boolean> {
    const restore = this.of(store).get(site);
    return restore !== undefined && (await this.jobs.look(restore.job)).state === 'running';
  }

  /** Once its job has ended. */
  hasFirstSet(site: SiteId): boolean {
    const job = this.jobs.begun.get(this.firstSets.get(site) ?? '');
    return job !== undefined && job.cancelledAt === undefined && (job.ends ?? 'done') === 'done';
  }

  /** Gives the stage before. */
  async become(store: RestoredStore, site: SiteId, stage: RestoreStage): Promise<RestoreStage> {
    const before = await this.stage(store, site);
    const restore = this.of(store).get(site);
    if (restore && isTree(store)) this.turnLink(store, site, restore, stage);
    if (restore) restore.stage = stage;
    return before;
  }

  /** What is current after a tree was switched is what was restored, and after a discard what it was before. */
  private turnLink(tree: Tree, site: SiteId, restore: FakeRestore, stage: RestoreStage): void {
    const key = `${tree} at ${site}`;
    if (stage === 'switched' && restore.stage !== 'switched') {
      restore.was = this.current.get(key);
      this.current.set(key, restore.set);
    }
    if (stage !== 'discarded' || restore.stage !== 'switched') return;
    if (restore.was === undefined) this.current.delete(key);
    else this.current.set(key, restore.was);
  }

  /** What the run of the database has let in beside it, or made current, is accepted with it. */
  acceptBeside(site: SiteId): void {
    for (const beside of [this.caches, ...Object.values(this.trees)]) {
      const restore = beside.get(site);
      if (restore && ['admitted', 'switched'].includes(restore.stage) && restore.by === this.at.get(site)?.by) restore.stage = 'accepted';
    }
  }

  async restored(store: RestoredStore, site: SiteId, at: string): Promise<Restored> {
    const stage = await this.stage(store, site);
    const restore = this.of(store).get(site);
    const isProven = ['proven', 'admitted', 'switched', 'opening', 'accepted'].includes(stage);
    const proof = isProven && restore ? proofs[store](restore) : {};
    return {
      site,
      store,
      stage,
      ...(restore ? { by: restore.by, set: restore.set } : {}),
      inPlace: isProven,
      server: !isProven || isTree(store) ? 'absent' : restore?.stopped ? 'stopped' : 'running',
      proof,
      kept: stage === 'discarded' ? [{ folder: discardedFolder[store], bytes: 61_000_000_000 }] : [],
      at,
    };
  }
}

const discardedFolder: Readonly<Record<RestoredStore, string>> = {
  database: 'main.discarded',
  cache: 'redis.discarded',
  application: 'release.discarded',
  sessions: 'export.discarded',
};

const proofs: Readonly<Record<RestoredStore, (restore: FakeRestore) => Restored['proof']>> = {
  database: ({ point = '' }) => ({
    timeline_before: '1',
    timeline_after: '2',
    last_commit_applied: point,
    newest_heartbeat: point,
    pages_checked: '1000',
    indexes_checked: '10',
  }),
  cache: () => ({ keys_in_set: '10', keys_after: '10', expired_since: '0', compared: 'digest', survived_restart: 'yes' }),
  application: () => ({
    placed: 'release',
    files: '900',
    bytes_unpacked: '90000000',
    signature: 'checked by /etc/dr/application.pem',
    configured: 'by /etc/dr/configure',
  }),
  sessions: () => ({ placed: 'export', files: '50', bytes_unpacked: '20000000', signature: 'not checked', configured: 'nothing' }),
};
