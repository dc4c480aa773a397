/** Whether the cold start begins, and to which moment: the question at its activation gate, and its evidence. */
import { formatSeconds, seconds } from '../../plan/durations.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import { describeLoss } from '../../plan/rules/loss.ts';
import { servedFunctions, strictestRpo } from '../../plan/rules/objectives.ts';
import { formatBytes } from '../../plan/rules/progress.ts';
import { newestWindow, restoreSeconds, setFor, type RestoreWindow } from '../../plan/rules/restore-points.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { ask } from '../engine/asking.ts';
import { now } from '../engine/clock.ts';
import type { Course } from '../engine/course.ts';
import { RunEnding } from '../engine/endings.ts';
import type { Choice } from '../engine/answers.ts';
import type { Decision, GateEvidence } from '../engine/gate.ts';
import type { Look } from '../engine/step-body.ts';
import { type ColdStartFacts, lossSince, withoutIt } from '../estate/restored.ts';
import type { Restored, Snapshots } from '../../activities/restore/port.ts';
import { heldUntil, isTree, type Snapshot, snapshotFor, type SnapshotStore, snapshotStores, type Tree, usableSnapshots } from '../../plan/rules/snapshots.ts';
import type { LostSite } from '../estate/facts.ts';
import { lookAtLost, lookingOn, mustBeFailed } from '../steps/detection.ts';
import { infrastructureLines } from '../steps/infrastructure.ts';
import { proofLines } from '../steps/restoring.ts';
import { renewed } from './renewed.ts';

/** Step: people decide whether the cold start begins, and choose one moment. The sites are looked at again while they think; one that works ends the question. */
export function chooseMoment(run: Course, facts: ColdStartFacts): Look<Decision> {
  const { target } = run.places;
  return {
    act: async () => {
      const { opened } = facts;
      const window = newestWindow(facts.points?.sets ?? []);
      if (!opened && !window) throw nothingToRestore(run, facts);
      facts.moments.askedAt = now();
      const decision = await ask(run, {
        gate: 'activation',
        question: opened
          ? `Go on at ${target} from the database that ${opened.by} restored and opened, or restore anew?`
          : `Build ${run.plan.estate.name} at ${target} from its backups?`,
        choices: { ...begins(run, facts, window), reject: 'stand down; nothing is changed' },
        harmless: 'reject',
        evidence: evidenceOf(run, facts, window),
        lookAgain: (held) => lookAgain(run, facts, window, held),
      });
      facts.moments.decidedAt = decision.at;
      if (decision.kind === 'settled') throw new RunEnding('stood down', decision.why, true);
      if (decision.kind === 'expired')
        throw new RunEnding('stood down', 'The activation gate expired without a decision; nothing was changed. Start again to ask again.', true);
      if (decision.choice === 'reject') throw new RunEnding('stood down', 'People rejected the cold start; nothing was changed.', true);
      if (decision.choice !== 'approve') choose(run, facts, String(decision.answer), storesOf(run, decision.choice));
      else
        run.passPointOfNoReturn(`${opened?.by} has opened the database that it restored at ${target} already: this run goes on from there, and only forward.`);
      return decision;
    },
    found: () => (facts.chosen ? describeChoice(facts.chosen) : `go on from what ${facts.opened?.by} opened`),
  };
}

/** Without one of the stores that have a snapshot of their own. */
const without = (store: SnapshotStore) => `restore-without-${store}`;
/** With each of them that has one, whichever these are. */
const whatThereIs = 'restore-what-there-is';

/** The stores that come with the database by a choice; with `whatThereIs` those of them that have something as old. */
function storesOf({ plan }: Pick<Course, 'plan'>, choice: string): readonly SnapshotStore[] {
  return snapshotStores(plan).filter((store) => choice !== without(store));
}

/** The choices by which it begins. */
function begins(run: Course, facts: ColdStartFacts, window: RestoreWindow | null): Readonly<Record<string, Choice | string>> {
  const { target, failed } = run.places;
  return {
    ...(facts.opened ? { approve: `fence ${failed.join(', ')}, start the service at ${target} on what was opened, and route customers there` } : {}),
    ...(window ? restoreChoices(run, facts, window) : {}),
  };
}

