/** The fence of a site that nobody reaches: what it needs in order to acknowledge leaves it. The rule is plan/rules/fence-proof.ts; here are its facts. */
import { seconds } from '../../plan/durations.ts';
import { cacheFenceHoldsAfterSeconds, judgeCacheFence, judgeDatabaseFence, type FenceVerdict } from '../../plan/rules/fence-proof.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import { observe } from '../database/observer.ts';
import { lsnBytes, type HeartbeatRow } from '../database/postgresql.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { until } from '../running.ts';
import { attempt, type Attempt } from '../attempt.ts';
import type { Fence, WriterState } from './port.ts';

const assumptions: Record<WriterState['server'], (site: SiteId) => string> = {
  database: (site) => `nobody changes ${site} while it is cut off, and no client there lowers synchronous_commit for its own session`,
  cache: (site) => `nobody changes ${site} while it is cut off`,
};

/** What the standbys know of the primary, read before anything is detached. */
interface Knowledge {
  readonly heartbeat?: HeartbeatRow;
  /** RFC 3339. */
  readonly lostAt: string;
  /** Standbys in recovery, which can leave. */
  readonly standbys: readonly SiteId[];
  /** Why the others could not be asked, or cannot leave. */
  readonly missing: readonly string[];
}

export async function fenceDatabaseByReplication(
  dependencies: ActivityDependencies,
  input: { readonly run: RunContext; readonly site: SiteId; readonly standbys: readonly SiteId[] },
): Promise<Fence> {
  const { run, site } = input;
  const plan = await dependencies.planOf(run.planDigest);
  const known = await gather(dependencies, run, site, input.standbys);
  const judge = (left: readonly SiteId[]) => judgeDatabaseFence({ ...factsOf(plan, known), left });
  const fence = (verdict: FenceVerdict, note: string, positionBytes?: number): Fence => ({
    ...fenceOf(dependencies, site, 'database', verdict, note),
    ...(positionBytes === undefined ? {} : { positionBytes }),
  });

  const expected = judge(known.standbys);
  if (!expected.proven) return fence(expected, untouched(known));
  const leaving = await Promise.all(
    known.standbys.map(async (standby) => ({ standby, answer: await attempt(() => dependencies.agent(run, standby).tryChange('database-detach')) })),
  );
  const left = leaving.flatMap(({ standby, answer }) => (answer.ok ? [{ standby, lsn: answer.fields.get('current_lsn') }] : []));
  const verdict = judge(left.map(({ standby }) => standby));
  const note = `${left.map(({ standby, lsn }) => `${standby} left at ${lsn}`).join(', ') || 'no standby left'}${troubles(leaving)}.`;
  // Any commit that was acknowledged is on a synchronous standby that left, so none lies beyond the furthest of them.
  return fence(verdict, note, verdict.proven ? Math.max(...left.map(({ lsn }) => lsnBytes(lsn))) : undefined);
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
  const judge = (left: number) =>
    judgeCacheFence({ ...without(facts), left, ...(heartbeat ? { heartbeat: { writtenAt: heartbeat.writtenAt, ...heartbeat.cache } } : {}) });

  // A replica of another server than the lost primary takes nothing from it by leaving.
  const own = states
    .filter(({ answer }) => answer.ok && (answer.fields.find('follows') === site || answer.fields.find('left') === site))
    .map(({ replica }) => replica);
  const expected = judge(own.length);
  if (!expected.proven) return fenceOf(dependencies, site, 'cache', expected, untouched(known));
  const leaving = await Promise.all(
    own.map(async (replica) => ({ standby: replica, answer: await attempt(() => dependencies.agent(run, replica).tryChange('cache-detach')) })),
  );
  const left = leaving.flatMap(({ standby, answer }) =>
    answer.ok && answer.fields.find('left') === site ? [{ replica: standby, at: Date.parse(answer.fields.get('left_at')) }] : [],
  );
  const verdict = judge(left.length);
  const names = left.map(({ replica }) => replica).join(', ');
  if (!verdict.proven) return fenceOf(dependencies, site, 'cache', verdict, `${names || 'No replica'} left${troubles(leaving)}.`);

  const lastLeft = Math.max(...left.map(({ at }) => at));
  const maxLagSeconds = Math.max(seconds(plan.estate.cache.replicaMaxLag), heartbeat?.cache.minReplicasMaxLagSeconds ?? 0);
  const holdsAt = lastLeft + cacheFenceHoldsAfterSeconds(maxLagSeconds) * 1000;
  const holds = async (): Promise<true | undefined> => (dependencies.now().getTime() >= holdsAt ? true : undefined);
  await until(holds, { everyMilliseconds: 100, withinMilliseconds: Infinity });
  return fenceOf(dependencies, site, 'cache', verdict, `${names} left, the last one at ${new Date(lastLeft).toISOString()}.`);
}

/**
 * The youngest heartbeat, and the latest moment at which the primary was still within reach: of replication, or of anybody else. A standby that lost replication an hour
 * before the others lost the site does not prove what the settings were at the end of that hour.
 */
async function gather(dependencies: ActivityDependencies, run: RunContext, site: SiteId, standbys: readonly SiteId[]): Promise<Knowledge> {
  const seen = await Promise.all(
    standbys.map(async (standby) => {
      const [database, probe] = await Promise.all([
        observe(dependencies, run, standby),
        attempt(() => dependencies.agent(run, standby).ask('probe-record', site)),
      ]);
      return { standby, database, probe };
    }),
  );
  const now = dependencies.now().getTime();
  const missing: string[] = [];
  const reached = seen.flatMap(({ standby, database, probe }) => {
    if (database.reachable && database.server.inRecovery && probe.ok) return [{ standby, heartbeat: database.heartbeat, fields: probe.fields }];
    if (!database.reachable) missing.push(`the database at ${standby} could not be read: ${database.reason}`);
    else if (!probe.ok) missing.push(`the agent of ${standby} could not be asked: ${probe.reason}`);
    else missing.push(`the database at ${standby} is no standby`);
    return [];
  });
  const contacts = reached.map(({ fields }) => {
    const failingSince = Date.parse(fields.find('failing_since') ?? '');
    const age = fields.find('replication_age_seconds');
    return Math.max(Number.isNaN(failingSince) ? now : failingSince, age === undefined ? 0 : now - Number(age) * 1000);
  });
  const youngest = reached
    .flatMap(({ heartbeat }) => (heartbeat ? [heartbeat] : []))
    .sort((one, other) => Date.parse(other.writtenAt) - Date.parse(one.writtenAt))[0];
  return {
    ...(youngest ? { heartbeat: youngest } : {}),
    lostAt: new Date(contacts.length === 0 ? now : Math.max(...contacts)).toISOString(),
    standbys: reached.map(({ standby }) => standby),
    missing,
  };
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

function fenceOf(dependencies: ActivityDependencies, site: SiteId, server: WriterState['server'], verdict: FenceVerdict, note: string): Fence {
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
