/** The fence of a site that nobody reaches: what it needs in order to acknowledge leaves it. The rule is plan/rules/fence-proof.ts; here are its facts. */
import { seconds } from '../../plan/durations.ts';
import { assumptions, cacheFenceHoldsAfterSeconds, judgeCacheFence, judgeDatabaseFence, type FenceVerdict } from '../../plan/rules/fence-proof.ts';
import type { ServerKind } from '../../plan/rules/servers.ts';
import { standbyNames } from '../../plan/rules/standby-names.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import { observe } from '../database/observer.ts';
import { promotionOf } from '../database/activities.ts';
import { heartbeatsByRunClock, senderClocks } from '../database/clocks.ts';
import type { Heartbeat } from '../database/port.ts';
import { lsnBytes } from '../database/postgresql.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { until } from '../waiting.ts';
import { attempt, type Attempt } from '../attempt.ts';
import type { Fence } from './port.ts';

/** A database that may have followed the lost primary, as its agent tells. */
interface Survivor {
  readonly standby: SiteId;
  /** Whether it may still follow the lost primary; one that was promoted, or follows another, has left it already. */
  readonly mayFollow: boolean;
  /** Last position that it can have had from the lost primary, in bytes; absent when that one's history ends elsewhere. */
  readonly position?: { readonly lsn: string; readonly bytes: number };
}

/** What the surviving databases know of the primary, read before anything is detached. */
interface Knowledge {
  readonly heartbeat?: Heartbeat;
  /** RFC 3339. */
  readonly lostAt: string;
  readonly survivors: readonly Survivor[];
  /** Why the others could not be asked. */
  readonly missing: readonly string[];
}

export async function fenceDatabaseByReplication(
  dependencies: ActivityDependencies,
  input: { readonly run: RunContext; readonly site: SiteId; readonly standbys: readonly SiteId[] },
): Promise<Fence> {
  const { run, site } = input;
  const plan = await dependencies.planOf(run.planDigest);
  const known = await gather(dependencies, run, site, input.standbys);
  const judge = (left: readonly SiteId[]) => judgeDatabaseFence({ ...factsOf(plan, known), left: standbyNames(plan, left) });
  const fence = (verdict: FenceVerdict, note: string, position: Pick<Fence, 'positionBytes' | 'leftAtBytes'> = {}): Fence => ({
    ...fenceOf(dependencies, site, 'database', verdict, note),
    ...(verdict.proven && known.heartbeat ? { assumedSince: known.heartbeat.writtenAt } : {}),
    ...(verdict.proven ? position : {}),
    ...(verdict.proven && silentFor(dependencies, known) > seconds(plan.estate.limits.heartbeatMaxAge) ? { acknowledgedUntil: known.lostAt } : {}),
  });

  const expected = judge(known.survivors.map(({ standby }) => standby));
  if (!expected.proven) return fence(expected, untouched(known));
  const gone = known.survivors.filter((survivor) => !survivor.mayFollow);
  const leaving = await Promise.all(
    known.survivors
      .filter((survivor) => survivor.mayFollow)
      .map(async ({ standby }) => ({ standby, answer: await attempt(() => dependencies.agent(run, standby).tryChange('database-detach')) })),
  );
  const left: readonly Survivor[] = [
    ...gone,
    ...leaving.flatMap(({ standby, answer }) => (answer.ok ? [{ standby, mayFollow: false, position: positionOf(answer.fields.get('current_lsn')) }] : [])),
  ];
  const verdict = judge(left.map(({ standby }) => standby));
  const departures = left.map(({ standby, position }) => `${standby} left${position ? ` at ${position.lsn}` : ''}`);
  // By its settings any commit that was acknowledged is on a synchronous standby that left, so that none lies beyond the furthest of them, nor beyond what the primary had written.
  const positions = left.flatMap(({ position }) => (position ? [position.bytes] : []));
  const furthest = positions.length > 0 ? Math.max(...positions) : undefined;
  const unseen = furthest === undefined ? 0 : writtenBeyond(known, furthest);
  const beyond = unseen > 0 ? `; ${unseen} bytes that the primary had written by then reached none of them` : '';
  const note = `${departures.join(', ') || 'no standby left'}${beyond}${troubles(leaving)}.`;
  if (furthest === undefined) return fence(verdict, note);
  return fence(verdict, note, { positionBytes: furthest + unseen, ...(unseen > 0 ? { leftAtBytes: furthest } : {}) });
}

