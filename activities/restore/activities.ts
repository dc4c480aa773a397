/** What comes back from backups, by site-restore at each site's host. */
import { attemptToRead } from '../attempt.ts';
import { changeOf } from '../change.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { utcMoment } from '../../plan/rules/restore-points.ts';
import { isTree, type Snapshot } from '../../plan/rules/snapshots.ts';
import type { Plan } from '../../plan/schema.ts';
import type { RestoreActivities, RestoreAt, Restored, RestoredStore, RestoreLook, RestorePoints, RestoreStage, Snapshots } from './port.ts';

type Found = Extract<RestorePoints, { found: true }>;
type Set = Found['sets'][number];

export function createRestoreActivities({ planOf, restorer, now }: Pick<ActivityDependencies, 'planOf' | 'restorer' | 'now'>): RestoreActivities {
  const change = async ({ run, site }: RestoreAt, verb: string, ...args: readonly string[]) =>
    changeOf(await restorer(run, site).change(verb, ...args), site, now());
  const look = async ({ run, site }: RestoreAt, verb: string, ...args: readonly string[]): Promise<RestoreLook> => {
    const read = await attemptToRead(() => restorer(run, site).ask(verb, ...args), lookOf);
    if (read.ok) return read.value;
    if (read.silent) throw silent(site, read.reason);
    return { ready: false, reason: read.reason };
  };
  return {
    async readRestorePoints({ run, site }) {
      const { estate } = await planOf(run.planDigest);
      const cluster = estate.restore?.database.systemIdentifier ?? '';
      const read = await attemptToRead(
        () => restorer(run, site).ask('points'),
        (fields) => pointsOf(fields, site, cluster, now()),
      );
      return read.ok ? read.value : { site, found: false, reason: read.reason };
    },

    async readSnapshots({ run, site, store }) {
      const plan = await planOf(run.planDigest);
      const read = await attemptToRead(
        () => restorer(run, site).ask(...verbOf(store, 'points')),
        (fields) => snapshotsAt(plan, { site, store }, fields, now()),
      );
      return read.ok ? read.value : { site, store, found: false, reason: read.reason };
    },

    lookAtRestore: (input) => look(input, 'database-look', input.set, input.point),
    lookAtSnapshot: (input) => look(input, ...verbOf(input.store, 'look'), input.set),

    async readRestored({ run, site, store }) {
      const answer = await restorer(run, site).ask(...verbOf(store, 'state'));
      if (answer.reachable) return restoredOf(answer.fields, { site, store, at: now().toISOString() });
      throw silent(site, answer.reason);
    },

    restoreDatabase: (input) => change(input, 'database-restore', input.id, input.set, input.point),
    restoreSnapshot: (input) =>
      isTree(input.store) ? change(input, 'tree-restore', input.id, input.store, input.set) : change(input, `${input.store}-restore`, input.id, input.set),
    admitServices: (input) => change(input, `${input.store}-admit`),
    switchRestored: (input) => change(input, ...verbOf(input.store, 'switch')),
    acceptRestored: (input) => change(input, 'database-accept'),
    backUpRestored: (input) => change(input, 'database-backup', input.id),
    async discardRestored(input) {
      const fields = await restorer(input.run, input.site).change(...verbOf(input.store, 'discard'));
      const discarded = changeOf(fields, input.site, now());
      const stays = keptOf(fields).map(
        ({ folder, bytes }) => `${folder} stays at ${input.site} with ${bytes} bytes: remove it by hand when nobody needs it any more.`,
      );
      return { ...discarded, remaining: stays };
    },
  };
}

/** The verbs of a tree are the same for each, and are told its name. */
export function verbOf(store: RestoredStore, does: string): [string, ...string[]] {
  return isTree(store) ? [`tree-${does}`, store] : [`${store}-${does}`];
}

function silent(site: string, reason: string): Error {
  return failure('transient', { happened: `site-restore at ${site} could not be asked: ${reason}.`, leftAs: 'What is there is as it was.' }, { site });
}

function lookOf(fields: AgentFields): RestoreLook {
  const aside = fields.get('sets_aside');
  return {
    ready: true,
    bytesNeeded: Number(fields.get('bytes')) + Number(fields.find('log_bytes') ?? 0),
    bytesFree: Number(fields.get('free_bytes')),
    ...(aside === 'nothing' ? {} : { setsAside: aside }),
  };
}

/** Lines `unusable=LABEL why`, by label. */
function unusableOf(fields: AgentFields): Map<string, string> {
  return new Map(fields.all('unusable').map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]));
}

/** A line `LABEL key=value…`. */
function labelled(line: string): { readonly label: string; readonly find: (key: string) => string | undefined } {
  const [label = '', ...pairs] = line.split(' ');
  const told = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return { label, find: (key) => told.get(key) };
}

/** What lies among sets and is none. */
function unreadableOf(why: ReadonlyMap<string, string>): Found['unreadable'] {
  return [...why].map(([set, reason]) => ({ set, reason }));
}

