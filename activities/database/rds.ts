/**
 * RDS for PostgreSQL: read by the observer, promoted by the API. A read replica of another region is asynchronous, follows nobody but its source, and no agent closes
 * its primary: what that means for the fence is in `activities/fencing/rds.ts` and docs/aws.md.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { SiteId } from '../../plan/schema.ts';
import { takeResource, tagValue, type TaggedResource } from '../aws/epoch-tag.ts';
import { unlessTransient } from '../aws/errors.ts';
import { promotedByNoRun, promotionTagKey } from '../aws/promotion.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import { observe } from './observer.ts';
import { lsnBytes, type ServerReading } from './postgresql.ts';
import type { DatabaseActivities, DatabaseState, EarlierPromotion, Promotion } from './port.ts';
import { createRds, siteOfInstance, type Rds, type RdsInstance } from './rds-api.ts';

const pollMilliseconds = 1_000;
const notPromoted = 'The database was not promoted.';

/** States from which an instance comes back by itself; in any other one a run would wait in vain. */
const passing =
  /^(available|backing-up|modifying|rebooting|maintenance|upgrading|renaming|starting|configuring-\S+|storage-optimization|storage-config-upgrade)$/;

/** What a run noted at the instance before it promoted it. */
interface NotedPromotion {
  readonly by: string;
  readonly timeline: number;
  /** Replayed then: the promotion lies there or later. */
  readonly lsn: string;
  readonly lastReplayedCommitAt?: string;
}

export function createRdsActivities(dependencies: ActivityDependencies): DatabaseActivities {
  const { now } = dependencies;
  return {
    readDatabase: ({ run, site }) => readDatabase(dependencies, run, site),

    async applyDatabase({ site }) {
      throw failure('refused', {
        happened: `RDS applies what the replica at ${site} has received by itself; nothing can be told to it.`,
        leftAs: 'Nothing was changed.',
        next: 'Wait for it, then choose retry.',
      });
    },

    async followDatabase({ site, source }) {
      throw failure('refused', {
        happened: `The read replica at ${site} is behind the one at ${source}, and RDS lets a replica follow its source only.`,
        leftAs: 'Nothing was changed.',
        next: `Choose undo and fail over to ${source}; or skip, and accept what is missing.`,
      });
    },

    promoteDatabase: ({ run, site }) => withRds(dependencies, run, site, (rds) => promote(dependencies, run, site, rds)),

    async protectDatabase({ run, site, standbys }) {
      const rest = standbys.length === 0 ? '' : `; the replicas at ${standbys.join(', ')} still name the old source`;
      const after = `no standby: RDS points no replica at ${site}, make new ones there${rest}`;
      return withRds(dependencies, run, site, async (rds) => ({
        ...{ before: after, after, changed: false, source: `RDS in ${rds.region}`, at: now().toISOString() },
      }));
    },
  };
}

async function withRds<T>(dependencies: ActivityDependencies, run: RunContext, site: SiteId, work: (rds: Rds) => Promise<T>): Promise<T> {
  const rds = await createRds(await dependencies.planOf(run.planDigest), site, dependencies);
  try {
    return await work(rds);
  } finally {
    rds.close();
  }
}

