/** Steps that make the target ready, all undoable: who follows whom is restored with the fence's undo, capacity by its own. */
import type { ApplicationCheck } from '../../activities/application/port.ts';
import type { Change } from '../../activities/context.ts';
import type { CacheState } from '../../activities/cache/port.ts';
import type { DatabaseState } from '../../activities/database/port.ts';
import type { ApplicationFailure } from '@temporalio/workflow';
import { compareCaches } from '../../plan/rules/caches.ts';
import { describeLoss, type Loss } from '../../plan/rules/loss.ts';
import type { SiteId } from '../../plan/schema.ts';
import { failure } from '../engine/failures.ts';
import type { Reads } from '../../activities/index.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { LeftOut } from '../engine/left-out.ts';
import { withoutCache } from '../estate/without-cache.ts';
import { countLoss, lossOf } from '../estate/loss.ts';
import type { Course } from '../engine/course.ts';
import type { Alteration, Look } from '../engine/step-body.ts';
import { cacheSites, databaseSites } from '../estate/sites.ts';
import { unchanged } from '../engine/unchanged.ts';

/** Step: the target's database gets everything that a surviving standby has more. */
export function catchUpDatabase(run: Course): Alteration<Change> {
  return {
    changes: true,
    would: `let the database at ${run.places.target} catch up from the most advanced surviving standby`,
    predicted: unchanged('catch-up not tried in a dry run'),
    otherwise: unchanged('not caught up'),
    act: async ({ read, change }) => {
      const states = await readDatabases(run, read, databaseSites(run.plan, run.places.failed));
      const own = states.find((state) => state.site === run.places.target);
      const ahead = mostAdvanced(states);
      if (!own?.reachable) throw unreachable('database', run.places.target, own && !own.reachable ? own.reason : 'the plan has no database there');
      if (own.promotion) return unchanged(`promoted already by ${own.promotion.by}`);
      // What it has received and not applied is nobody's loss; and one that is held back opens no new stream.
      const applied = own.heldBack === undefined ? undefined : await change.applyDatabase({ run: run.context(), site: run.places.target });
      const has = applied ? own.receivedBytes : own.replayedBytes;
      if (!ahead || ahead.site === run.places.target || ahead.receivedBytes <= has) return applied ?? unchanged(`nobody is ahead of ${run.places.target}`);
      const followed = await change.followDatabase({ run: run.context(), site: run.places.target, source: ahead.site, untilBytes: ahead.receivedBytes });
      return {
        ...followed,
        exceptions: [...(applied?.exceptions ?? []), ...(followed.exceptions ?? [])],
        remaining: [...(applied?.remaining ?? []), ...(followed.remaining ?? [])],
      };
    },
    found: describeChange,
  };
}

/** Step: the same for the cache; the most advanced offset wins. */
export function catchUpCache(run: Course): Alteration<Change> | LeftOut {
  if (run.plan.estate.cache === undefined) return withoutCache;
  return {
    changes: true,
    would: `let the cache at ${run.places.target} catch up from the most advanced surviving replica`,
    predicted: unchanged('catch-up not tried in a dry run'),
    otherwise: unchanged('not caught up'),
    act: async ({ read, change }) => {
      const states = await Promise.all(cacheSites(run.plan, run.places.failed).map((site) => read.readCache({ run: run.context(), site })));
      const own = states.find((state) => state.site === run.places.target);
      if (!own?.reachable) throw unreachable('cache', run.places.target, own && !own.reachable ? own.reason : 'the plan has no cache there');
      if (own.standing === 'promoted') return unchanged('promoted already by an earlier run');
      const others = states.filter((state) => state.reachable && state.site !== run.places.target) as Extract<CacheState, { reachable: true }>[];
      const ahead = others.filter((other) => compareCaches(own, other) === 'is behind').sort((a, b) => b.offset - a.offset)[0];
      // A try before this one may have begun to follow; it is waited for.
      const source = ahead?.site ?? others.find((other) => other.site === own.follows)?.site;
      if (source !== undefined)
        return change.followCache({ run: run.context(), site: run.places.target, source, withinSeconds: run.boundOf('catch-up-cache') - 5 });
      const fuller = others.find((other) => compareCaches(own, other) === 'lacks keys');
      if (fuller) throw emptier(run.places.target, own.keys, fuller.site, fuller.keys);
      return unchanged(`nobody is ahead of ${run.places.target}`);
    },
    found: describeChange,
  };
}

