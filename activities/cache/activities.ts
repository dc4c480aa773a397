/** Redis: read by the observer, changed by the site agents only. */
import { ApplicationFailure } from '@temporalio/common';
import type { SiteId } from '../../plan/schema.ts';
import { attempt, attemptToRead } from '../attempt.ts';
import { changeOf, withAll } from '../change.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { mustHoldMajority } from '../holders.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import { proveWritable } from '../prove-writable.ts';
import { compareContents } from './contents.ts';
import { observeCache } from './observer.ts';
import type { CacheActivities, CacheState, Standing } from './port.ts';

export function createCacheActivities(dependencies: ActivityDependencies): CacheActivities {
  const { agent, now } = dependencies;
  return {
    readCache: ({ run, site }) => readCache(dependencies, run, site),

    async followCache({ run, site, source, withinSeconds }) {
      const ahead = await observeCache(dependencies, run, source);
      if (!ahead.reachable)
        throw failure(
          ahead.type,
          { happened: `The cache at ${source} does not tell how far it is: ${ahead.reason}.`, leftAs: 'Nothing was changed.' },
          { site: source },
        );
      const change = changeOf(await agent(run, site).change('cache-follow', source), site, now());
      const caughtUp = await until(
        async () => {
          const state = await readCache(dependencies, run, site);
          return state.reachable && state.linkUp && state.offset >= ahead.server.offset ? state : undefined;
        },
        { everyMilliseconds: 50, withinMilliseconds: withinSeconds * 1000 },
      );
      if (!caughtUp)
        throw failure(
          'transient',
          {
            happened: `The cache at ${site} did not reach offset ${ahead.server.offset} of ${source} within ${withinSeconds} s.`,
            leftAs: `It follows ${source}.`,
          },
          { site, source },
        );
      return { ...change, after: `${change.after}, offset ${caughtUp.offset}`, at: now().toISOString() };
    },

    async promoteCache({ run, site, replicas }) {
      await mustHoldMajority(dependencies, run, 'The cache was not promoted.');
      const promoted = await agent(run, site).change('cache-promote');
      const [followed] = await Promise.all([
        Promise.all(replicas.map(async (replica) => ({ replica, answer: await attempt(() => agent(run, replica).tryChange('cache-follow', site)) }))),
        proveWritable(dependencies, run, site, 'cache'),
      ]);
      const change = withAll(
        changeOf(promoted, site, now()),
        followed.flatMap(({ answer }) => (answer.ok ? [answer.fields] : [])),
      );
      const linked = followed.filter(({ answer }) => answer.ok).map(({ replica }) => replica);
      const [comparison, protectedBy] = await Promise.all([
        compareContents(dependencies, run, site, linked),
        linked.length === 0 ? 'asks for no replica' : protect(dependencies, run, site),
      ]);
      const notes = followed.flatMap(({ replica, answer }) => (answer.ok ? [] : [`${replica} does not follow: ${answer.reason}`]));
      return {
        ...change,
        after: ['primary', protectedBy, ...notes].join('; '),
        at: now().toISOString(),
        comparison,
      };
    },
  };
}

async function readCache(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<CacheState> {
  const told = attemptToRead(
    () => dependencies.agent(run, site).ask('cache-status'),
    (fields) => ({ follows: fields.get('follows'), standing: standingOf(fields) }),
  );
  told.catch(() => {}); // looked at only when the server itself answers
  const seen = await observeCache(dependencies, run, site);
  if (!seen.reachable) return { site, reachable: false, reason: seen.reason };
  const answer = await told;
  const untold = { follows: 'unknown', standing: seen.server.role === 'replica' ? ('replica' as const) : ('untold' as const) };
  return { site, reachable: true, ...seen.server, ...(answer.ok ? answer.value : untold) };
}

function standingOf(fields: AgentFields): Standing {
  if (fields.get('role') !== 'primary') return 'replica';
  if (fields.flag('detached') || fields.flag('closed')) return 'detached';
  return fields.get('promoted_by') === '' ? 'unexplained' : 'promoted';
}

/** Asks for a replica again, now that one is there. A refusal leaves the primary writable, and is said. */
async function protect(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<string> {
  try {
    await dependencies.agent(run, site).change('cache-protect', '1');
    return 'asks for 1 replica';
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === 'refused') return 'asks for no replica, since none is online yet';
    throw error;
  }
}