/** State by the observer; whom it follows and who promoted it by the API. An API that does not answer leaves these unknown: an unexplained primary is no target. */
async function readDatabase(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<DatabaseState> {
  const plan = await dependencies.planOf(run.planDigest);
  const asked = withRds(dependencies, run, site, (rds) => rds.read()).catch(() => undefined);
  const seen = await observe(dependencies, run, site);
  if (!seen.reachable) return { site, reachable: false, reason: seen.reason };
  const { server } = seen;
  const instance = await asked;
  const noted = instance && notedOf(instance);
  const source = instance?.source === undefined ? undefined : siteOfInstance(plan, instance.source);
  return {
    site,
    reachable: true,
    ...server,
    follows: server.inRecovery ? (source ?? 'unknown') : 'none',
    heartbeats: seen.heartbeats,
    ...(noted && !server.inRecovery ? { promotion: promotionOf(noted, server) } : {}),
    ...(noted && server.inRecovery ? { promotionBegun: noted.by } : {}),
  };
}

async function promote(dependencies: ActivityDependencies, run: RunContext, site: SiteId, rds: Rds): Promise<Promotion> {
  const server = await mustObserve(dependencies, run, site);
  const noted = notedOf(await rds.read());
  if (!server.inRecovery) {
    if (!noted) throw promotedByNoRun('database', site);
    return describePromotion(dependencies, rds, noted, server, false);
  }
  await until(async () => ((await unlessTransient(settled(rds)))?.status === 'available' ? true : undefined), {
    everyMilliseconds: pollMilliseconds,
    withinMilliseconds: Infinity,
  });
  await takeResource(dependencies, run, taggedInstance(rds, site), notPromoted);
  const note: NotedPromotion = {
    by: run.execution,
    timeline: server.timeline,
    lsn: server.replayedLsn,
    ...(server.lastReplayedCommitAt === undefined ? {} : { lastReplayedCommitAt: server.lastReplayedCommitAt }),
  };
  await rds.tag({ Key: promotionTagKey, Value: [note.by, note.timeline, note.lsn, note.lastReplayedCommitAt ?? ''].join(' ').trim() });
  const asked = await rds.promote().then(
    () => null,
    (error: unknown) => {
      // This run has asked before, and its answer may have been lost: then RDS says that the instance is under way.
      if (noted?.by !== run.execution || !isUnderWay(error)) throw error;
      return error;
    },
  );
  // The instance restarts meanwhile: a database that does not answer is waited for, one that RDS calls broken is not.
  const promoted = await until(
    async () => {
      const instance = await unlessTransient(settled(rds));
      // It was not under way, but refused: a replica that is available again is promoted by nobody.
      if (asked !== null && instance?.status === 'available' && instance.source !== undefined) throw asked;
      const seen = await observe(dependencies, run, site);
      return seen.reachable && !seen.server.inRecovery ? seen.server : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: Infinity },
  );
  return describePromotion(dependencies, rds, note, promoted ?? server, true);
}

function isUnderWay(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure)) return false;
  const [facts] = (error.details ?? []) as { readonly error?: string }[];
  return facts?.error?.startsWith('InvalidDBInstanceState') ?? false;
}

/** The instance, unless it is in a state in which nothing comes of waiting. */
async function settled(rds: Rds): Promise<RdsInstance> {
  const instance = await rds.read();
  if (passing.test(instance.status)) return instance;
  throw failure('permanent', {
    happened: `The DB instance ${instance.name} is ${instance.status}.`,
    leftAs: 'Nothing more was changed there.',
    next: `Look at it (aws rds describe-events --source-type db-instance --source-identifier ${instance.name}), fix it, then choose retry.`,
  });
}

async function mustObserve(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<ServerReading> {
  const seen = await observe(dependencies, run, site);
  if (seen.reachable) return seen.server;
  throw failure(seen.type, { happened: `The database at ${site} does not tell its role: ${seen.reason}.`, leftAs: notPromoted }, { site });
}

function describePromotion(dependencies: ActivityDependencies, rds: Rds, noted: NotedPromotion, server: ServerReading, changed: boolean): Promotion {
  if (!(server.timeline > noted.timeline))
    throw failure('permanent', {
      happened: `The database takes writes, but its timeline did not rise (${noted.timeline}, then ${server.timeline}).`,
      leftAs: 'No traffic was moved.',
      next: 'Look at the database before you choose.',
    });
  return {
    before: `read replica on timeline ${noted.timeline}`,
    after: `primary on timeline ${server.timeline}`,
    changed,
    source: `RDS in ${rds.region}, and the database itself`,
    at: dependencies.now().toISOString(),
    timelineBefore: noted.timeline,
    timelineAfter: server.timeline,
    lsn: noted.lsn,
  };
}

function taggedInstance(rds: Rds, site: SiteId): TaggedResource {
  return { name: `The DB instance of ${site}`, readTags: async () => (await rds.read()).tags, writeTag: (tag) => rds.tag(tag) };
}

function notedOf(instance: RdsInstance): NotedPromotion | undefined {
  const [by, timeline, lsn, lastReplayedCommitAt] = (tagValue(instance.tags, promotionTagKey) ?? '').split(' ');
  if (!by || !lsn || !Number.isInteger(Number(timeline))) return undefined;
  // Anybody may edit a tag by hand: what is no time is none.
  return { by, timeline: Number(timeline), lsn, ...(Number.isNaN(Date.parse(lastReplayedCommitAt ?? '')) ? {} : { lastReplayedCommitAt }) };
}

function promotionOf(noted: NotedPromotion, server: ServerReading): EarlierPromotion {
  const { by, lsn, lastReplayedCommitAt } = noted;
  return { by, timeline: server.timeline, lsn, bytes: lsnBytes(lsn), ...(lastReplayedCommitAt === undefined ? {} : { lastReplayedCommitAt }) };
}
