/** What a failover will need of a site besides being let in: asked of its agent and read from what its primary says of itself, so that a green check means that it can begin. */
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Reached } from '../../plan/catalogue/step.ts';
import { milliseconds, seconds } from '../../plan/durations.ts';
import { wrongClocks } from '../../plan/rules/clocks.ts';
import { parseSynchronousNames } from '../../plan/rules/fence-proof.ts';
import { describeOverride, parseOverride, parseStandby, waitsForStandby } from '../../plan/rules/heartbeat-words.ts';
import { verbsFor } from '../../plan/rules/refusals.ts';
import { closableAt } from '../../plan/rules/servers.ts';
import { siteOfStandby, standbyName } from '../../plan/rules/standby-names.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Heartbeat } from '../database/port.ts';
import type { AgentClient, AgentFields } from '../dependencies.ts';
import { refusalsOf } from '../hosts/activities.ts';
import { lacking, ok, unreachable, words, type Subject } from './checks.ts';
import { agentCommand } from '../ssh/agent.ts';
import type { AccessCheck } from './port.ts';

/** Below it a server stops for want of space in the hour in which it takes over. */
const freePercentMin = 10;

/** What the site is now, by its agent. */
export interface Standing {
  readonly identity: AgentFields;
  /** Absent where the agent has no database. */
  readonly database?: AgentFields;
}

/** Undefined when the agent gives no answer: that it lacks is told by the login's own check. */
export async function standingOf(plan: Plan, site: SiteId, agent: AgentClient): Promise<Standing | undefined> {
  try {
    const identity = await agent.ask('identify');
    if (!identity.reachable) return undefined;
    const database = closableAt(plan, site).includes('database') ? await agent.ask('database-status') : undefined;
    return { identity: identity.fields, ...(database?.reachable ? { database: database.fields } : {}) };
  } catch {
    return undefined;
  }
}

/** Why the site's database lets nobody in, when that is as it should be; undefined for any other. */
export function fencedBy({ identity, database }: Standing): string | undefined {
  if (!database?.flag('hba_closed')) return undefined;
  return `fenced by ${identity.get('epoch_holder')} (epoch ${identity.get('epoch')}): it stays shut until a failback`;
}

/** What the site's database says, and when it was asked. */
export interface Known {
  /** By the run's clock. */
  readonly heartbeats: readonly Heartbeat[];
  readonly now: Date;
  /** By how much its clock is ahead of the run's, seconds; absent where it did not answer. */
  readonly databaseAheadSeconds?: number;
}

export async function checkNeeds(
  plan: Plan,
  site: SiteId,
  agent: AgentClient,
  standing: Standing,
  { heartbeats, now, databaseAheadSeconds }: Known,
): Promise<readonly AccessCheck[]> {
  const primary = standing.database?.find('in_recovery') === 'no' && fencedBy(standing) === undefined;
  return [
    ...checkIdentity(plan, site, standing),
    ...checkClocks(plan, site, standing, databaseAheadSeconds),
    ...(fencedBy(standing) === undefined ? await checkVerbs(plan, site, agent, standing) : []),
    ...(await checkView(plan, site, agent)),
    ...(primary
      ? checkReplication(
          plan,
          site,
          heartbeats.find((row) => row.site === site),
          now,
        )
      : []),
  ];
}

function checkIdentity(plan: Plan, site: SiteId, { identity, database }: Standing): readonly AccessCheck[] {
  const about = (what: string, reached: Reached): Subject => ({ what, steps: stepsThatReach(reached), as: `the agent of ${site}` });
  const others = Object.keys(plan.estate.sites).filter((other) => other !== site);
  const known = identity.get('peers').split(' ');
  const missing = others.filter((other) => !known.includes(other));
  const peers = about('the other sites in agent.conf', 'agents of the other sites');
  const free = Number(database?.find('data_free_percent') ?? '100');
  return [
    missing.length === 0
      ? ok(peers, `${others.length} sites`)
      : lacking(peers, `PEERS there lacks ${missing.join(', ')}.`, { where: `/etc/dr/agent.conf at ${site}`, line: `PEERS='${others.join(' ')}'` }),
    ...(free >= freePercentMin
      ? []
      : [lacking(about('free disk', 'disk'), `Only ${free} % of the disk of its database is free; the plan's target must have room for its own writes.`)]),
  ];
}