/** The moments that can be chosen: with every store, or without one of them, from the first for which each has a snapshot; and any, with what there is. */
function restoreChoices(run: Course, facts: ColdStartFacts, window: RestoreWindow): Readonly<Record<string, Choice>> {
  const { target, failed } = run.places;
  const does = (what: string) =>
    `fence ${failed.join(', ')}, restore ${target} to that moment${what}, and route customers there once people have accepted what was restored`;
  const moment = (from: string) => ({ of: 'moment' as const, from, until: window.until });
  const stores = snapshotStores(run.plan);
  const withAll = (of: readonly SnapshotStore[]) =>
    of.length === 0 ? '' : of.length === 1 ? `, with the snapshot of the ${of[0]} that goes with it` : `, with the snapshots of ${listed(of)} that go with it`;
  const choice = (word: string, of: readonly SnapshotStore[], what: string) => {
    const from = firstMoment(facts, of, window);
    return from !== null && from <= window.until ? { [word]: { does: does(what), asks: moment(from) } } : {};
  };
  const eachWithout = stores.map((store) => {
    const others = storesOf(run, without(store));
    return choice(without(store), others, `${withAll(others)}; ${emptied(store)}`);
  });
  return Object.assign(
    choice('restore', stores, withAll(stores)),
    ...eachWithout,
    stores.length > 1 ? choice(whatThereIs, [], `, with what is as old of ${listed(stores)}, and without the rest`) : {},
  ) as Readonly<Record<string, Choice>>;
}

function listed(stores: readonly SnapshotStore[]): string {
  return stores.map((store, index) => `${index === 0 ? '' : index === stores.length - 1 ? ' and ' : ', '}the ${store}`).join('');
}

function emptied(store: SnapshotStore): string {
  return isTree(store) ? `of the ${store} ${withoutIt(store)}` : `the ${store} starts empty`;
}

/** The first for which each of the stores has a snapshot; null where one has none, since then no moment can be had with it. */
function firstMoment({ snapshots }: ColdStartFacts, of: readonly SnapshotStore[], window: RestoreWindow): string | null {
  const firsts = of.map((store) => {
    const found = snapshots.find((each) => each.store === store);
    return found?.found ? usableSnapshots(found.snapshots)[0]?.at : undefined;
  });
  return firsts.includes(undefined) ? null : firsts.reduce<string>((last, first = last) => (first > last ? first : last), window.from);
}

/** Keeps what was chosen: the set that has the moment, and of each store the newest snapshot that is not after it. */
function choose(run: Course, facts: ColdStartFacts, point: string, stores: readonly SnapshotStore[]): void {
  const set = setFor(facts.points?.sets ?? [], point);
  if (!set) throw new Error(`No set holds ${point}, which lies in the window that was offered.`);
  const snapshots = new Map(stores.flatMap((store) => {
    const snapshot = snapshotOf(facts, store, point);
    return snapshot ? [[store, snapshot] as const] : [];
  })); // prettier-ignore
  facts.chosen = { set: set.set, point, snapshots };
  facts.opened = null;
  facts.loss = lossSince(run, facts, point);
  const cache = snapshots.get('cache');
  facts.cacheLoss = cache ? lossSince(run, facts, heldUntil(cache), 'cache') : null;
}

function snapshotOf({ snapshots }: ColdStartFacts, store: SnapshotStore, point: string): Snapshot | null {
  const found = snapshots.find((each) => each.store === store);
  return found?.found ? snapshotFor(found.snapshots, point) : null;
}

function describeChoice({ set, point, snapshots }: NonNullable<ColdStartFacts['chosen']>): string {
  return [`restore ${point} from ${set}`, ...[...snapshots].map(([store, snapshot]) => `the ${store} from ${snapshot.set} of ${snapshot.at}`)].join('; ');
}

/** The end of a run before anybody is asked. */
function nothingToRestore(run: Course, { points }: ColdStartFacts): RunEnding {
  const why = points?.sets.map(({ set, unusable }) => `${set}: ${unusable ?? 'its log holds nothing'}`).join('; ');
  return new RunEnding(
    'stood down',
    `Nothing can be restored at ${run.places.target} (${why || 'there is no set'}). Nothing was changed. Look there: dr restore points`,
    true,
  );
}

