/** Which driver restores a store at a site, as the plan has it: site-restore on its host, RDS or ElastiCache. The port is the same, and so is the job. */
import { restorerOf } from '../../plan/rules/restorers.ts';
import type { SiteId } from '../../plan/schema.ts';
import { attemptToReadAws } from './aws/attempt.ts';
import type { Change } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { JobAt, JobsActivities } from '../jobs/port.ts';
import { cancel, watch } from './aws/jobs.ts';
import { type Made, proofOf, runOf, setOf, stageOf } from './aws/made.ts';
import { accept, admit, carryOn, discard, type Work } from './aws/provider.ts';
import { lookAtElastiCache, withElastiCacheTarget } from './elasticache.ts';
import type { RestoreActivities, RestoreAt, Restored, RestoredStore } from './port.ts';
import { beginFirstSnapshot, lookAtRds, watchFirstSnapshot, withRdsTarget } from './rds.ts';

/** `onHosts` restores where the plan names no service of AWS. */
export function createStoreRestores(dependencies: ActivityDependencies, onHosts: RestoreActivities): RestoreActivities {
  const { planOf } = dependencies;
  const isAtAws = async ({ run, site }: RestoreAt, store: RestoredStore): Promise<boolean> =>
    restorerOf(await planOf(run.planDigest), site, store) !== 'site-restore';
  const withStore = <T>({ run, site }: RestoreAt, store: RestoredStore, work: (at: Work) => Promise<T>): Promise<T> =>
    store === 'database' ? withRdsTarget(dependencies, run, site, work) : withElastiCacheTarget(dependencies, run, site, work);
  const now = () => dependencies.now().toISOString();
  return {
    async readRestorePoints(input) {
      if (!(await isAtAws(input, 'database'))) return onHosts.readRestorePoints(input);
      const { run, site } = input;
      const read = await attemptToReadAws(() => withRdsTarget(dependencies, run, site, (rds) => rds.sets()));
      if (!read.ok) return { site, found: false, reason: read.reason };
      return { site, found: true, tool: 'RDS', sets: read.value.map(({ automatic: _order, ...set }) => set), unreadable: [], at: now() };
    },
    async readSnapshots(input) {
      const { run, site, store } = input;
      if (!(await isAtAws(input, store))) return onHosts.readSnapshots(input);
      const read = await attemptToReadAws(() => withElastiCacheTarget(dependencies, run, site, (elastiCache) => elastiCache.snapshots()));
      return read.ok ? { site, store, found: true, snapshots: read.value, unreadable: [], at: now() } : { site, store, found: false, reason: read.reason };
    },
    async lookAtRestore(input) {
      if (!(await isAtAws(input, 'database'))) return onHosts.lookAtRestore(input);
      return withRdsTarget(dependencies, input.run, input.site, (rds) => lookAtRds(rds, input.set, input.point));
    },
    async lookAtSnapshot(input) {
      if (!(await isAtAws(input, input.store))) return onHosts.lookAtSnapshot(input);
      return withElastiCacheTarget(dependencies, input.run, input.site, (elastiCache) => lookAtElastiCache(elastiCache, input.set));
    },
    async readRestored(input) {
      const { site, store } = input;
      if (!(await isAtAws(input, store))) return onHosts.readRestored(input);
      return withStore(input, store, async ({ provider }) => restoredOf(await provider.find(), { site, store, at: now() }));
    },
    async restoreDatabase(input) {
      if (!(await isAtAws(input, 'database'))) return onHosts.restoreDatabase(input);
      const { id, set, point } = input;
      return withStore(input, 'database', (work) => carryOn(work, id, { set, point }));
    },
    async restoreSnapshot(input) {
      if (!(await isAtAws(input, input.store))) return onHosts.restoreSnapshot(input);
      return withStore(input, input.store, (work) => carryOn(work, input.id, { set: input.set }));
    },
    async admitServices(input) {
      return (await isAtAws(input, input.store)) ? withStore(input, input.store, admit) : onHosts.admitServices(input);
    },
    // Trees are unpacked at hosts alone.
    switchRestored: (input) => onHosts.switchRestored(input),
    async acceptRestored(input) {
      if (!(await isAtAws(input, 'database'))) return onHosts.acceptRestored(input);
      const database = await withStore(input, 'database', accept);
      return (await isAtAws(input, 'cache')) ? acceptCacheToo(input, database, withStore) : database;
    },
    async discardRestored(input) {
      return (await isAtAws(input, input.store)) ? withStore(input, input.store, discard) : onHosts.discardRestored(input);
    },
    async backUpRestored(input) {
      if (!(await isAtAws(input, 'database'))) return onHosts.backUpRestored(input);
      return withRdsTarget(dependencies, input.run, input.site, (rds) => beginFirstSnapshot(rds, input));
    },
  };
}

