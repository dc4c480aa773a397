/** Steps that bring the data back from backups at a site where nothing runs: docs/decisions/019-cold-start.md. */
import type { Change } from '../../activities/context.ts';
import type { Reads } from '../../activities/index.ts';
import type { Restored, RestoredStore } from '../../activities/restore/port.ts';
import { formatBytes } from '../../plan/rules/progress.ts';
import type { SiteId } from '../../plan/schema.ts';
import { restorerOf } from '../../plan/rules/restorers.ts';
import { heldUntil, isTree, type Snapshot, type SnapshotStore, snapshotStores, usableSnapshots } from '../../plan/rules/snapshots.ts';
import type { StepTools } from '../engine/activity-proxies.ts';
import type { Course } from '../engine/course.ts';
import { failure } from '../engine/failures.ts';
import { endJob, type JobOrder, runJob } from '../engine/jobs.ts';
import type { LeftOut } from '../engine/left-out.ts';
import type { Alteration, Look, UndoBody } from '../engine/step-body.ts';
import { unchanged } from '../engine/unchanged.ts';
import { type ColdStartFacts, lossSince, type Points, whyNotRestored, withoutIt } from '../estate/restored.ts';
import { type Looked, lookOnceMore } from './detection.ts';
import { startServices } from './promotion.ts';

/** Step: to which moments the target can be restored, and whether an earlier run has opened what it restored there, from which this one may go on. */
export function readPoints(run: Course, facts: ColdStartFacts): Look<Points | null> {
  const site = run.places.target;
  return {
    act: async ({ read }) => {
      const at = { run: run.context(), site };
      const [restored, points, snapshots] = await Promise.all([
        read.readRestored({ ...at, store: 'database' }),
        read.readRestorePoints(at),
        Promise.all(snapshotStores(run.plan).map((store) => read.readSnapshots({ ...at, store }))),
      ]);
      facts.snapshots = snapshots;
      facts.opened = isOpened(restored) && restored.inPlace ? restored : null;
      facts.openedCache = facts.opened ? await readOpenedCache(run, facts, facts.opened, read) : null;
      facts.points = points.found ? points : null;
      if (points.found || facts.opened) return facts.points;
      throw failure('permanent', {
        happened: `Nobody can tell what can be restored at ${site}: ${points.reason.replace(/\.$/, '')}.`,
        leftAs: 'Nothing was changed.',
        next: 'Bring the backups within its reach, then choose retry.',
      });
    },
    found: (points) => {
      const told = points
        ? [`${points.sets.filter(({ unusable }) => unusable === undefined).length} of ${points.sets.length} sets of ${points.tool} can be restored`]
        : [];
      const others = facts.snapshots.map((each) =>
        each.found
          ? `${usableSnapshots(each.snapshots).length} of ${each.snapshots.length} snapshots of the ${each.store}`
          : `no snapshot of the ${each.store} is known: ${each.reason}`,
      );
      return [...told, ...others, ...(facts.opened ? [`${facts.opened.by} has opened what it restored`] : [])].join('; ');
    },
  };
}

/** The cache was accepted with the database by the run that restored both. */
async function readOpenedCache(run: Course, { snapshots }: ColdStartFacts, { site, by: opener }: Restored, read: Reads): Promise<Snapshot | null> {
  const known = snapshots.flatMap((each) => (each.found && each.store === 'cache' ? each.snapshots : []));
  if (known.length === 0) return null;
  const { by, set, stage, inPlace } = await read.readRestored({ run: run.context(), site, store: 'cache' });
  if (by !== opener || stage !== 'accepted' || !inPlace) return null;
  return known.find((snapshot) => snapshot.set === set) ?? null;
}

/** People had accepted it: customers may have written since. */
function isOpened({ stage }: Restored): boolean {
  return stage === 'opening' || stage === 'accepted';
}

/** Step: one more look right before anything is changed, at each failed site and at whether the moment that was chosen can still be had. */
export function confirmChoice(run: Course, facts: ColdStartFacts): Look<Looked> {
  return lookOnceMore(run, facts, [
    async (read) => {
      if (facts.chosen === null) return;
      const at = { run: run.context(), site: run.places.target };
      const { set, point, snapshots } = facts.chosen;
      const looks = await Promise.all([
        read.lookAtRestore({ ...at, set, point }),
        ...[...snapshots].map(([store, snapshot]) => read.lookAtSnapshot({ ...at, store, set: snapshot.set })),
      ]);
      facts.foundAgainst = looks.flatMap((look) => (look.ready ? [] : [look.reason]));
    },
  ]);
}