export async function fenceCacheByReplication(
  dependencies: ActivityDependencies,
  input: { readonly run: RunContext; readonly site: SiteId; readonly replicas: readonly SiteId[] },
): Promise<Fence> {
  const { run, site, replicas } = input;
  const plan = await dependencies.planOf(run.planDigest);
  const witnesses = Object.keys(plan.estate.sites).filter((other) => other !== site && plan.estate.sites[other]?.database !== undefined);
  const [known, states] = await Promise.all([
    gather(dependencies, run, site, witnesses),
    Promise.all(replicas.map(async (replica) => ({ replica, answer: await attempt(() => dependencies.agent(run, replica).ask('cache-status')) }))),
  ]);
  const facts = factsOf(plan, known);
  const { heartbeat } = known;
  const judge = (leftAt: readonly number[]) =>
    judgeCacheFence({
      ...without(facts),
      leftAt: leftAt.map((at) => new Date(at).toISOString()),
      ...(heartbeat ? { heartbeat: { writtenAt: heartbeat.writtenAt, ...heartbeat.cache } } : {}),
    });

  // One that follows the lost primary again, or was stopped while it left, is told to leave; the record of an earlier leaving counts for the others only.
  const mayFollow = (fields: AgentFields): boolean => fields.get('follows') === site || fields.flag('detached');
  const left = states.flatMap(({ replica, answer }) => (answer.ok && !mayFollow(answer.fields) ? departure(replica, site, answer.fields) : []));
  const following = states.filter(({ answer }) => answer.ok && mayFollow(answer.fields));
  const expected = judge([...left.map(({ at }) => at), ...following.map(() => dependencies.now().getTime())]);
  if (!expected.proven) return fenceOf(dependencies, site, 'cache', expected, untouched(known));
  const leaving = await Promise.all(
    following.map(async ({ replica }) => ({ standby: replica, answer: await attempt(() => dependencies.agent(run, replica).tryChange('cache-detach')) })),
  );
  left.push(...leaving.flatMap(({ standby, answer }) => (answer.ok ? departure(standby, site, answer.fields) : [])));
  const verdict = judge(left.map(({ at }) => at));
  const names = left.map(({ replica }) => replica).join(', ');
  if (!verdict.proven) return fenceOf(dependencies, site, 'cache', verdict, `${names || 'No replica'} left${troubles(leaving)}.`);

  const lastLeft = left.length === 0 ? dependencies.now().getTime() : Math.max(...left.map(({ at }) => at));
  const { cache } = plan.estate;
  const maxLagSeconds = Math.max(cache?.driver === 'redis' ? seconds(cache.replicaMaxLag) : 0, heartbeat?.cache.minReplicasMaxLagSeconds ?? 0);
  const holdsAt = lastLeft + cacheFenceHoldsAfterSeconds(maxLagSeconds) * 1000;
  const holds = async (): Promise<true | undefined> => (dependencies.now().getTime() >= holdsAt ? true : undefined);
  await until(holds, { everyMilliseconds: 100, withinMilliseconds: Infinity });
  const fence = fenceOf(dependencies, site, 'cache', verdict, `${names || 'None'} left, the last one at ${new Date(lastLeft).toISOString()}.`);
  return { ...fence, acknowledgedUntil: new Date(holdsAt).toISOString() };
}

/**
 * Bytes that the primary said it had on its disk, beyond the furthest of those that left it. By its settings nobody was told that they are committed; a session of its own may have
 * been. The standby that has its word has them too, so that a target without them is behind.
 */
function writtenBeyond({ heartbeat }: Knowledge, furthest: number): number {
  return heartbeat?.flushedLsn === undefined ? 0 : Math.max(0, lsnBytes(heartbeat.flushedLsn) - furthest);
}

/** How long nobody has heard of the lost primary, seconds. One that a standby still followed may have acknowledged until that one left. */
function silentFor(dependencies: ActivityDependencies, { lostAt }: Knowledge): number {
  return (dependencies.now().getTime() - Date.parse(lostAt)) / 1000;
}

/** When a replica left the lost primary, by its agent's record; nothing when it never followed that one: such a replica takes nothing from it. */
function departure(replica: SiteId, site: SiteId, fields: AgentFields): { readonly replica: SiteId; readonly at: number }[] {
  return fields.find('left') === site ? [{ replica, at: fields.at('left_at')?.getTime() ?? Date.parse(fields.get('left_at')) }] : [];
}

/**
 * The last heartbeat of the lost primary, and the latest moment at which it was still within reach: of replication, or of anybody else. A standby that lost replication
 * an hour before the others lost the site does not prove what the settings were at the end of that hour.
 */
