/** The database restored by RDS: a DB instance made of a snapshot, or of automatic backups to a moment, closed until services are let in. */
import type { DBInstance } from '@aws-sdk/client-rds';
import { setFor, utcMoment } from '../../plan/rules/restore-points.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RdsTarget } from '../../plan/schema/restore-aws.ts';
import type { Change, RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';
import type { JobAt, JobLook } from '../jobs/port.ts';
import { until } from '../waiting.ts';
import { mustLeadTo } from './aws/endpoint.ts';
import { birthTags, type Made, madeBy, runOf, type Standing, stageOf } from './aws/made.ts';
import type { From, Openness, Provider, Work } from './aws/provider.ts';
import { createRdsApi, type OrderSettings, type RdsApi } from './aws/rds-api.ts';
import { type RdsSet, setOfBackups, setOfSnapshot } from './aws/rds-points.ts';
import { proveDatabase } from './aws/rds-proof.ts';

/** States over which an instance gets by itself. */
const busy =
  /^(creating|backing-up|modifying|rebooting|maintenance|upgrading|renaming|starting|configuring-\S+|resetting-master-credentials|storage-optimization|storage-config-upgrade)$/;
const pollMilliseconds = 1_000;

export interface RdsWork extends Work {
  readonly plan: Plan;
  readonly target: RdsTarget;
  readonly api: RdsApi;
  sets(): Promise<readonly RdsSet[]>;
}

/** The plan's target of a site; undefined where its database is restored by nobody, or by site-restore. */
export function rdsTargetOf({ estate }: Pick<Plan, 'estate'>, site: SiteId): RdsTarget | undefined {
  return estate.sites[site]?.restore?.database.rds;
}

export async function withRdsTarget<T>(dependencies: ActivityDependencies, run: RunContext, site: SiteId, work: (rds: RdsWork) => Promise<T>): Promise<T> {
  const plan = await dependencies.planOf(run.planDigest);
  const target = rdsTargetOf(plan, site);
  if (!target)
    throw failure('refused', {
      happened: `The plan does not say that RDS restores at ${site} (estate.sites.${site}.restore.database.rds).`,
      leftAs: 'Nothing was changed.',
    });
  const api = await createRdsApi(target, dependencies);
  const systemIdentifier = target.systemIdentifier ?? plan.estate.restore?.database.systemIdentifier ?? '';
  const sets = () => readSets(api, target, systemIdentifier);
  try {
    return await work({
      dependencies,
      run,
      site,
      plan,
      target,
      api,
      sets,
      provider: providerOf({ dependencies, site, plan, target, api, systemIdentifier, sets }),
    });
  } finally {
    api.close();
  }
}

async function readSets(api: RdsApi, target: RdsTarget, systemIdentifier: string): Promise<readonly RdsSet[]> {
  const { instance, snapshotPrefix } = target.source;
  const [snapshots, backups, family] = await Promise.all([api.snapshots(), api.automaticBackups(), api.parameterGroupFamily()]);
  const here = { target, family, systemIdentifier };
  // Automatic snapshots are named rds:INSTANCE-…, shared ones by their ARN.
  const bare = (name: string) => name.split(':').at(-1) ?? '';
  const wanted = snapshots.filter(
    ({ DBInstanceIdentifier: of, DBSnapshotIdentifier: name = '' }) => of === instance && bare(name).startsWith(snapshotPrefix ?? ''),
  );
  const sets = [...wanted.map((snapshot) => setOfSnapshot(snapshot, here)), ...backups.map((each) => setOfBackups(each, here))];
  return sets.toSorted((one, other) => (one.stoppedAt < other.stoppedAt ? -1 : 1));
}

interface Parts {
  readonly dependencies: ActivityDependencies;
  readonly site: SiteId;
  readonly plan: Plan;
  readonly target: RdsTarget;
  readonly api: RdsApi;
  readonly systemIdentifier: string;
  sets(): Promise<readonly RdsSet[]>;
}

function providerOf({ dependencies, site, plan, target, api, systemIdentifier, sets }: Parts): Provider {
  const { instance: name, region } = target;
  const sizes = target.classes.flatMap((each) => (target.zones && !target.multiAz ? target.zones.map((zone) => `${each} ${zone}`) : [each]));
  const chosen = async ({ set, point }: From) => {
    const found = (await sets()).find((each) => each.set === set);
    const why = !found ? 'there is no such snapshot any more' : (found.unusable ?? outsideOf(found, point ?? ''));
    return { found, why };
  };
  return {
    called: `The DB instance ${name}`,
    source: `RDS in ${region}`,
    lookByHand: `aws rds describe-db-instances --db-instance-identifier ${name} --region ${region}`,
    sizes,
    find: async () => {
      const found = await api.find();
      return found && madeOf(name, sizes, found);
    },
    against: async (from) => (await chosen(from)).why,
    async make(from, size, tags) {
      const { found } = await chosen(from);
      const [DBInstanceClass, AvailabilityZone] = size.split(' ');
      const settings: OrderSettings = { DBInstanceClass, ...(AvailabilityZone === undefined ? {} : { AvailabilityZone }), Tags: [...tags] };
      // Never past the moment: AWS counts milliseconds.
      if (found?.automatic) return api.restoreToMoment(found.automatic, new Date(Math.floor(Date.parse(from.point ?? ''))), settings);
      return api.restoreSnapshot(from.set, settings);
    },
    tag: (tags) => api.tag(tags),
    differences: async (openness) => differencesOf(await api.find(), target, openness),
    adjust: (openness) =>
      api.modify({
        VpcSecurityGroupIds: [...groupsOf(target, openness)],
        DBParameterGroupName: target.parameterGroup,
        MultiAZ: target.multiAz,
        PubliclyAccessible: false,
        DeletionProtection: openness === 'accepted' && target.deletionProtection,
        BackupRetentionPeriod: target.backupRetentionDays,
      }),
    remove: () => api.remove(),
    async prove({ set, point = '' }) {
      const found = await api.find();
      const planned = plan.estate.sites[site]?.restore?.database;
      if (!planned) throw new Error(`The plan has no database at ${site}.`);
      const { Address: host, Port: port } = found?.Endpoint ?? {};
      const told = { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) };
      await mustLeadTo(planned, told, `estate.sites.${site}.restore.database`);
      const { host: at, port: behind } = planned;
      const proof = await proveDatabase(plan, dependencies, {
        site,
        endpoint: { host: at, port: behind },
        systemIdentifier,
        point,
        version: found?.EngineVersion ?? '?',
      });
      return { ...proof, made_of: set };
    },
  };
}