/** Step: the site's host restores the database to the moment that was chosen, behind closed doors, and proves what came of it. */
export function restoreDatabase(run: Course, facts: ColdStartFacts): Alteration<Restored> {
  const site = run.places.target;
  const { set, point } = facts.chosen ?? { set: '', point: '' };
  const order = orderOf(run, 'database', [set, point], (change, at) => change.restoreDatabase({ ...at, set, point }));
  return {
    changes: true,
    would: `restore the database at ${site} from ${set} to ${point}, and prove it`,
    predicted: nothingYet(site, 'database'),
    act: async (tools) => {
      if (facts.opened) return keep(run, facts, facts.opened, point);
      return keep(run, facts, await restoreBy(run, tools, order), point);
    },
    found: describeRestored,
    undo: discard(run, order),
  };
}

/** Step: the same with the snapshot of a store that goes with the moment, where one was chosen. Beside the database: a job of its own. */
export function restoreSnapshot(run: Course, facts: ColdStartFacts, store: SnapshotStore): Alteration<Restored | null> | LeftOut {
  const why = whyNotRestored(run, facts, store);
  if (why !== null) return { leftOut: why };
  const site = run.places.target;
  const { set = '', at = '' } = facts.chosen?.snapshots.get(store) ?? {};
  const order = snapshotOrder(run, facts, store);
  return {
    changes: true,
    would: `restore the ${store} at ${site} from ${set}, as it was at ${at}, and prove it`,
    predicted: nothingYet(site, store),
    otherwise: null,
    act: async (tools) => {
      const restored = await restoreBy(run, tools, order);
      facts.restoredSnapshots.set(store, restored);
      return restored;
    },
    found: (restored) => (restored ? describeRestored(restored) : withoutIt(store)),
    undo: discard(run, order),
  };
}

/** Of a dry run. */
function nothingYet(site: SiteId, store: RestoredStore): Restored {
  return { site, store, stage: 'none', inPlace: false, server: 'absent', proof: {}, kept: [], at: '' };
}

/** The restore of a store as a job of its host. */
export interface StoreOrder extends JobOrder {
  readonly store: RestoredStore;
}

function orderOf(run: Course, store: RestoredStore, args: readonly string[], start: NonNullable<JobOrder['by']>['start']): StoreOrder {
  const job = `restore-${store}`;
  return { store, site: run.places.target, job, id: job, args, by: { program: restorerOf(run.plan, run.places.target, store), start } };
}

export function snapshotOrder(run: Course, { chosen }: ColdStartFacts, store: SnapshotStore): StoreOrder {
  const { set = '' } = chosen?.snapshots.get(store) ?? {};
  return orderOf(run, store, [set], (change, at) => change.restoreSnapshot({ ...at, store, set }));
}

/** Restores, and answers what stands there when it is done. */
async function restoreBy(run: Course, tools: StepTools, order: StoreOrder): Promise<Restored> {
  const { site, store } = order;
  await discardOfOthers(run, tools, store);
  await runJob(run, tools, order);
  const restored = await tools.read.readRestored({ run: run.context(), site, store });
  if (restored.by !== run.start.execution || restored.stage !== 'proven') throw notProven(restored);
  return restored;
}

function discard(run: Course, order: StoreOrder): UndoBody {
  return {
    would: `discard what was restored of the ${order.store} at ${order.site}, and put back what was there before`,
    act: async (tools) => {
      await discardOwn(run, tools, order);
      return [];
    },
  };
}

/** What this run has restored of a store, and nothing else. */
export async function discardOwn(run: Course, tools: StepTools, order: StoreOrder): Promise<void> {
  const { site, store } = order;
  // Beside what still restores nothing is discarded.
  await endJob(run, tools, order);
  const { by, stage } = await tools.read.readRestored({ run: run.context(), site, store });
  // What was refused has restored nothing, and what another run restored is not this one's.
  if (by !== run.start.execution || stage === 'none' || stage === 'discarded') return;
  const { remaining = [] } = await tools.change.discardRestored({ run: run.context(), site, store });
  for (const left of remaining) run.leaveOver(left);
}

function describeRestored({ proof, kept }: Restored): string {
  return [...proofLines(proof), ...kept.map(({ folder, bytes }) => `${folder} stands beside it with ${formatBytes(bytes)}`)].join('; ');
}

function keep(run: Course, facts: ColdStartFacts, restored: Restored, point: string): Restored {
  facts.restored = restored;
  const { openedCache } = facts;
  const why = run.plan.estate.cache === undefined ? null : whyNotRestored(run, facts, 'cache');
  if (why !== null) facts.cacheLoss = facts.opened && openedCache ? lossSince(run, facts, heldUntil(openedCache), 'cache') : { kind: 'unknown', reason: why };
  facts.loss = lossSince(run, facts, restored.proof['last_commit_applied'] ?? point);
  return restored;
}

