/** Steps past the point of no return: the target becomes the writer, and its data are protected again. */
import type { Change } from '../../activities/context.ts';
import type { Comparison } from '../../activities/cache/port.ts';
import type { Promotion } from '../../activities/database/port.ts';
import type { Readiness } from '../../activities/services/port.ts';
import type { ApplicationFailure } from '@temporalio/workflow';
import type { SiteId } from '../../plan/schema.ts';
import { answerSeconds } from '../../plan/rules/waits.ts';
import { failure } from '../engine/failures.ts';
import { type Ask, untilReady } from '../engine/until-ready.ts';
import type { LeftOut } from '../engine/left-out.ts';
import { withoutCache } from '../estate/without-cache.ts';
import type { Course } from '../engine/course.ts';
import type { Alteration } from '../engine/step-body.ts';
import { cacheSites, databaseSites } from '../estate/sites.ts';
import { unchanged } from '../engine/unchanged.ts';

/** Step: the target's database is promoted and proves that it takes a write. */
export function promoteDatabase(run: Course): Alteration<Promotion> {
  return {
    changes: true,
    would: `promote the database at ${run.places.target}`,
    predicted: { ...unchanged('the database was not promoted in a dry run'), timelineBefore: 0, timelineAfter: 0, lsn: '0/0' },
    act: ({ change }) => change.promoteDatabase({ run: run.context(), site: run.places.target }),
    found: (promotion) => `timeline ${promotion.timelineBefore} → ${promotion.timelineAfter} at ${promotion.lsn}; ${promotion.after}`,
  };
}

/** Step: the target's cache is promoted, and the other replicas follow it. */
export function promoteCache(run: Course): Alteration<Change & { readonly comparison: Comparison }> | LeftOut {
  if (run.plan.estate.cache === undefined) return withoutCache;
  const replicas = others(cacheSites(run.plan, run.places.failed), run.places.target);
  return {
    changes: true,
    would: `promote the cache at ${run.places.target} and point ${replicas.join(', ') || 'no other replica'} at it`,
    predicted: { ...unchanged('the cache was not promoted in a dry run'), comparison: { by: 'nothing', why: 'nothing was promoted in a dry run' } },
    act: async ({ change }) => {
      const promoted = await change.promoteCache({ run: run.context(), site: run.places.target, replicas });
      const { comparison } = promoted;
      if (comparison.by !== 'nothing' && !comparison.equal)
        run.except(`The cache at ${run.places.target} and its replicas differ in content: ${describeComparison(comparison)}.`);
      return promoted;
    },
    found: ({ after, comparison }) => `${after}; ${describeComparison(comparison)}`,
  };
}

/** Step: surviving standbys follow the new primary, and one of them becomes synchronous as soon as it streams; never a setting under which writes hang. */
export function protectData(run: Course): Alteration<Change> {
  const standbys = others(databaseSites(run.plan, run.places.failed), run.places.target);
  const none = unchanged('not protected again');
  return {
    changes: true,
    would: `point ${standbys.join(', ') || 'no standby'} at ${run.places.target} and make one synchronous`,
    predicted: none,
    otherwise: none,
    act: ({ change }) => change.protectDatabase({ run: run.context(), site: run.places.target, standbys }),
    found: (result) => result.after,
  };
}

/** Step: the service at the target runs, comes back after a reboot, and says that it is ready. A service manager knows only of the process: what loads for long is waited for. */
export function startServices(run: Course): Alteration<Change> {
  const { healthPath } = run.plan.estate.service;
  return {
    changes: true,
    would: `start and enable the service at ${run.places.target}, and wait until ${healthPath} there is well`,
    predicted: unchanged('not started in a dry run'),
    otherwise: unchanged('not started by the run'),
    act: async (tools) => {
      const started = await tools.change.startService({ run: run.context(), site: run.places.target });
      const since = Date.now();
      const ask: Ask<Readiness> = (withinSeconds) => tools.read.awaitService({ run: run.context(), site: run.places.target, withinSeconds });
      const [health] = await untilReady({ ...tools, tell: (what) => tools.tell(`${started.after}; ${what}`) }, answerSeconds(run.plan), [ask]);
      const waited = `${Math.round((Date.now() - since) / 1000)} s`;
      if (health?.status !== 'ok') throw notReady(run.places.target, started, health?.detail ?? 'nothing', waited);
      return { ...started, after: `${started.after}; ${health.detail}, after ${waited}` };
    },
    found: (result) => result.after,
  };
}

/** Says what was looked at, and no more than that. */
function describeComparison(comparison: Comparison): string {
  if (comparison.by === 'nothing') return `its content was not compared: ${comparison.why}`;
  const keys = comparison.keys.map(({ site, all, lasting }) => `${all} at ${site} (${lasting} that never expire)`).join(', ');
  return `numbers of keys ${comparison.equal ? 'are equal' : 'differ'}: ${keys}; values were not compared`;
}

function notReady(site: SiteId, started: Change, detail: string, waited: string): ApplicationFailure {
  return failure('permanent', {
    happened: `The service at ${site} is ${started.after}, and is not ready after ${waited}: ${detail}.`,
    leftAs: 'It was left running.',
    next: 'Look at its log there, then choose retry to go on waiting.',
  });
}

function others(sites: readonly string[], site: string): string[] {
  return sites.filter((candidate) => candidate !== site);
}