function outsideOf({ earliest, latest }: RdsSet, moment: string): string | undefined {
  const point = utcMoment(moment);
  if (point < earliest) return `its first moment is ${earliest}`;
  return latest === undefined || point > latest ? `its last moment is ${latest ?? 'not known'}` : undefined;
}

function madeOf(name: string, sizes: readonly string[], instance: DBInstance): Made {
  const { DBInstanceStatus: status = 'unknown', DBInstanceClass: klass = '', AvailabilityZone: zone, TagList: tags = [] } = instance;
  const size = sizes.find((each) => each === `${klass} ${zone}`) ?? klass;
  return { name, status, standing: standingOf(status), size, tags };
}

function standingOf(status: string): Standing {
  if (status === 'available') return 'ready';
  if (status === 'insufficient-capacity') return 'no room';
  if (/^(deleting|delete-precheck)$/.test(status)) return 'going';
  if (/^stopp(ed|ing)$/.test(status)) return 'stopped';
  return busy.test(status) ? 'busy' : 'broken';
}

function groupsOf(target: RdsTarget, openness: Openness): readonly string[] {
  return openness === 'closed' ? target.closedSecurityGroups : target.securityGroups;
}

function differencesOf(instance: DBInstance | undefined, target: RdsTarget, openness: Openness): readonly string[] {
  if (!instance) return ['it is not there'];
  const groups = (instance.VpcSecurityGroups ?? []).map(({ VpcSecurityGroupId: id, Status: status }) =>
    status === 'active' ? (id ?? '') : `${id} (${status})`,
  );
  const parameters = (instance.DBParameterGroups ?? []).map(({ DBParameterGroupName: group, ParameterApplyStatus: status }) =>
    status === 'in-sync' ? (group ?? '') : `${group} (${status})`,
  );
  const is = (what: string, found: unknown, wanted: unknown) =>
    String(found) === String(wanted) ? [] : [`${what} is ${String(found)} instead of ${String(wanted)}`];
  return [
    ...is('its security groups', groups.toSorted(), [...groupsOf(target, openness)].toSorted()),
    ...is('its parameter group', parameters, target.parameterGroup),
    ...is('its subnet group', instance.DBSubnetGroup?.DBSubnetGroupName, target.subnetGroup),
    ...is('Multi-AZ', instance.MultiAZ ?? false, target.multiAz),
    ...is('public access', instance.PubliclyAccessible ?? false, false),
    ...is('deletion protection', instance.DeletionProtection ?? false, openness === 'accepted' && target.deletionProtection),
    ...is('the retention of its backups in days', instance.BackupRetentionPeriod ?? 0, target.backupRetentionDays),
    ...(target.kmsKey === undefined ? [] : is('its key', instance.KmsKeyId, target.kmsKey)),
    ...Object.entries(target.tags ?? {}).flatMap(([key, value]) =>
      is(`its tag ${key}`, instance.TagList?.find(({ Key }) => Key === key)?.Value ?? 'absent', value),
    ),
  ];
}