/** What a run that has ended left behind closed doors is in nobody's use: it is renamed, so that the folder is free. What one has opened is set aside by the restore itself, and not while its server runs. */
async function discardOfOthers(run: Course, { read, change }: StepTools, store: RestoredStore): Promise<void> {
  const at = { run: run.context(), site: run.places.target, store };
  const restored = await read.readRestored(at);
  const { by, stage } = restored;
  if (by === undefined || by === run.start.execution || stage === 'discarded' || isOpened(restored)) return;
  const { remaining = [] } = await change.discardRestored(at);
  run.note(`What ${by} had restored of the ${store} at ${at.site} and nobody had accepted was discarded.`);
  for (const left of remaining) run.leaveOver(left);
}

/** What the host has proven, a line each. */
export function proofLines(proof: Restored['proof']): readonly string[] {
  const told: Readonly<Record<string, (value: string) => string>> = {
    last_commit_applied: (value) => `the last commit in it is of ${value}`,
    seconds_before_point: (value) => `${value} s before the moment that was chosen`,
    newest_heartbeat: (value) => `the newest heartbeat of the lost primary is of ${value}`,
    timeline_after: (value) => `timeline ${proof['timeline_before'] ?? '?'} → ${value}`,
    segments_walked: (value) => `its log has ${value} segments without a gap`,
    pages_checked: (value) => `pages checked: ${value}`,
    indexes_checked: (value) => `indexes checked: ${value}`,
    rows_read: (value) => `rows read once: ${value}`,
    keys_in_set: (value) => `the snapshot has ${value} keys`,
    keys_after: (value) => `${value} are there`,
    expired_since: (value) => `${value} have expired since`,
    compared: (value) => `compared across a restart by ${value}`,
    placed: (value) => `unpacked to ${value}`,
    files: (value) => `${value} files`,
    bytes_unpacked: (value) => formatBytes(Number(value)),
    signature: (value) => `signature ${value}`,
    configured: (value) => `configured ${value}`,
    engine: (value) => `it runs ${value}`,
    made_as: (value) => `made as ${value}`,
  };
  return Object.entries(told).flatMap(([key, tell]) => (proof[key] === undefined ? [] : [tell(proof[key])]));
}

function notProven({ site, store, stage, by }: Restored): Error {
  return failure('permanent', {
    happened: `The restore of the ${store} at ${site} is done, and what stands there is ${stage}${by === undefined ? '' : ` of ${by}`}.`,
    leftAs: 'It was left as it is, and nobody is let in.',
    next: 'Look who restores there besides, then choose retry.',
  });
}

/** Step: the service of the site and the observers are let in to what was restored, and nobody else. A store whose restore was skipped gets back what stood there before. */
export function admitServices(run: Course, facts: ColdStartFacts): Alteration<Change> {
  const { opened, restoredSnapshots } = facts;
  const at = { run: run.context(), site: run.places.target };
  return {
    changes: true,
    would: `let the service of ${at.site} in to what was restored, and nobody else`,
    predicted: unchanged('nobody was let in in a dry run'),
    act: async (tools) => {
      for (const store of snapshotStores(run.plan)) {
        const isBack = isTree(store) ? facts.current.has(store) : restoredSnapshots.has(store);
        if (!isBack && !opened && facts.chosen?.snapshots.has(store)) await goOnWithout(run, facts, tools, store);
        else if (isBack && !isTree(store)) await tools.change.admitServices({ ...at, store });
      }
      // What is open already may be down.
      return opened ? tools.change.acceptRestored(at) : tools.change.admitServices({ ...at, store: 'database' });
    },
    found: ({ after }) => after,
  };
}

/** Its restore was skipped, or that a tree is made current. */
async function goOnWithout(run: Course, facts: ColdStartFacts, tools: StepTools, store: SnapshotStore): Promise<void> {
  await discardOwn(run, tools, snapshotOrder(run, facts, store));
  if (store === 'cache') facts.cacheLoss = { kind: 'unknown', reason: 'the restore of the cache was skipped: it starts empty' };
}

/** Step: the service at the target runs and says that it is ready; until people have accepted, it can be stopped again. */
export function startServicesBehindDoors(run: Course): Alteration<Change> {
  const site = run.places.target;
  return {
    ...startServices(run),
    undo: {
      would: `stop the service at ${site}`,
      act: async ({ change }) => {
        await change.stopService({ run: run.context(), site });
        run.leaveOver(`The service at ${site} was stopped and stays enabled: it starts again with its host. Disable it by hand where that is not wanted.`);
        return [];
      },
    },
  };
}

/** Step: the restored database opens for good, and archives to a path of its own; what else was restored stays. */
export function openDatabase(run: Course, { opened }: ColdStartFacts): Alteration<Change> {
  const at = { run: run.context(), site: run.places.target };
  return {
    changes: true,
    would: `open the restored database at ${at.site} for good, archiving to a path of its own`,
    predicted: unchanged('not opened in a dry run'),
    act: async ({ change }) => (opened ? unchanged(`opened already by ${opened.by}`) : change.acceptRestored(at)),
    found: ({ after }) => after,
  };
}
