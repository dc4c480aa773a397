/**
 * Can a primary that nobody reaches still acknowledge a write? Pure.
 * The proof rests on what the primary last wrote about itself, and on which of its standbys have left it. Whatever is not known counts as "it can".
 */
import { clockSlackSeconds, describeOverride, parseOverride, parseStandby, waitsForStandby } from './heartbeat-words.ts';
import { isSameStandby } from './standby-names.ts';
import type { SiteId } from '../schema.ts';
import type { ServerKind } from './servers.ts';

/** What the primary wrote about its own settings, read at a standby. */
export interface PrimaryHeartbeat {
  /** RFC 3339. */
  readonly writtenAt: string;
  readonly synchronousStandbyNames: string;
  readonly synchronousCommit: string;
  /** Who has a `synchronous_commit` of their own, as `parseOverride` reads it: `role:name=value`, `subscription:name=value` and their like. */
  readonly overrides: readonly string[];
  /** `application_name=sync_state` of each connected standby, as `parseStandby` reads it. */
  readonly standbys: readonly string[];
  /** How long before it had loaded its settings, seconds. This and the next are absent where the table is that of an older release. */
  readonly settingsAgeSeconds?: number;
  /** How far it had written its log to its own disk, as `X/Y`. */
  readonly flushedLsn?: string;
}

export interface DatabaseFenceFacts {
  /** The youngest one found; absent when no standby has one. */
  readonly heartbeat?: PrimaryHeartbeat;
  /** When the primary was last within anybody's reach; RFC 3339. */
  readonly lostAt: string;
  readonly heartbeatMaxAgeSeconds: number;
  /** Names of the standbys that have left the primary and will not return by themselves. */
  readonly left: readonly string[];
}

export interface CacheFenceFacts {
  readonly heartbeat?: {
    readonly writtenAt: string;
    readonly minReplicasToWrite: number;
    readonly minReplicasMaxLagSeconds: number;
    /** Replicas that were online. */
    readonly replicas: number;
  };
  readonly lostAt: string;
  readonly heartbeatMaxAgeSeconds: number;
  /** When each replica that has left the primary last gave it a sign; RFC 3339. */
  readonly leftAt: readonly string[];
}

export type FenceVerdict = { readonly proven: true; readonly proof: string } | { readonly proven: false; readonly reason: string };

/** `synchronous_standby_names`, taken apart. */
export interface SynchronousNames {
  readonly method: 'ANY' | 'FIRST';
  /** How many standbys each commit waits for. */
  readonly count: number;
  readonly names: readonly string[];
}

/** Proven when fewer candidates are left to the primary than each commit waits for, and no role, database or server setting goes around the wait. */
export function judgeDatabaseFence(facts: DatabaseFenceFacts): FenceVerdict {
  const { heartbeat } = facts;
  if (!heartbeat) return no('no standby holds a heartbeat of the primary, so its settings are not known');
  const stale = judgeAge(heartbeat.writtenAt, facts);
  if (stale) return no(stale);
  const synchronous = parseSynchronousNames(heartbeat.synchronousStandbyNames);
  if (synchronous === 'none') return no('the primary waits for no standby (synchronous_standby_names is empty)');
  if (synchronous === 'unreadable') return no(`synchronous_standby_names "${heartbeat.synchronousStandbyNames}" cannot be read`);
  if (synchronous.names.includes('*')) return no('synchronous_standby_names takes any standby (*), so one that nobody knows of may acknowledge');
  if (!waitsForStandby(heartbeat.synchronousCommit))
    return no(`synchronous_commit is ${heartbeat.synchronousCommit}, under which the primary acknowledges alone`);
  const around = heartbeat.overrides.find((override) => !waitsForStandby(parseOverride(override).value));
  if (around !== undefined) return no(describeOverride(around));

  const candidates = synchronous.names.filter((name, index) => synchronous.names.findIndex((other) => isSameStandby(other, name)) === index);
  const leftIt = candidates.filter((name) => facts.left.some((other) => isSameStandby(other, name)));
  const staying = candidates.filter((name) => !leftIt.includes(name));
  if (staying.length >= synchronous.count)
    return no(`${staying.join(', ')} may still follow the primary, and ${synchronous.count} of its standbys are enough to acknowledge`);
  const twice = candidates.find((name) => connected(heartbeat, name).length > 1);
  if (twice !== undefined) return no(`more than one standby calls itself ${twice}, so its leaving proves nothing`);
  const seen = leftIt.filter((name) => connected(heartbeat, name).some((state) => state === 'sync' || state === 'quorum'));
  if (seen.length === 0)
    return no(`no standby that has left was synchronous when the primary last said so (${heartbeat.standbys.join(', ') || 'none was connected'})`);
  const proof =
    `each commit waits for ${synchronous.count} of ${candidates.join(', ')} (synchronous_commit ${heartbeat.synchronousCommit}, no weaker role or database), ` +
    `and ${leftIt.join(', ')} left; the primary said so ${ageSeconds(heartbeat.writtenAt, facts)} s before it was lost` +
    (heartbeat.settingsAgeSeconds === undefined ? '' : `, with the settings that it had loaded ${heartbeat.settingsAgeSeconds} s before that`);
  return { proven: true, proof };
}