/** What people read before they decide, the most important first. */
function evidenceOf(run: Course, facts: ColdStartFacts, window: RestoreWindow | null): GateEvidence {
  const lines = [
    ...(facts.declaredFailed ? [`${run.start.startedBy} declares ${run.places.failed.join(', ')} failed: ${facts.declaredFailed.reason}`] : []),
    ...facts.lost.map(
      ({ site, vantages }) =>
        `${site}: ${judgeFailure(vantages, 0).verdict} (${vantages.map(({ observer, verdict }) => `${observer} ${verdict}`).join(', ')}).`,
    ),
    ...(facts.opened ? openedLines(facts.opened) : []),
    ...(window ? linesOf(run, facts, window) : []),
    ...infrastructureLines(run, facts),
  ];
  const uncertain = facts.lost.filter(({ vantages }) => judgeFailure(vantages, 0).verdict !== 'failed');
  const isCertain = facts.declaredFailed !== undefined || uncertain.length === 0;
  const why = isCertain ? facts.stack?.against : notCertain(uncertain);
  const against = why === undefined ? {} : { against: Object.fromEntries(Object.keys(begins(run, facts, window)).map((choice) => [choice, why])) };
  return { lines, at: now(), gravity: { figures: [uncertain.length], signs: [] }, ...against };
}

function notCertain(sites: readonly LostSite[]): string {
  return `It is not certain that ${sites.map(({ site }) => site).join(', ')} has failed.`;
}

/** What an earlier run has left open: people tell by its age whether it is this outage's. */
function openedLines({ site, by, server, proof }: Restored): readonly string[] {
  return [
    `${by} has restored a database at ${site} and opened it; its server is ${server}. When it was restored: ${proofLines(proof).join('; ') || 'nothing was proven of it'}.`,
    'approve goes on from it, since customers may have written to it, and only forward. restore sets it aside and restores anew: refused while its server runs.',
  ];
}

/** What can be restored, and what that means. */
function linesOf(run: Course, facts: ColdStartFacts, window: RestoreWindow): readonly string[] {
  const { target } = run.places;
  const sets = facts.points?.sets ?? [];
  const loss = lossSince(run, facts, window.until);
  const rpo = formatSeconds(strictestRpo(servedFunctions(run.plan)));
  const set = setFor(sets, window.until);
  const takes = set && restoreSeconds(set, run.plan.estate.restore?.database.bytesPerSecond);
  const duration = takes ? `, some ${formatSeconds(takes)}` : ', and how long that takes is not known';
  return [
    `Newest moment that ${target} can be restored to: ${window.until}. Loss then: ${describeLoss(loss)}; the strictest RPO is ${rpo}. Any moment since ${window.from} can be had.`,
    ...(set
      ? [
          `For it ${set.set} is restored, made until ${set.stoppedAt}: ${formatBytes(set.bytes)} and ${formatBytes(set.logBytes)} of log${duration}; the RTO of the whole is ${formatSeconds(seconds(run.plan.objectives.overall.rto))}.`,
        ]
      : []),
    ...(run.plan.estate.cache === undefined ? [] : [cacheLine(run, facts, window)]),
    ...snapshotStores(run.plan).flatMap((store) => (isTree(store) ? [treeLine(run, facts, window, store)] : [])),
    ...facts.snapshots.flatMap(refusedSnapshots),
    ...sets.flatMap(({ set: name, unusable }) => (unusable === undefined ? [] : [`${name} cannot be restored: ${unusable}.`])),
    'Until people accept what was restored it can be discarded; from then on the run only goes forward.',
  ];
}