/** By the same rule as at the gate and before the fence; the worker's own clock is no lack of the site. */
function checkClocks(plan: Plan, site: SiteId, { identity }: Standing, databaseAheadSeconds: number | undefined): readonly AccessCheck[] {
  const read = databaseAheadSeconds === undefined ? {} : { databaseAheadSeconds };
  const clocks = { siteAheadSeconds: identity.aheadSeconds ?? 0, workerAheadSeconds: null, ...read };
  const subject: Subject = { what: 'clock', steps: stepsThatReach('clock'), as: `the agent of ${site}` };
  return wrongClocks([{ site, clocks }], seconds(plan.estate.detection.clockSkewMax)).map((wrong) => lacking(subject, wrong));
}

/** Every verb that a failover will send is looked at by the agent itself. */
async function checkVerbs(plan: Plan, site: SiteId, agent: AgentClient, { database }: Standing): Promise<readonly AccessCheck[]> {
  const subject: Subject = {
    what: 'what a failover will ask of the agent',
    steps: stepsThatReach('every verb'),
    as: `the agent of ${site}`,
  };
  const primary = database === undefined ? plan.sites.find(({ id }) => id === site)?.role === 'primary' : database.find('in_recovery') === 'no';
  const lost = database?.find('follows') ?? '';
  const verbs = primary ? verbsFor(plan, site, 'lost', site) : verbsFor(plan, site, 'survivor', lost);
  try {
    const answer = await agent.ask('check', ...verbs);
    if (!answer.reachable) return [unreachable(subject, `it was not asked: ${answer.reason}`)];
    const { refused, exceptions } = refusalsOf(answer.fields);
    const sentences = [...new Set([...refused.map(({ verb, argument, reason }) => `${[verb, argument].filter(Boolean).join(' ')}: ${reason}`), ...exceptions])];
    return sentences.length === 0 ? [ok(subject, `${verbs.length} verbs would be carried out`)] : sentences.map((sentence) => lacking(subject, sentence));
  } catch (error) {
    return [lacking(subject, words(error))];
  }
}

/** What the site sees of the others: a witness that reaches nobody confirms nothing. A service that is stopped at a standby is as it should be. */
async function checkView(plan: Plan, site: SiteId, agent: AgentClient): Promise<readonly AccessCheck[]> {
  const steps = stepsThatReach('agents of the other sites');
  const others = Object.keys(plan.estate.sites).filter((other) => other !== site);
  const looks = await Promise.all(others.map(async (other) => ({ other, seen: await look(agent, other) })));
  const found = looks.flatMap(({ other, seen }) => {
    if (typeof seen === 'string') return []; // that it does not know the other is told already
    return closableAt(plan, other).flatMap((server) =>
      seen.flag(`${server}_ok`)
        ? []
        : [
            lacking({ what: `its view of the ${server} at ${other}`, steps, as: `the agent of ${site}` }, `${seen.get(`${server}_detail`)}.`, {
              where: `/etc/dr/agent.conf at ${site}, or the way between the sites`,
              line: addressLine(plan, other, server),
            }),
          ],
    );
  });
  const references: Subject = { what: 'its reference targets', steps: stepsThatReach('reference targets'), as: `the agent of ${site}` };
  const targets = plan.estate.detection.referenceTargets.map(({ host, port }) => `${host}:${port}`).join(' ');
  const seen = looks.map((looked) => looked.seen).find((looked) => typeof looked !== 'string');
  // Without any look nothing was seen of them either.
  const unseen = looks.flatMap((looked) => (typeof looked.seen === 'string' ? [`${looked.other} was not looked at: ${looked.seen}`] : []));
  if (seen === undefined) return [...found, unreachable(references, unseen.join('; '))];
  return [
    ...found,
    !seen.flag('reference_ok')
      ? lacking(references, 'None of REFERENCE_TARGETS answers it, so that it counts as blind and confirms no failure.', {
          where: `/etc/dr/agent.conf at ${site}`,
          line: `REFERENCE_TARGETS='${targets}'`,
        })
      : ok(references, 'one answers'),
  ];
}

