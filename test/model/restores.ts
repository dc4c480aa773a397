/** Backups and restores of the model estate: what there is to restore at each site, and what was made of it. */
import type { Restored, RestoreLook, RestorePoints, RestoreStage } from '../../activities/restore/port.ts';
import { type RestoreSet, setFor } from '../../plan/rules/restore-points.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { FakeJobs } from './jobs.ts';

interface FakeRestore {
  readonly by: string;
  readonly job: string;
  readonly set: string;
  readonly point: string;
  stage: RestoreStage;
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
  readonly at = new Map<SiteId, FakeRestore>();
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

  begin(site: SiteId, restore: Omit<FakeRestore, 'stage'>): void {
    this.at.set(site, { ...restore, stage: 'begun' });
  }

  /** How far it is: what its job has done is proven. */
  async stage(site: SiteId): Promise<RestoreStage> {
    const restore = this.at.get(site);
    if (!restore) return 'none';
    if (restore.stage === 'begun' && (await this.jobs.look(restore.job)).state === 'done') restore.stage = 'proven';
    return restore.stage;
  }

  /** Gives the stage before. */
  async become(site: SiteId, stage: RestoreStage): Promise<RestoreStage> {
    const before = await this.stage(site);
    const restore = this.at.get(site);
    if (restore) restore.stage = stage;
    return before;
  }

  async restored(site: SiteId, at: string): Promise<Restored> {
    const stage = await this.stage(site);
    const restore = this.at.get(site);
    const isProven = ['proven', 'admitted', 'opening', 'accepted'].includes(stage);
    const proof =
      isProven && restore
        ? {
            timeline_before: '1',
            timeline_after: '2',
            last_commit_applied: restore.point,
            newest_heartbeat: restore.point,
            pages_checked: '1000',
            indexes_checked: '10',
          }
        : {};
    return {
      site,
      stage,
      ...(restore ? { by: restore.by } : {}),
      inPlace: isProven,
      server: !isProven ? 'absent' : restore?.stopped ? 'stopped' : 'running',
      proof,
      kept: stage === 'discarded' ? [{ folder: 'main.discarded', bytes: 61_000_000_000 }] : [],
      at,
    };
  }
}
