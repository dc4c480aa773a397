/** PostgreSQL: read by the observer, changed by the site agents only. */
import { ApplicationFailure } from '@temporalio/common';
import type { SiteId } from '../../plan/schema.ts';
import { attempt, attemptToRead } from '../attempt.ts';
import { changeOf, withAll } from '../change.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { mustHoldMajority } from '../holders.ts';
import { storeErrorType } from '../error-kinds.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import { proveWritable } from '../prove-writable.ts';
import { commitByRunClock, heartbeatsByRunClock, senderClocks } from './clocks.ts';
import { observe } from './observer.ts';
import { lsnBytes, readServer } from './postgresql.ts';
import type { DatabaseActivities, DatabaseState, EarlierPromotion } from './port.ts';

const pollMilliseconds = 50;
/** A standby that replays nothing for so long will not catch up by waiting. */
const standstillMilliseconds = 30_000;

export function createDatabaseActivities(dependencies: ActivityDependencies): DatabaseActivities {
  const { agent, now } = dependencies;
  return {
    readDatabase: ({ run, site }) => readDatabase(dependencies, run, site),

    async followDatabase({ run, site, source, untilBytes }) {
      const wanted = untilBytes ?? (await receivedAt(dependencies, run, source));
      const change = changeOf(await agent(run, site).change('database-follow', source), site, now());
      const replayed = await untilReplayed(dependencies, run, site, wanted);
      return { ...change, after: `${change.after}, replayed to ${replayed}`, at: now().toISOString() };
    },

    async applyDatabase({ run, site }) {
      const change = changeOf(await agent(run, site).change('database-apply'), site, now());
      const replayed = await untilReplayed(dependencies, run, site, await receivedAt(dependencies, run, site));
      return { ...change, after: `${change.after}, replayed to ${replayed}`, at: now().toISOString() };
    },

    async promoteDatabase({ run, site }) {
      await mustHoldMajority(dependencies, run, 'The database was not promoted.');
      const promoted = await agent(run, site).change('database-promote');
      await proveWritable(dependencies, run, site, 'database');
      const [timelineBefore, timelineAfter] = [Number(promoted.get('timeline_before')), Number(promoted.get('timeline_after'))];
      if (!(timelineAfter > timelineBefore)) {
        throw failure('permanent', {
          happened: `The database at ${site} says that it was promoted, but its timeline did not rise (${timelineBefore}, then ${timelineAfter}).`,
          leftAs: 'No traffic was moved.',
          next: `Look at the server at ${site} before you choose.`,
        });
      }
      return { ...changeOf(promoted, site, now()), timelineBefore, timelineAfter, lsn: promoted.get('lsn') };
    },

    async protectDatabase({ run, site, standbys }) {
      const wait = (standby: SiteId) => attempt(() => agent(run, site).tryChange('database-synchronous', standby));
      const [first] = standbys;
      const [early, ...followed] = await Promise.all([
        // The primary waits for a while until the first of them streams: where that comes soon, it has been told by then.
        first === undefined ? undefined : wait(first),
        ...standbys.map(async (standby) => ({ standby, answer: await attempt(() => agent(run, standby).tryChange('database-follow', site)) })),
      ]);
      const answers = followed.flatMap(({ answer }) => (answer.ok ? [answer.fields] : []));
      const following = followed.filter(({ answer }) => answer.ok).map(({ standby }) => standby);
      const trouble = followed.flatMap(({ standby, answer }) => (answer.ok ? [] : [`${standby} does not follow: ${answer.reason}`]));
      for (const standby of following) {
        const answer = standby === first && early?.ok ? early : await wait(standby);
        if (answer.ok)
          return {
            ...withAll(changeOf(answer.fields, site, now()), answers),
            after: [`${standby} is synchronous; ${following.join(', ')} follow`, ...trouble].join('; '),
          };
        trouble.push(`${standby} is not synchronous: ${answer.reason}`);
      }
      const alone = changeOf(await agent(run, site).change('database-synchronous', 'none'), site, now());
      return { ...withAll(alone, answers), after: ['no standby is synchronous: writes wait for nobody', ...trouble].join('; ') };
    },
  };
}

