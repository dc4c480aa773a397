/** Capacity as the size of EC2 Auto Scaling groups. The minimum is set with the size, so that no scaling policy takes the instances away again. */
import {
  AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  UpdateAutoScalingGroupCommand,
  type AutoScalingGroup,
} from '@aws-sdk/client-auto-scaling';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import { takeResource, type Tag, type TaggedResource } from '../aws/epoch-tag.ts';
import { rethrowAws, unlessTransient } from '../aws/errors.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import type { InfrastructureActivities } from './port.ts';

const pollMilliseconds = 1_000;
/** In the message of a launch that failed. */
const noRoom = /insufficient|do not have (sufficient|enough)|capacity|limit exceeded|quota/i;
const nothingDone = 'The size of no group was changed by this call.';

export interface Group {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly wanted: number;
  /** Instances in service and healthy. */
  readonly inService: number;
  readonly suspended: readonly string[];
  readonly tags: readonly Tag[];
}

interface FailedLaunch {
  readonly id: string;
  readonly message: string;
}

interface Scaling {
  read(name: string): Promise<Group>;
  resize(name: string, instances: number): Promise<void>;
  tag(name: string, tag: { readonly Key: string; readonly Value: string }): Promise<void>;
  /** Launches that have failed, newest first. */
  failedLaunches(name: string): Promise<readonly FailedLaunch[]>;
  close(): void;
}

/** What one call works with. */
interface Work {
  readonly dependencies: ActivityDependencies;
  readonly run: RunContext;
  readonly site: SiteId;
  readonly scaling: Scaling;
}

export function createAutoScalingCapacity(dependencies: ActivityDependencies): InfrastructureActivities {
  return {
    async readCapacity({ run, site }) {
      const plan = await dependencies.planOf(run.planDigest);
      const groups = await readGroups(plan, site, dependencies);
      return percentOf(groups, placeOf(plan, site).place.fullLoadInstances);
    },

    async setCapacity({ run, site, percent }) {
      const plan = await dependencies.planOf(run.planDigest);
      const { place, credentials } = placeOf(plan, site);
      const scaling = createScaling(new AutoScalingClient(await awsClientOptions(place, credentials, dependencies)));
      try {
        const { groups, fullLoadInstances } = place;
        const work: Work = { dependencies, run, site, scaling };
        const before = await Promise.all(groups.map((name) => scaling.read(name)));
        const { changed, notes } = await fill(work, groups, instancesFor(fullLoadInstances, percent));
        const after = await Promise.all(groups.map((name) => scaling.read(name)));
        return {
          before: inWords(before, fullLoadInstances),
          after: [inWords(after, fullLoadInstances), ...notes].join('; '),
          changed,
          source: `Auto Scaling in ${place.region}`,
          at: dependencies.now().toISOString(),
        };
      } finally {
        scaling.close();
      }
    },
  };
}