/** Proven when the primary asks for more replicas than are left to it. It notices their leaving only after its maximum lag: see `cacheFenceHoldsAfterSeconds`. */
export function judgeCacheFence(facts: CacheFenceFacts): FenceVerdict {
  const { heartbeat } = facts;
  if (!heartbeat) return no('no standby holds a heartbeat of the primary, so its settings are not known');
  const stale = judgeAge(heartbeat.writtenAt, facts);
  if (stale) return no(stale);
  if (heartbeat.minReplicasToWrite < 1) return no('the primary asks for no replica (min-replicas-to-write is 0)');
  if (heartbeat.minReplicasMaxLagSeconds < 1) return no('the primary never counts a replica as lost (min-replicas-max-lag is 0)');
  // One that was gone before the heartbeat was written is none of those that it counts.
  const left = facts.leftAt.filter((at) => Date.parse(at) >= Date.parse(heartbeat.writtenAt) - clockSlackSeconds * 1000).length;
  const staying = Math.max(0, heartbeat.replicas - left);
  if (staying >= heartbeat.minReplicasToWrite)
    return no(`${staying} of its ${heartbeat.replicas} replicas may still follow the primary, and it asks for ${heartbeat.minReplicasToWrite}`);
  return {
    proven: true,
    proof: `it asks for ${heartbeat.minReplicasToWrite} replica(s) not older than ${heartbeat.minReplicasMaxLagSeconds} s, and all but ${staying} left`,
  };
}

/** What a proof by replication takes for granted of the lost site, as the end of a sentence: nobody can see it from afar. */
export const assumptions: Readonly<Record<ServerKind, (site: SiteId) => string>> = {
  // A client whose COMMIT waits is told that it is done when somebody cancels the wait: nothing at the standbys keeps that from happening.
  database: (site) =>
    `nobody changes ${site} while it is cut off, and no client there lowers synchronous_commit for its own session or cancels a COMMIT that waits`,
  cache: (site) => `nobody changes ${site} while it is cut off`,
};

/** The same as what would have to have happened for a write to be acknowledged and lost, as the end of a sentence. */
export function acknowledgedAlone(site: SiteId): string {
  return `${site} acknowledged a write alone: by a session's own synchronous_commit, a COMMIT whose wait was cancelled, or settings that somebody changed there`;
}

/** How long after the last replica left an isolated primary still acknowledges: its maximum lag, and 2 s for its own clock ticks. */
export function cacheFenceHoldsAfterSeconds(maxLagSeconds: number): number {
  return maxLagSeconds + 2;
}

/**
 * Reads `synchronous_standby_names`: `ANY 1 ("a", b)`, `FIRST 2 (a, b, c)`, `2 (a, b)` or a plain list, which means the first of it.
 * `none` when empty, `unreadable` when it is none of these.
 */
export function parseSynchronousNames(text: string): SynchronousNames | 'none' | 'unreadable' {
  const trimmed = text.trim();
  if (trimmed === '') return 'none';
  const counted = /^(?:(ANY|FIRST)\s+)?(\d+)\s*\((.*)\)$/is.exec(trimmed);
  const names = parseNames(counted ? (counted[3] ?? '') : trimmed);
  const count = counted ? Number(counted[2]) : 1;
  if (!names || names.length === 0 || count < 1) return 'unreadable';
  return { method: counted?.[1]?.toUpperCase() === 'ANY' ? 'ANY' : 'FIRST', count, names };
}

function parseNames(list: string): readonly string[] | undefined {
  const name = /^\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*|\*))\s*(,|$)/;
  const names: string[] = [];
  for (let rest = list; ;) {
    const match = name.exec(rest);
    if (!match) return undefined;
    names.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    rest = rest.slice(match[0].length);
    if (match[3] === '') return names;
  }
}

function connected(heartbeat: PrimaryHeartbeat, name: string): readonly string[] {
  return heartbeat.standbys
    .map(parseStandby)
    .filter((standby) => isSameStandby(standby.name, name))
    .map(({ state }) => state);
}

function ageSeconds(writtenAt: string, facts: { readonly lostAt: string }): number {
  return Math.round((Date.parse(facts.lostAt) - Date.parse(writtenAt)) / 100) / 10;
}

/** The sentence that says why a heartbeat proves nothing about the moment of the loss. */
function judgeAge(writtenAt: string, facts: { readonly lostAt: string; readonly heartbeatMaxAgeSeconds: number }): string | undefined {
  const age = ageSeconds(writtenAt, facts);
  if (Number.isNaN(age)) return 'the time of the heartbeat or of the loss cannot be read';
  if (age > facts.heartbeatMaxAgeSeconds)
    return `the last heartbeat was ${age} s old when the primary was lost; the plan allows ${facts.heartbeatMaxAgeSeconds} s`;
  if (age < -facts.heartbeatMaxAgeSeconds) return `the last heartbeat is from ${-age} s after the loss: the clocks of the sites do not agree`;
  return undefined;
}

function no(reason: string): FenceVerdict {
  return { proven: false, reason };
}