async function readDatabase(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<DatabaseState> {
  const followed = attemptToRead(
    () => dependencies.agent(run, site).ask('database-status'),
    (fields) => ({ follows: fields.get('follows'), promotion: promotionOf(fields), promotionBegun: fields.find('promotion_begun'), status: fields }),
  );
  followed.catch(() => {}); // looked at only when the server itself answers
  const seen = await observe(dependencies, run, site);
  if (!seen.reachable) return { site, reachable: false, reason: seen.reason };
  const answer = await followed;
  const { follows, promotion, promotionBegun, status } = answer.ok ? answer.value : { follows: 'unknown' };
  const clocks = senderClocks(await dependencies.planOf(run.planDigest), { site, aheadSeconds: seen.aheadSeconds, ...(status ? { status } : {}) });
  const heartbeats = heartbeatsByRunClock(seen.heartbeats, clocks);
  const corrected = <T extends { readonly lastReplayedCommitAt?: string }>(told: T): T =>
    told.lastReplayedCommitAt === undefined ? told : { ...told, lastReplayedCommitAt: commitByRunClock(told.lastReplayedCommitAt, site, heartbeats, clocks) };
  return {
    site,
    reachable: true,
    ...corrected(seen.server),
    follows,
    heartbeats,
    senderClocks: clocks,
    ...(promotion ? { promotion: corrected(promotion) } : {}),
    ...(promotionBegun === undefined ? {} : { promotionBegun }),
  };
}

/** What the agent noted when a run promoted the database there; undefined when none has, or the server has another history since. */
export function promotionOf(status: AgentFields): EarlierPromotion | undefined {
  if (!status.flag('promoted')) return undefined;
  const lsn = status.get('lsn');
  const lastReplayedCommitAt = status.find('last_replayed_commit_at');
  return {
    by: status.get('promoted_by'),
    timeline: Number(status.get('timeline_after')),
    lsn,
    bytes: lsnBytes(lsn),
    ...(lastReplayedCommitAt === undefined ? {} : { lastReplayedCommitAt }),
  };
}

async function receivedAt(dependencies: ActivityDependencies, run: RunContext, source: SiteId): Promise<number> {
  const seen = await observe(dependencies, run, source);
  if (seen.reachable) return seen.server.receivedBytes;
  throw failure(
    seen.type,
    { happened: `The database at ${source} does not tell how far it is: ${seen.reason}.`, leftAs: 'Nothing was changed.' },
    { site: source },
  );
}

/** Polls one kept session. Gives up when the position stands still; how long a moving one may take is the step's bound. */
async function untilReplayed(dependencies: ActivityDependencies, run: RunContext, site: SiteId, wanted: number): Promise<string> {
  const behind = (why: string, cause?: unknown) =>
    failure(
      storeErrorType(cause),
      { happened: `The standby at ${site} did not catch up: ${why}.`, leftAs: 'It follows its new source; nothing was promoted.' },
      { site, wanted },
      cause,
    );
  try {
    return await dependencies.sessions.database(run, site, async (client) => {
      let [best, movedAt] = [-1, performance.now()];
      const replayed = await until(
        async () => {
          const server = await readServer(client);
          if (server.replayedBytes >= wanted) return server.replayedLsn;
          if (server.replayedBytes > best) [best, movedAt] = [server.replayedBytes, performance.now()];
          if (performance.now() - movedAt > standstillMilliseconds) throw behind(`it stands still ${wanted - best} bytes behind`);
          return undefined;
        },
        { everyMilliseconds: pollMilliseconds, withinMilliseconds: Infinity },
      );
      return replayed ?? '';
    });
  } catch (error) {
    if (error instanceof ApplicationFailure || (error instanceof Error && error.name === 'AbortError')) throw error;
    throw behind(error instanceof Error ? error.message : String(error), error);
  }
}