/** The groups of a site as they are now, in the plan's order. For a check before there is anything to change. */
export async function readGroups(plan: Plan, site: SiteId, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<readonly Group[]> {
  const { place, credentials } = placeOf(plan, site);
  const scaling = createScaling(new AutoScalingClient(await awsClientOptions(place, credentials, dependencies)));
  try {
    return await Promise.all(place.groups.map((name) => scaling.read(name)));
  } finally {
    scaling.close();
  }
}

/** Instances that carry this share of the full load. */
export function instancesFor(fullLoadInstances: number, percent: number): number {
  return Math.ceil((fullLoadInstances * percent) / 100);
}

/** Gives each group what those before it could not take; groups that are not needed get nothing. */
async function fill(work: Work, groups: readonly string[], instances: number): Promise<{ readonly changed: boolean; readonly notes: readonly string[] }> {
  let missing = instances;
  let changed = false;
  const notes: string[] = [];
  for (const [index, name] of groups.entries()) {
    const brought = await bring(work, name, missing, groups.slice(index + 1));
    changed ||= brought.changed;
    if (brought.lack !== undefined) notes.push(`${name} has room for ${brought.inService} of ${missing}: ${brought.lack}`);
    missing = Math.max(0, missing - brought.inService);
  }
  if (missing === 0) return { changed, notes };
  throw failure('capacity', {
    happened: `${work.site} has ${instances - missing} of ${instances} instances in service: ${notes.join('; ')}.`,
    leftAs: 'Those that are there stay, and the groups go on asking for the others.',
  });
}

interface Brought {
  readonly inService: number;
  readonly changed: boolean;
  readonly lack?: string;
}

/** Sets one group and waits until as many instances serve, those of the groups after it included, or AWS says that it has no room for them. */
async function bring(work: Work, name: string, instances: number, others: readonly string[]): Promise<Brought> {
  const { scaling } = work;
  const [found, earlier] = await Promise.all([scaling.read(name), scaling.failedLaunches(name)]);
  const known = new Set(earlier.map(({ id }) => id));
  const fits = found.wanted === instances && found.minimum === instances;
  if (!fits) {
    mustTake(found, instances);
    await takeResource(work.dependencies, work.run, taggedGroup(scaling, name), nothingDone);
    await scaling.resize(name, instances);
  }
  let lack: string | undefined;
  const group = await until(
    async () => {
      const state = await unlessTransient(scaling.read(name));
      if (!state) return undefined;
      const elsewhere = await unlessTransient(servingIn(scaling, others));
      if (state.wanted === instances && state.inService + (elsewhere ?? 0) >= instances) return state;
      const failures = (await unlessTransient(scaling.failedLaunches(name))) ?? [];
      lack = lackOfRoom(
        name,
        failures.filter(({ id }) => !known.has(id)),
      );
      return lack === undefined ? undefined : state;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: Infinity },
  );
  return { inService: Math.min(group?.inService ?? 0, instances), changed: !fits, ...(lack === undefined ? {} : { lack }) };
}

async function servingIn(scaling: Scaling, groups: readonly string[]): Promise<number> {
  const states = await Promise.all(groups.map((name) => scaling.read(name)));
  return states.reduce((sum, { inService }) => sum + inService, 0);
}

/** What AWS says where it has no room. A launch that fails twice for another reason fails for good: people fix it, and nobody waits for it. */
function lackOfRoom(name: string, failures: readonly FailedLaunch[]): string | undefined {
  const lack = failures.find(({ message }) => noRoom.test(message));
  const [newest, before] = failures;
  if (!lack && newest && before)
    throw failure('permanent', { happened: `The Auto Scaling group ${name} cannot start instances: ${newest.message}`, leftAs: 'It goes on trying.' });
  return lack?.message;
}

/** What would let the run wait in vain is said before anything is changed. */
function mustTake(group: Group, instances: number): void {
  if (instances > group.maximum)
    throw failure('permanent', {
      happened: `The Auto Scaling group ${group.name} may have ${group.maximum} instances, and ${instances} are needed.`,
      leftAs: nothingDone,
      next: `Raise it (aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${group.name} --max-size ${instances}), then choose retry.`,
    });
  const held = group.suspended.filter((process) => process === 'Launch' || process === 'Terminate');
  if (held.length > 0)
    throw failure('permanent', {
      happened: `The Auto Scaling group ${group.name} has suspended ${held.join(' and ')}.`,
      leftAs: nothingDone,
      next: `Resume it (aws autoscaling resume-processes --auto-scaling-group-name ${group.name}), then choose retry.`,
    });
}

function taggedGroup(scaling: Scaling, name: string): TaggedResource {
  return {
    name: `The Auto Scaling group ${name}`,
    readTags: async () => (await scaling.read(name)).tags,
    writeTag: (tag) => scaling.tag(name, tag),
  };
}

function createScaling(client: AutoScalingClient): Scaling {
  const leftAs = 'What became of it is read at the next attempt.';
  return {
    async read(name) {
      const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
      const { AutoScalingGroups: groups } = await client.send(command, bounded()).catch(rethrowAws(`Reading the Auto Scaling group ${name}`, nothingDone));
      const group = groups?.[0];
      if (!group) throw failure('permanent', { happened: `There is no Auto Scaling group ${name} in ${await client.config.region()}.`, leftAs: nothingDone });
      return groupOf(name, group);
    },
    async resize(name, instances) {
      const command = new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, MinSize: instances, DesiredCapacity: instances });
      await client.send(command, boundedChange()).catch(rethrowAws(`Setting the Auto Scaling group ${name} to ${instances}`, leftAs));
    },
    async tag(name, tag) {
      const command = new CreateOrUpdateTagsCommand({
        Tags: [{ ResourceId: name, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false, ...tag }],
      });
      await client.send(command, boundedChange()).catch(rethrowAws(`Tagging the Auto Scaling group ${name}`, nothingDone));
    },
    async failedLaunches(name) {
      const command = new DescribeScalingActivitiesCommand({ AutoScalingGroupName: name, MaxRecords: 20 });
      const { Activities: activities } = await client.send(command, bounded()).catch(rethrowAws(`Reading the activities of ${name}`, leftAs));
      return (activities ?? []).flatMap(({ ActivityId, StatusCode, StatusMessage, Description }) =>
        StatusCode === 'Failed' && (Description ?? '').startsWith('Launching')
          ? [{ id: ActivityId ?? '', message: StatusMessage ?? 'AWS gives no reason.' }]
          : [],
      );
    },
    close: () => client.destroy(),
  };
}

function groupOf(name: string, group: AutoScalingGroup): Group {
  const serving = (group.Instances ?? []).filter(({ LifecycleState, HealthStatus }) => LifecycleState === 'InService' && HealthStatus === 'Healthy');
  return {
    name,
    minimum: group.MinSize ?? 0,
    maximum: group.MaxSize ?? 0,
    wanted: group.DesiredCapacity ?? 0,
    inService: serving.length,
    suspended: (group.SuspendedProcesses ?? []).flatMap(({ ProcessName }) => ProcessName ?? []),
    tags: group.Tags ?? [],
  };
}

/** Of what the groups are told to hold, whether it runs already or not. */
function percentOf(groups: readonly Group[], full: number): number {
  return Math.round((100 * groups.reduce((sum, { wanted }) => sum + wanted, 0)) / full);
}

function inWords(groups: readonly Group[], full: number): string {
  const serving = groups.reduce((sum, group) => sum + group.inService, 0);
  return `${Math.round((100 * serving) / full)} % (${groups.map(({ name, inService }) => `${name} ${inService}`).join(', ')} of ${full} in service)`;
}

function placeOf(plan: Plan, site: SiteId) {
  const { capacity } = plan.estate;
  const place = capacity?.driver === 'auto-scaling' ? capacity.sites[site] : undefined;
  if (capacity?.driver === 'auto-scaling' && place) return { place, credentials: capacity.credentials };
  throw failure('permanent', { happened: `The plan names no Auto Scaling group for ${site}.`, leftAs: nothingDone, next: 'Add it to estate.capacity.sites.' });
}