/** Step: what would be lost by promoting the target now, in the database and, where there is one, in the cache. */
export function checkLag(run: Course, facts: RecoveryFacts): Look<Loss> {
  return {
    act: async ({ read }) => {
      await countLoss(run, facts, read);
      return lossOf(facts);
    },
    found: () => {
      const database = `database ${facts.loss ? describeLoss(facts.loss) : 'unknown'}`;
      if (run.plan.estate.cache === undefined) return `${database}; the estate has no cache`;
      return `${database}; cache ${facts.cacheLoss ? describeLoss(facts.cacheLoss) : 'unknown'}`;
    },
  };
}

/** Step: the target carries the full load before it gets any. */
export function raiseCapacity(run: Course): Alteration<Change> {
  const site = run.plan.sites.find((candidate) => candidate.id === run.places.target);
  const baseline = site?.capacity.baselinePercent ?? 0;
  /** What stood there before the first try: that is what an undo puts back. */
  let stood: number | undefined;
  const full = site?.capacity.failoverPercent ?? 100;
  return {
    changes: true,
    would: `raise the capacity of ${run.places.target} from ${baseline} % to ${full} %`,
    predicted: unchanged('not raised in a dry run'),
    otherwise: unchanged('not raised'),
    act: async ({ read, change }) => {
      stood ??= await read.readCapacity({ run: run.context(), site: run.places.target });
      return change.setCapacity({ run: run.context(), site: run.places.target, percent: full });
    },
    found: describeChange,
    undo: {
      would: `take the capacity of ${run.places.target} back to what it was, by the plan ${baseline} %`,
      act: async ({ change }) => {
        if (stood !== undefined) await change.setCapacity({ run: run.context(), site: run.places.target, percent: stood });
        return [];
      },
    },
  };
}

/** Step: service files and certificate at the target are fit for use. */
export function checkApplication(run: Course): Look<ApplicationCheck> {
  return {
    act: async ({ read }) => {
      const check = await read.checkApplication({ run: run.context(), site: run.places.target });
      if (check.ok) return check;
      const happened = `${run.places.target} is not fit to serve: ${check.findings.join('; ')}.`;
      throw failure('permanent', { happened, leftAs: 'Nothing was changed there.', next: 'Mend it on the host, then choose retry.' });
    },
    found: (check) => (check.ok ? `files present, certificate valid until ${check.certificateExpiresAt ?? 'unknown'}` : check.findings.join('; ')),
    otherwise: { ok: false, findings: ['skipped'] },
  };
}

async function readDatabases(run: Course, read: Reads, sites: readonly SiteId[]): Promise<readonly DatabaseState[]> {
  return Promise.all(sites.map((site) => read.readDatabase({ run: run.context(), site })));
}

function mostAdvanced(states: readonly DatabaseState[]): Extract<DatabaseState, { reachable: true }> | undefined {
  return states.filter((state) => state.reachable).sort((a, b) => b.receivedBytes - a.receivedBytes)[0];
}

/** A replica that claims to be as far and holds less has lost keys by itself; promoting it would make the others lose them too. */
function emptier(site: SiteId, keys: number, fuller: SiteId, fullerKeys: number): ApplicationFailure {
  return failure('permanent', {
    happened: `The cache at ${site} holds ${keys} keys and ${fuller}, which is no further, holds ${fullerKeys}: keys of the functions that live there are missing.`,
    leftAs: 'Nothing was changed there.',
    next: `Let ${site} follow ${fuller} anew, then choose retry, or another answer.`,
  });
}

function describeChange(change: Change): string {
  return change.changed ? `${change.before} → ${change.after}` : change.after;
}

function unreachable(what: string, site: SiteId, reason: string): ApplicationFailure {
  const happened = `The ${what} at ${site} does not answer: ${reason}.`;
  return failure('permanent', { happened, leftAs: 'Nothing was changed there.', next: 'Bring it back, then choose retry, or another answer.' });
}