/** What comes back of the cache, how old it is beside the newest moment, and what is lost by it. */
function cacheLine(run: Course, facts: ColdStartFacts, { until }: RestoreWindow): string {
  if (!snapshotStores(run.plan).includes('cache')) return 'The cache starts empty: no backup of it is restored.';
  const unread = facts.snapshots.find((each) => each.store === 'cache' && !each.found);
  if (unread && !unread.found) return `The cache starts empty: nobody can tell what can be restored of it: ${unread.reason.replace(/\.$/, '')}.`;
  if (!facts.snapshots.some((each) => each.found && usableSnapshots(each.snapshots).length > 0))
    return 'The cache starts empty: there is no snapshot that can be restored.';
  const snapshot = snapshotOf(facts, 'cache', until);
  if (!snapshot) return 'The cache starts empty: none of its snapshots is as old as a moment to which the database can be restored.';
  const takes = restoreSeconds({ bytes: snapshot.bytes, logBytes: 0 }, run.plan.estate.restore?.cache?.bytesPerSecond);
  const skew = formatSeconds(Math.round((Date.parse(until) - Date.parse(snapshot.at)) / 1000));
  const loss = describeLoss(lossSince(run, facts, heldUntil(snapshot), 'cache'));
  return `With it comes the cache of ${snapshot.at} (${snapshot.set}, ${formatBytes(snapshot.bytes)}${takes ? `, some ${formatSeconds(takes)}` : ''}), ${skew} before the database. Loss of the cache then: ${loss}. An earlier moment brings the snapshot that is not after it.`;
}

/** The same of a tree. What is in a version is older than its moment, which is when it was whole in its store. */
function treeLine(run: Course, facts: ColdStartFacts, { until }: RestoreWindow, tree: Tree): string {
  const found = facts.snapshots.find(({ store }) => store === tree);
  const version = snapshotOf(facts, tree, until);
  if (version) {
    const takes = restoreSeconds({ bytes: version.bytes, logBytes: 0 }, run.plan.estate.restore?.[tree]?.bytesPerSecond);
    const skew = formatSeconds(Math.round((Date.parse(until) - Date.parse(version.at)) / 1000));
    return `With it comes the version of the ${tree} of ${version.at} (${version.set}, ${formatBytes(version.bytes)}${takes ? `, some ${formatSeconds(takes)}` : ''}), ${skew} before the database: what was written since it was packed is not in it. An earlier moment brings the version that is not after it.`;
  }
  const why =
    found?.found === false
      ? `nobody can tell what can be restored of it: ${found.reason.replace(/\.$/, '')}`
      : found && usableSnapshots(found.snapshots).length > 0
        ? 'none of its versions is as old as a moment to which the database can be restored'
        : 'there is no version that can be restored';
  return `No version of the ${tree} comes with it: ${why}. What the site has is used as it is.`;
}

function refusedSnapshots(found: Snapshots): readonly string[] {
  if (!found.found) return [];
  const unusable = found.snapshots.flatMap(({ set, unusable: reason }) => (reason === undefined ? [] : [{ set, reason }]));
  return [...unusable, ...found.unreadable].map(({ set, reason }) => `${set} of the ${found.store} cannot be restored: ${reason}.`);
}

/** One by which a site works ends the question. */
async function lookAgain(run: Course, facts: ColdStartFacts, window: RestoreWindow | null, held: GateEvidence): Promise<GateEvidence> {
  const { read } = toolsFor('Look again while people decide', seconds(run.plan.estate.detection.evidenceMaxAge));
  return renewed(run, held, async () => {
    for (const { lost, vantages } of await lookAtLost(run, facts.lost, read, { holdSeconds: 0, ...lookingOn(run) })) lost.vantages = vantages;
    if (facts.lost.some(({ vantages }) => judgeFailure(vantages, 0).verdict === 'alive')) mustBeFailed(run, facts, { holdSeconds: 0 });
    return evidenceOf(run, facts, window);
  });
}

/** Ends a run whose choice cannot be had any more, before anything is changed. */
export function mustStillBeRestorable(run: Course, { foundAgainst }: ColdStartFacts): void {
  const [why] = foundAgainst;
  if (why === undefined) return;
  if (run.rules.changes === 'print') return run.except(`A live run would stand down. ${why}`);
  throw new RunEnding(
    'stood down',
    `What was chosen cannot be restored at ${run.places.target}: ${why} Nothing was changed. Start again to choose anew.`,
    true,
  );
}