/** What a host tells of the snapshots of a store. A tree that it takes from elsewhere than the plan says is not the plan's. */
export function snapshotsAt({ estate }: Plan, { site, store }: Pick<Snapshots, 'site' | 'store'>, fields: AgentFields, at: Date): Snapshots {
  const [from, planned] = isTree(store) ? [fields.get('repository'), estate.restore?.[store]?.from] : [];
  if (from !== planned) return { site, store, found: false, reason: `restore.conf of ${site} has its versions in ${from}, and the plan in ${planned}` };
  return { site, store, found: true, ...snapshotsOf(fields), at: at.toISOString() };
}

/** Lines `set=LABEL key=value…`, and `unusable=LABEL why`. */
function snapshotsOf(fields: AgentFields): Pick<Extract<Snapshots, { found: true }>, 'snapshots' | 'unreadable'> {
  const why = unusableOf(fields);
  const snapshots = fields.all('set').map((line): Snapshot => {
    const { label: set, find } = labelled(line);
    const [unusable, version] = [why.get(set), find('version')];
    why.delete(set);
    return {
      set,
      at: utcMoment(find('at') ?? ''),
      bytes: Number(find('bytes')),
      ...(version === undefined ? {} : { version }),
      ...(unusable === undefined ? {} : { unusable }),
    };
  });
  return { snapshots, unreadable: unreadableOf(why) };
}

/** Lines `set=LABEL key=value…`, and `unusable=LABEL why`. A set of another cluster, or of another version than the host has, cannot be restored there. */
export function pointsOf(fields: AgentFields, site: string, cluster: string, at: Date): Found {
  const why = unusableOf(fields);
  const [version, restores] = [fields.get('version'), fields.get('system_identifier')];
  const sets = fields.all('set').map((line): Set => {
    const { label: set, find } = labelled(line);
    const get = (key: string) => find(key) ?? '';
    const against =
      why.get(set) ??
      (get('system_identifier') === cluster ? undefined : `it is of another cluster (${get('system_identifier')})`) ??
      (restores === cluster ? undefined : `restore.conf of ${site} restores another cluster (${restores})`) ??
      (get('version') === version ? undefined : `it is of PostgreSQL ${get('version')}, and ${site} has ${version || 'none'}`);
    why.delete(set);
    return {
      set,
      startedAt: utcMoment(get('started')),
      stoppedAt: utcMoment(get('stopped')),
      timeline: Number(get('timeline')),
      bytes: Number(get('bytes')),
      logBytes: Number(get('log_bytes')),
      version: get('version'),
      systemIdentifier: get('system_identifier'),
      ...(get('missing') === 'none' ? {} : { gapAt: get('missing') }),
      earliest: utcMoment(get('earliest')),
      ...(get('latest') === 'none' ? {} : { latest: utcMoment(get('latest')) }),
      ...(against === undefined ? {} : { unusable: against }),
    };
  });
  return { site, found: true, tool: fields.get('repository'), sets, unreadable: unreadableOf(why), at: at.toISOString() };
}

const stages: readonly string[] = [
  'begun',
  'aside',
  'restored',
  'proven',
  'admitted',
  'switched',
  'opening',
  'accepted',
  'discarded',
] satisfies readonly RestoreStage[];
/** Lines of the proof that the host keeps of the database (site-agent/restore/60-proof.sh), of the cache (87-cache-proof.sh), and of a tree (87-tree-proof.sh). */
const proofKeys = [
  'timeline_before',
  'timeline_after',
  'last_commit_applied',
  'seconds_before_point',
  'segments_walked',
  'newest_heartbeat',
  'pages_checked',
  'indexes_checked',
  'keys_in_set',
  'keys_after',
  'expired_since',
  'compared',
  'survived_restart',
  'placed',
  'signature',
  'files',
  'bytes_unpacked',
  'configured',
] as const;

function restoredOf(fields: AgentFields, of: Pick<Restored, 'site' | 'store' | 'at'>): Restored {
  const stage = fields.find('stage') ?? 'none';
  const [by, set] = [fields.find('run'), fields.find('set')];
  return {
    ...of,
    stage: stages.includes(stage) ? (stage as RestoreStage) : 'none',
    ...(by === undefined ? {} : { by }),
    ...(set === undefined ? {} : { set }),
    inPlace: fields.flag('restored'),
    server: isTree(of.store) ? 'absent' : (fields.get('state') as Restored['server']),
    proof: Object.fromEntries(proofKeys.flatMap((key) => (fields.find(key) === undefined ? [] : [[key, fields.get(key)]]))),
    kept: keptOf(fields),
  };
}

function keptOf(fields: AgentFields): Restored['kept'] {
  return fields.all('kept').map((line) => {
    const [folder = '', bytes = ''] = line.split(' ');
    return { folder, bytes: Number(bytes) };
  });
}