/** For `confirm-again`: whether what was chosen can still be had, and nothing stands in its way. */
export async function lookAtRds({ provider, run, sets }: RdsWork, set: string, point: string) {
  const why = await provider.against({ set, point });
  if (why !== undefined) return { ready: false as const, reason: `${set} cannot be restored to ${point}: ${why}.` };
  const made = await provider.find();
  const inTheWay = made !== undefined && (madeBy(made, run) === 'a stranger' || stageOf(made) === 'accepted' || stageOf(made) === 'opening');
  if (inTheWay) return { ready: false as const, reason: `${provider.called} is there already, made by ${runOf(made) ?? 'no run of this estate'}.` };
  const bytes = setFor(await sets(), point)?.bytes ?? 0;
  return { ready: true as const, bytesNeeded: bytes, bytesFree: bytes };
}

/** A first snapshot of what was opened: until it is there, what customers write is in its automatic backups alone. */
export async function beginFirstSnapshot(work: RdsWork, { run, id }: JobAt): Promise<Change> {
  const { dependencies, api, provider } = work;
  const [made, snapshot] = await Promise.all([provider.find(), api.findSnapshot(firstSnapshotOf(work, id))]);
  const change = { source: provider.source, at: dependencies.now().toISOString() };
  if (snapshot) return { ...change, before: snapshot.Status ?? 'unknown', after: 'running', changed: false };
  if (!made || stageOf(made) !== 'accepted' || madeBy(made, run) === 'a stranger')
    throw failure('refused', { happened: `${provider.called} is ${made ? stageOf(made) : 'not there'}, and not accepted.`, leftAs: 'No snapshot was made.' });
  await mustHoldMajority(dependencies, run, 'No snapshot was made.');
  await until(async () => ((await provider.find())?.standing === 'ready' ? true : undefined), {
    everyMilliseconds: pollMilliseconds,
    withinMilliseconds: Infinity,
  });
  await api.createSnapshot(firstSnapshotOf(work, id), birthTags(run, id, made.name));
  return { ...change, before: 'none', after: 'running', changed: true };
}

export async function watchFirstSnapshot(work: RdsWork, { site, id, withinSeconds }: JobAt & { readonly withinSeconds: number }): Promise<JobLook> {
  const { api, dependencies } = work;
  const name = firstSnapshotOf(work, id);
  const look = async (): Promise<JobLook> => {
    const snapshot = await api.findSnapshot(name);
    const at = dependencies.now().toISOString();
    if (!snapshot) return { site, id, state: 'none', at };
    const { Status: status = 'unknown', PercentProgress: percent } = snapshot;
    const state = status === 'available' ? 'done' : /^(creating|pending|copying)/.test(status) ? 'running' : 'failed';
    return { site, id, state, lastLine: `the snapshot ${name} is ${status}${percent === undefined ? '' : ` (${percent} %)`}`, at };
  };
  let last: JobLook | undefined;
  const ended = await until(async () => ((last = await look()).state === 'running' ? undefined : last), {
    everyMilliseconds: pollMilliseconds,
    withinMilliseconds: withinSeconds * 1000,
  });
  return ended ?? last ?? look();
}

/** Made of the job's id, so that a repeat finds it. */
function firstSnapshotOf({ target }: RdsWork, id: string): string {
  return `${target.instance}-${id}`.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 255);
}