/** What the agent sees of another site; why it did not look, when it did not. */
async function look(agent: AgentClient, other: SiteId): Promise<AgentFields | string> {
  try {
    const answer = await agent.ask('probe', other);
    return answer.reachable ? answer.fields : answer.reason;
  } catch (error) {
    return words(error);
  }
}

function addressLine(plan: Plan, other: SiteId, server: 'database' | 'cache'): string {
  const endpoint = plan.estate.sites[other]?.[server];
  const name = `PEER_${other.replaceAll('-', '_')}_${server === 'database' ? 'PG' : 'REDIS'}`;
  return `${name}_HOST=${endpoint?.host ?? ''} ${name}_PORT=${endpoint?.port ?? ''}`;
}

/** What the primary said last of how it acknowledges: without it no fence of a site that nobody reaches is proven. */
function checkReplication(plan: Plan, site: SiteId, heartbeat: Heartbeat | undefined, now: Date): readonly AccessCheck[] {
  const about = (what: string): Subject => ({ what, steps: stepsThatReach('heartbeat'), as: `the primary at ${site}` });
  const limit = milliseconds(plan.estate.limits.heartbeatMaxAge);
  const age = heartbeat === undefined ? Infinity : now.getTime() - Date.parse(heartbeat.writtenAt);
  const columns = checkColumns(plan, site, heartbeat, about('heartbeat'));
  if (heartbeat === undefined || age > limit) {
    const said =
      heartbeat === undefined
        ? 'It has never written one.'
        : `Its last is ${Math.round(age / 1000)} s old; the plan allows ${seconds(plan.estate.limits.heartbeatMaxAge)} s.`;
    return [...columns, lacking(about('heartbeat'), said, { where: `a timer at ${site}, each second`, line: `${agentCommand} beat` })];
  }
  return [
    ...columns,
    ok(about('heartbeat'), `${Math.max(0, Math.round(age / 1000))} s old`),
    ...checkNames(plan, site, heartbeat, about('replication')),
    ...checkCacheReplicas(plan, heartbeat, about('replicas of the cache')),
  ];
}

/** The rest of a heartbeat says as much without these columns, and is checked all the same. */
function checkColumns(plan: Plan, site: SiteId, heartbeat: Heartbeat | undefined, subject: Subject): readonly AccessCheck[] {
  const { database } = plan.estate;
  if (database.driver !== 'postgresql' || heartbeat === undefined || heartbeat.flushedLsn !== undefined) return [];
  const said = 'It does not say when its settings were loaded and how far its log was written: the table, or the agent, is that of an older release.';
  const line = `ALTER TABLE ${database.heartbeatTable} ADD COLUMN IF NOT EXISTS settings_loaded_at timestamptz, ADD COLUMN IF NOT EXISTS flushed_lsn pg_lsn;`;
  return [lacking(subject, said, { where: `psql as administrator at ${site}, in the database ${database.name}`, line })];
}