/** One acceptance for both; a cache that was not let in is no part of it. */
async function acceptCacheToo(
  input: RestoreAt,
  database: Change,
  withStore: (at: RestoreAt, store: RestoredStore, work: (at: Work) => Promise<Change>) => Promise<Change>,
): Promise<Change> {
  return withStore(input, 'cache', async (work) => {
    const made = await work.provider.find();
    if (!made || !['admitted', 'opening', 'accepted'].includes(stageOf(made))) return database;
    const cache = await accept(work);
    return { ...database, after: `${database.after}; ${cache.after}`, changed: database.changed || cache.changed };
  });
}

function restoredOf(made: Made | undefined, of: { readonly site: SiteId; readonly store: RestoredStore; readonly at: string }): Restored {
  if (!made) return { ...of, stage: 'none', inPlace: false, server: 'absent', proof: {}, kept: [] };
  const [by, set] = [runOf(made), setOf(made)];
  const server = made.standing === 'ready' || made.standing === 'busy' ? 'running' : 'stopped';
  return {
    ...of,
    stage: stageOf(made),
    ...(by === undefined ? {} : { by }),
    ...(set === undefined ? {} : { set }),
    inPlace: by !== undefined,
    server,
    proof: proofOf(made),
    kept: [],
  };
}

/** Jobs whose work AWS does, beside those of hosts. */
export function createStoreJobs(dependencies: ActivityDependencies, onHosts: JobsActivities): JobsActivities {
  const isFirstBackup = ({ id }: Pick<JobAt, 'id'>) => id.includes('.first-backup.');
  const withJob = <T>(job: JobAt, work: (at: Work) => Promise<T>): Promise<T> =>
    job.by === 'elasticache' ? withElastiCacheTarget(dependencies, job.run, job.site, work) : withRdsTarget(dependencies, job.run, job.site, work);
  const isAtAws = ({ by }: Pick<JobAt, 'by'>) => by === 'rds' || by === 'elasticache';
  return {
    ...onHosts,
    async watchJob(job) {
      if (!isAtAws(job)) return onHosts.watchJob(job);
      return isFirstBackup(job)
        ? withRdsTarget(dependencies, job.run, job.site, (rds) => watchFirstSnapshot(rds, job))
        : withJob(job, (work) => watch(work, job));
    },
    async cancelJob(job) {
      if (!isAtAws(job)) return onHosts.cancelJob(job);
      if (!isFirstBackup(job)) return withJob(job, (work) => cancel(work, job));
      return withRdsTarget(dependencies, job.run, job.site, async (rds) => {
        const { state, lastLine = '' } = await watchFirstSnapshot(rds, { ...job, withinSeconds: 0 });
        const remaining = state === 'running' ? [`${lastLine}: it is made all the same, and no run deletes a snapshot.`] : [];
        return { before: state, after: state, changed: false, remaining, source: rds.provider.source, at: dependencies.now().toISOString() };
      });
    },
  };
}
