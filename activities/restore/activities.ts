/** What comes back from backups, by site-restore at each site's host. */
import { attemptToRead } from '../attempt.ts';
import { changeOf } from '../change.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { utcMoment } from '../../plan/rules/restore-points.ts';
import type { RestoreActivities, RestoreAt, Restored, RestorePoints, RestoreStage } from './port.ts';

type Found = Extract<RestorePoints, { found: true }>;
type Set = Found['sets'][number];

export function createRestoreActivities({ planOf, restorer, now }: Pick<ActivityDependencies, 'planOf' | 'restorer' | 'now'>): RestoreActivities {
  const change = async ({ run, site }: RestoreAt, verb: string, ...args: readonly string[]) =>
    changeOf(await restorer(run, site).change(verb, ...args), site, now());
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

    async lookAtRestore({ run, site, set, point }) {
      const read = await attemptToRead(
        () => restorer(run, site).ask('database-look', set, point),
        (fields) => ({
          bytesNeeded: Number(fields.get('bytes')) + Number(fields.get('log_bytes')),
          bytesFree: Number(fields.get('free_bytes')),
          aside: fields.get('sets_aside'),
        }),
      );
      if (!read.ok && read.silent) throw silent(site, read.reason);
      if (!read.ok) return { ready: false, reason: read.reason };
      const { aside, ...figures } = read.value;
      return { ready: true, ...figures, ...(aside === 'nothing' ? {} : { setsAside: aside }) };
    },

    async readRestored({ run, site }) {
      const answer = await restorer(run, site).ask('database-state');
      if (answer.reachable) return restoredOf(answer.fields, site, now());
      throw silent(site, answer.reason);
    },

    restoreDatabase: (input) => change(input, 'database-restore', input.id, input.set, input.point),
    admitServices: (input) => change(input, 'database-admit'),
    acceptRestored: (input) => change(input, 'database-accept'),
    async discardRestored(input) {
      const fields = await restorer(input.run, input.site).change('database-discard');
      const discarded = changeOf(fields, input.site, now());
      const stays = keptOf(fields).map(
        ({ folder, bytes }) => `${folder} stays at ${input.site} with ${bytes} bytes: remove it by hand when nobody needs it any more.`,
      );
      return { ...discarded, remaining: stays };
    },
  };
}

function silent(site: string, reason: string): Error {
  return failure('transient', { happened: `site-restore at ${site} could not be asked: ${reason}.`, leftAs: 'What is there is as it was.' }, { site });
}

/** Lines `set=LABEL key=value…`, and `unusable=LABEL why`. A set of another cluster, or of another version than the host has, cannot be restored there. */
export function pointsOf(fields: AgentFields, site: string, cluster: string, at: Date): Found {
  const why = new Map(fields.all('unusable').map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]));
  const [version, restores] = [fields.get('version'), fields.get('system_identifier')];
  const sets = fields.all('set').map((line): Set => {
    const [set = '', ...pairs] = line.split(' ');
    const told = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
    const get = (key: string) => told.get(key) ?? '';
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
  return { site, found: true, tool: fields.get('repository'), sets, unreadable: [...why].map(([set, reason]) => ({ set, reason })), at: at.toISOString() };
}

const stages: readonly string[] = ['begun', 'aside', 'restored', 'proven', 'admitted', 'opening', 'accepted', 'discarded'] satisfies readonly RestoreStage[];
/** Lines of the proof that the host keeps: what each is stands in site-agent/restore/60-proof.sh. */
const proofKeys = [
  'timeline_before',
  'timeline_after',
  'last_commit_applied',
  'seconds_before_point',
  'segments_walked',
  'newest_heartbeat',
  'pages_checked',
  'indexes_checked',
] as const;

function restoredOf(fields: AgentFields, site: string, at: Date): Restored {
  const stage = fields.find('stage') ?? 'none';
  const by = fields.find('run');
  return {
    site,
    stage: stages.includes(stage) ? (stage as RestoreStage) : 'none',
    ...(by === undefined ? {} : { by }),
    inPlace: fields.flag('restored'),
    server: fields.get('state') as Restored['server'],
    proof: Object.fromEntries(proofKeys.flatMap((key) => (fields.find(key) === undefined ? [] : [[key, fields.get(key)]]))),
    kept: keptOf(fields),
    at: at.toISOString(),
  };
}

function keptOf(fields: AgentFields): Restored['kept'] {
  return fields.all('kept').map((line) => {
    const [folder = '', bytes = ''] = line.split(' ');
    return { folder, bytes: Number(bytes) };
  });
}