function checkNames(plan: Plan, site: SiteId, heartbeat: Heartbeat, subject: Subject): readonly AccessCheck[] {
  const where = `psql as administrator at ${site}`;
  const standbys = Object.keys(plan.estate.sites).filter((other) => other !== site && plan.estate.sites[other]?.database !== undefined);
  const named = standbys.map((other) => `"${standbyName(plan, other)}"`).join(', ');
  const line = `ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${named})'; SELECT pg_reload_conf();`;
  const connected = heartbeat.standbys.map((entry) => siteOfStandby(plan, parseStandby(entry).name));
  const absent = standbys.filter((other) => !connected.includes(other));
  const names = parseSynchronousNames(heartbeat.synchronousStandbyNames);
  const unknown = typeof names === 'string' ? [] : names.names.filter((name) => name !== '*' && siteOfStandby(plan, name) === undefined);
  const weak = heartbeat.overrides.filter((override) => !waitsForStandby(parseOverride(override).value));
  const found = [
    ...absent.map((other) =>
      lacking(
        subject,
        `The standby of ${other} does not stream under the name ${standbyName(plan, other)} (${heartbeat.standbys.join(', ') || 'none does'}).`,
        {
          where: `psql as administrator at ${other}, or database.standbyName in the plan`,
          line: `application_name=${standbyName(plan, other)} in primary_conninfo`,
        },
      ),
    ),
    ...(names === 'none' ? [lacking(subject, 'Its commits wait for no standby: whatever it acknowledged last may be lost with it.', { where, line })] : []),
    ...(names === 'unreadable' ? [lacking(subject, `synchronous_standby_names cannot be read: ${heartbeat.synchronousStandbyNames}.`, { where, line })] : []),
    ...(unknown.length === 0 ? [] : [lacking(subject, `It waits for ${unknown.join(', ')}, whom the plan does not know.`, { where, line })]),
    // Before what follows: its line has the server load its files, whatever waits in them.
    ...weak.map((override) => lacking(subject, `${describeOverride(override)}.`, { where, line: resetOf(override, line) })),
    ...(waitsForStandby(heartbeat.synchronousCommit)
      ? []
      : [
          lacking(subject, `synchronous_commit is ${heartbeat.synchronousCommit}: it acknowledges alone.`, {
            where,
            line: 'ALTER SYSTEM RESET synchronous_commit; SELECT pg_reload_conf();',
          }),
        ]),
  ];
  return found.length > 0 ? found : [ok(subject, heartbeat.standbys.join(', '))];
}

/** The statement after which those whom an override concerns wait as everybody does. That of a subscription has no default that waits, so that it is set. `names` is the line for who is waited for. */
function resetOf(override: string, names: string): string {
  const { of } = parseOverride(override);
  const reset = 'RESET synchronous_commit;';
  switch (of?.kind) {
    case 'everybody':
      return `ALTER ROLE ALL ${reset}`;
    case 'role':
      return `ALTER ROLE ${quoted(of.name)}${of.database === undefined ? '' : ` IN DATABASE ${quoted(of.database)}`} ${reset}`;
    case 'database':
      return `ALTER DATABASE ${quoted(of.name)} ${reset}`;
    case 'function': // or a procedure
      return `ALTER ROUTINE ${quoted(of.name)} ${reset}`;
    case 'subscription':
      return `ALTER SUBSCRIPTION ${quoted(of.name)} SET (synchronous_commit = on);`;
    case 'file':
      return of.name === 'synchronous_commit' ? 'ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf();' : names;
    case undefined:
      return `-- set synchronous_commit = on where ${override} comes from`;
  }
}

/** As an identifier, whatever it holds and also where it is a word of SQL. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function checkCacheReplicas(plan: Plan, { site, cache }: Heartbeat, subject: Subject): readonly AccessCheck[] {
  if (plan.estate.cache?.driver !== 'redis') return [];
  const wanted = Object.keys(plan.estate.sites).filter((other) => other !== site && plan.estate.sites[other]?.cache !== undefined).length;
  const found = [
    ...(cache.minReplicasToWrite >= 1
      ? []
      : [
          lacking(subject, 'It asks for no replica (min-replicas-to-write is 0): the cache of a site that nobody reaches is never proven fenced.', {
            where: `redis-cli as administrator at ${site}`,
            line: 'CONFIG SET min-replicas-to-write 1\nCONFIG REWRITE',
          }),
        ]),
    ...(cache.replicas >= wanted
      ? []
      : [
          lacking(subject, `${cache.replicas} of ${wanted} replicas are online.`, { where: 'redis-cli at the site that is missing', line: 'INFO replication' }),
        ]),
  ];
  return found.length > 0 ? found : [ok(subject, `${cache.replicas} online, ${cache.minReplicasToWrite} asked for`)];
}
