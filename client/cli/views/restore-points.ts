/** What can be restored where, site by site: the newest moment first, since that is what is lost. Pure. */
import type { RestorePoints, Snapshots } from '../../../activities/restore/port.ts';
import { formatBytes } from '../../../plan/rules/progress.ts';
import { formatSeconds } from '../../../plan/durations.ts';
import { newestWindow, restoreSeconds, setFor, type RestoreSet } from '../../../plan/rules/restore-points.ts';
import { usableSnapshots } from '../../../plan/rules/snapshots.ts';
import { forTerminal } from '../../../report/media/terminal.ts';
import type { RestorePointsFound } from '../../../workflows/wire/messages.ts';
import { section, table } from './text.ts';

/** Whether something can be restored that is no older than the RPO allows. */
export function meetsRpo(points: RestorePoints, at: string, rpoSeconds: number): boolean {
  const window = points.found ? newestWindow(points.sets) : null;
  return window !== null && ageSeconds(window.until, at) <= rpoSeconds;
}

/** Whether a store can be restored at all: what it holds beyond that is the database's to tell. */
export function hasUsable(snapshots: Snapshots): boolean {
  return snapshots.found && usableSnapshots(snapshots.snapshots).length > 0;
}

function ageSeconds(moment: string, at: string): number {
  return Math.max(0, (Date.parse(at) - Date.parse(moment)) / 1000);
}

/** What the plan says of a restore of the database. */
export interface RestoreAims {
  /** The strictest RPO of a function, seconds. */
  readonly rpoSeconds: number;
  /** How fast the last restore was; absent where that is not known. */
  readonly bytesPerSecond?: number | undefined;
}

export function renderRestorePoints(found: RestorePointsFound, aims: RestoreAims): string {
  const { at, sites, snapshots } = forTerminal(found);
  const others = (site: string) => snapshots.filter((each) => each.site === site).map((each) => `\n${renderSnapshots(each, at)}`);
  const database = (points: RestorePoints) => (points.found ? renderSite(points, aims, at) : `  Nothing can be restored: ${points.reason}\n`);
  return sites.map((points) => [`${points.site}\n${database(points)}`, ...others(points.site)].join('')).join('\n');
}

function renderSnapshots(found: Snapshots, at: string): string {
  if (!found.found) return `  The ${found.store} cannot be restored: ${found.reason}\n`;
  const rows = found.snapshots.map(({ set, at: madeAt, bytes, unusable }) => [set, madeAt.slice(0, 19), formatBytes(bytes), unusable ?? '']);
  const all = rows.length === 0 ? `  No snapshot of the ${found.store} was found.\n` : `${table([found.store, 'as it was at (UTC)', 'size', ''], rows)}\n`;
  const newest = usableSnapshots(found.snapshots).at(-1);
  return `${all}${notUsable(found)}  ${newest ? `Newest: ${newest.at}, ${formatSeconds(ageSeconds(newest.at, at))} ago.` : 'Nothing can be restored here.'}\n`;
}

function notUsable({ unreadable }: Pick<Extract<RestorePoints, { found: true }>, 'unreadable'>): string {
  return section(
    '  Not usable',
    unreadable.map(({ set, reason }) => `${set}: ${reason}`),
  );
}

function renderSite({ sets, unreadable, tool }: Extract<RestorePoints, { found: true }>, aims: RestoreAims, at: string): string {
  const rows = sets.map((set) => [set.set, set.stoppedAt.slice(0, 19), formatBytes(set.bytes), formatBytes(set.logBytes), range(set), remark(set)]);
  const all = sets.length === 0 ? '  No set was found.\n' : `${table([`database, by ${tool}`, 'made until (UTC)', 'set', 'log', 'restorable', ''], rows)}\n`;
  return `${all}${notUsable({ unreadable })}  ${verdict(sets, aims, at)}\n`;
}

function range({ earliest, latest, unusable }: RestoreSet): string {
  return unusable !== undefined || latest === undefined ? 'no' : `${earliest.slice(0, 19)} … ${latest.slice(0, 19)}`;
}

function remark({ unusable, gapAt }: RestoreSet): string {
  return unusable ?? (gapAt === undefined ? '' : `its log has a gap at ${gapAt}`);
}

function verdict(sets: readonly RestoreSet[], { rpoSeconds, bytesPerSecond }: RestoreAims, at: string): string {
  const window = newestWindow(sets);
  if (window === null) return 'Nothing can be restored here.';
  const age = ageSeconds(window.until, at);
  const set = setFor(sets, window.until);
  const takes = set && restoreSeconds(set, bytesPerSecond);
  const against = age > rpoSeconds ? `more than the RPO of ${formatSeconds(rpoSeconds)}` : `within the RPO of ${formatSeconds(rpoSeconds)}`;
  const duration = takes ? ` The restore takes some ${formatSeconds(takes)}.` : '';
  return `Newest moment: ${window.until}, ${formatSeconds(age)} ago, ${against}; any moment since ${window.from} can be had.${duration}`;
}