async function gather(dependencies: ActivityDependencies, run: RunContext, site: SiteId, standbys: readonly SiteId[]): Promise<Knowledge> {
  const seen = await Promise.all(
    standbys.map(async (standby) => {
      const agent = dependencies.agent(run, standby);
      const [database, probe, status] = await Promise.all([
        observe(dependencies, run, standby),
        attempt(() => agent.ask('probe-record', site)),
        attempt(() => agent.ask('database-status')),
      ]);
      return { standby, database, probe, status };
    }),
  );
  const plan = await dependencies.planOf(run.planDigest);
  const now = dependencies.now().getTime();
  const missing: string[] = [];
  const reached = seen.flatMap(({ standby, database, probe, status }) => {
    if (database.reachable && probe.ok && status.ok) {
      const clocks = senderClocks(plan, { site: standby, aheadSeconds: database.aheadSeconds, status: status.fields });
      const heartbeat = heartbeatsByRunClock(database.heartbeats, clocks).find((candidate) => candidate.site === site);
      return [{ heartbeat, probed: probe.fields, survivor: survivorOf(standby, site, status.fields) }];
    }
    if (!database.reachable) missing.push(`the database at ${standby} could not be read: ${database.reason}`);
    else missing.push(`the agent of ${standby} could not be asked: ${!probe.ok ? probe.reason : status.ok ? '' : status.reason}`);
    return [];
  });
  const contacts = reached.map(({ probed }) => lastContact(probed, now));
  const youngest = reached
    .flatMap(({ heartbeat }) => (heartbeat ? [heartbeat] : []))
    .sort((one, other) => Date.parse(other.writtenAt) - Date.parse(one.writtenAt))[0];
  return {
    ...(youngest ? { heartbeat: youngest } : {}),
    lostAt: new Date(contacts.length === 0 ? now : Math.max(...contacts)).toISOString(),
    survivors: onOldHistory(reached.map(({ survivor }) => survivor)),
    missing,
  };
}

/** When a survivor's agent last had a sign of the lost primary, by replication or by its own looks, milliseconds; never later than `now`. */
export function lastContact(probed: AgentFields, now: number): number {
  const received = probed.find('replication_age_seconds');
  const age = Number(received);
  // An age that no clock gives, as where one was set between two looks, is none: the primary counts as heard of now.
  const heard = received === undefined ? 0 : age >= 0 ? now - age * 1000 : now;
  return Math.min(now, Math.max(probed.at('failing_since')?.getTime() ?? now, heard));
}

/** A promoted database had all that it would ever get from the lost primary where its own timeline begins. */
function survivorOf(standby: SiteId, site: SiteId, status: AgentFields): Survivor & { readonly timeline: number; readonly promotedTo?: number } {
  const timeline = Number(status.get('timeline'));
  const promotion = promotionOf(status);
  if (promotion) return { standby, mayFollow: false, position: promotion, timeline, promotedTo: promotion.timeline };
  if (!status.flag('in_recovery')) return { standby, mayFollow: false, timeline };
  const follows = status.get('follows');
  return { standby, mayFollow: follows === site || follows === 'none' || follows === 'unknown', position: positionOf(status.get('current_lsn')), timeline };
}

/** Whoever is on the timeline of a promoted one has the lost primary's history up to that promotion and no further; its own position counts from there. */
function onOldHistory(survivors: readonly ReturnType<typeof survivorOf>[]): readonly Survivor[] {
  const branches = survivors.flatMap(({ promotedTo }) => (promotedTo === undefined ? [] : [promotedTo]));
  return survivors.map(({ standby, mayFollow, position, timeline, promotedTo }) => {
    const branched = promotedTo === undefined && branches.some((branch) => timeline >= branch);
    return { standby, mayFollow, ...(position && !branched ? { position } : {}) };
  });
}

function positionOf(lsn: string): { readonly lsn: string; readonly bytes: number } {
  return { lsn, bytes: lsnBytes(lsn) };
}

function factsOf(plan: Plan, known: Knowledge) {
  return {
    ...(known.heartbeat ? { heartbeat: known.heartbeat } : {}),
    lostAt: known.lostAt,
    heartbeatMaxAgeSeconds: seconds(plan.estate.limits.heartbeatMaxAge),
  };
}

function without(facts: ReturnType<typeof factsOf>) {
  return { lostAt: facts.lostAt, heartbeatMaxAgeSeconds: facts.heartbeatMaxAgeSeconds };
}

function untouched(known: Knowledge): string {
  return ['Nothing was detached', ...known.missing].join('; ') + '.';
}

function troubles(leaving: readonly { readonly standby: SiteId; readonly answer: Attempt }[]): string {
  return leaving.flatMap(({ standby, answer }) => (answer.ok ? [] : [`; ${standby} did not: ${answer.reason}`])).join('');
}

function fenceOf(dependencies: ActivityDependencies, site: SiteId, server: ServerKind, verdict: FenceVerdict, note: string): Fence {
  const why = verdict.proven ? verdict.proof : verdict.reason;
  const assumption = assumptions[server](site);
  const how = verdict.proven ? `fenced by replication: ${why}; assumes that ${assumption}` : `not proven: ${why}`;
  return {
    method: 'replication',
    proven: verdict.proven,
    servers: [{ site, server, state: verdict.proven ? 'fenced' : 'unknown', how }],
    proof: `${capitalised(why)}. ${note}`,
    ...(verdict.proven ? { assumption: `${capitalised(assumption)}.` } : {}),
    at: dependencies.now().toISOString(),
  };
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
