/** Goal: capacity by EC2 Auto Scaling. Method: the emulator for the way of the calls, a server that answers what a test says for what the emulator never does. Nothing here is AWS itself. */
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkAutoScaling } from '../../../activities/access/aws.ts';
import { createAutoScalingCapacity } from '../../../activities/infrastructure/auto-scaling.ts';
import { zone } from '../../../plan/rules/holders.ts';
import type { Plan } from '../../../plan/schema.ts';
import { ZoneStandIn } from '../../support/zone-stand-in.ts';
import { awsAnswer, awsError, credentials, dependenciesOf, heldBy, Moto, older, run, StandIn, type HeldEpochs } from './support.ts';

const region = 'eu-west-1';
let moto: Moto;
let standIn: StandIn;
let api: AutoScalingClient;
let held: HeldEpochs;
let zoneApi: ZoneStandIn;
let endpoint: string;
let groups: [string, ...string[]];
let made = 0;

function plan(): Plan {
  const capacity = { driver: 'auto-scaling', credentials: { accessKeyId: 'env:A', secretAccessKey: 'env:B' } };
  const ids = ['paris', 'dublin', 'stockholm'].map((id) => ({ id }));
  const sites = { dublin: { region, endpoint, groups, fullLoadInstances: 10 } };
  return { sites: ids, estate: { capacity: { ...capacity, sites }, sites: { paris: {}, dublin: {}, stockholm: {} } } } as unknown as Plan;
}

const { setCapacity } = createAutoScalingCapacity(
  dependenciesOf(
    plan,
    () => held,
    () => zoneApi,
  ),
);
const set = (percent: number, context = run) => setCapacity({ run: context, site: 'dublin', percent });

async function makeGroup(size: number, maximum = 20): Promise<string> {
  const name = `desks-${(made += 1)}`;
  const options = { AutoScalingGroupName: name, LaunchConfigurationName: 'desk', AvailabilityZones: [`${region}a`] };
  await api.send(new CreateAutoScalingGroupCommand({ ...options, MinSize: size, MaxSize: maximum, DesiredCapacity: size }));
  return name;
}

async function groupAt(name: string) {
  const { AutoScalingGroups: found } = await api.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
  const [group] = found ?? [];
  if (!group) throw new Error(`no group ${name}`);
  return group;
}

beforeAll(async () => {
  [moto, standIn, zoneApi] = await Promise.all([Moto.start(), StandIn.start(), ZoneStandIn.start()]);
  api = new AutoScalingClient({ region, endpoint: moto.endpoint, credentials });
  await api.send(new CreateLaunchConfigurationCommand({ LaunchConfigurationName: 'desk', ImageId: 'ami-12c6146b', InstanceType: 't3.micro' }));
});
afterAll(async () => {
  api?.destroy();
  await Promise.all([moto?.stop(), standIn?.stop(), zoneApi?.stop()]);
});
beforeEach(() => {
  held = heldBy(run, 'dublin', 'stockholm', zone.called);
  endpoint = moto.endpoint;
  standIn.asked.length = 0;
});

describe('at the emulator', () => {
  test('the group is raised until its instances serve, once, and taken back by the same call', async () => {
    const name = await makeGroup(2);
    groups = [name];
    expect(await set(100)).toMatchObject({ before: `20 % (${name} 2 of 10 in service)`, after: `100 % (${name} 10 of 10 in service)`, changed: true });
    const raised = await groupAt(name);
    expect(raised).toMatchObject({ MinSize: 10, DesiredCapacity: 10, MaxSize: 20 });
    expect(raised.Tags).toMatchObject([{ Key: 'dr-epoch', Value: '4 recovery/tickets@1', PropagateAtLaunch: false }]);
    expect(await set(100), 'a reply that was lost').toMatchObject({ changed: false });
    expect(await set(20)).toMatchObject({ after: `20 % (${name} 2 of 10 in service)`, changed: true });
  });

  test('a run is refused where the tag is of a newer one, although the agents know of none', async () => {
    const name = await makeGroup(2);
    groups = [name];
    await set(50);
    held = heldBy(older, 'dublin', 'stockholm', zone.called);
    await expect(set(100, older)).rejects.toMatchObject({
      type: 'stale-epoch',
      message: expect.stringContaining(`The Auto Scaling group ${name} holds epoch 4`),
    });
    expect(await groupAt(name)).toMatchObject({ DesiredCapacity: 5 });
  });

  test('a run is refused where the agents know of a newer one, although the group has no tag', async () => {
    const name = await makeGroup(2);
    groups = [name];
    await expect(set(100, older)).rejects.toMatchObject({ type: 'stale-epoch' });
    expect(await groupAt(name)).toMatchObject({ DesiredCapacity: 2, Tags: [] });
  });

  test('nothing is changed while no majority confirms the epoch', async () => {
    const name = await makeGroup(2);
    groups = [name];
    held = heldBy(run, 'dublin', 'stockholm');
    await expect(set(100)).rejects.toMatchObject({ type: 'transient' });
    expect(await groupAt(name)).toMatchObject({ DesiredCapacity: 2, Tags: [] });
  });

  test('what would wait in vain is said before anything is changed', async () => {
    const small = await makeGroup(2, 4);
    groups = [small];
    await expect(set(100)).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('may have 4 instances, and 10 are needed') });
    const held2 = await makeGroup(2);
    groups = [held2];
    await api.send(new SuspendProcessesCommand({ AutoScalingGroupName: held2, ScalingProcesses: ['Launch'] }));
    await expect(set(100)).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('has suspended Launch') });
    groups = ['nobody-made-this'];
    await expect(set(100)).rejects.toMatchObject({ type: 'permanent', message: expect.stringContaining('There is no Auto Scaling group') });
    expect([(await groupAt(small)).DesiredCapacity, (await groupAt(held2)).DesiredCapacity]).toEqual([2, 2]);
  });

  test('instances of an alternative that is not needed any more are given back', async () => {
    const [first, second] = [await makeGroup(2), await makeGroup(3)];
    groups = [first, second];
    expect(await set(100)).toMatchObject({ after: `100 % (${first} 10, ${second} 0 of 10 in service)`, changed: true });
    await api.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: second, MinSize: 0 }));
    expect(await set(100)).toMatchObject({ changed: false });
  });
});

describe('the estate check', () => {
  const check = () => checkAutoScaling({ ...plan(), sites: [] }, 'dublin', { secret: async () => 'test' });

  test('reads the groups, and says by which line a small one is raised', async () => {
    groups = [await makeGroup(2)];
    expect(await check()).toMatchObject([{ result: 'ok', detail: expect.stringContaining('has 2 in service') }]);
    const small = await makeGroup(2, 4);
    groups = [small];
    const [found] = await check();
    expect(found).toMatchObject({ result: 'lacking', detail: `${small} may have 4 instances, and the plan asks for 10.` });
    expect(found?.add?.line).toBe(`aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${small} --max-size 10`);
  });

  test('prints the policy where the identity may not look, and calls a silent API unreachable', async () => {
    endpoint = standIn.endpoint;
    groups = ['any'];
    standIn.reply = () => awsError(403, 'AccessDenied');
    const [denied] = await check();
    expect(denied).toMatchObject({ result: 'lacking', add: { where: 'IAM policy of this identity' } });
    expect(denied?.add?.line).toContain('autoscaling:UpdateAutoScalingGroup');
    standIn.reply = () => 'no answer';
    expect(await check()).toMatchObject([{ result: 'unreachable' }]);
  });
});

describe('at a server that answers as AWS documents', () => {
  /** Groups as the server has them: the first gets no more instances than `room`. */
  const sizes = new Map<string, { wanted: number; inService: number }>();
  let room: number;
  /** The answer to a change that is applied and lost; how often. */
  let lost = 0;

  beforeEach(() => {
    endpoint = standIn.endpoint;
    groups = ['cheap', 'dear'];
    room = 6;
    lost = 0;
    sizes.clear();
    sizes.set('cheap', { wanted: 2, inService: 2 }).set('dear', { wanted: 0, inService: 0 });
    standIn.reply = ({ action, parameters }) => {
      const name = parameters.get('AutoScalingGroupNames.member.1') ?? parameters.get('AutoScalingGroupName') ?? '';
      if (action === 'DescribeAutoScalingGroups') return awsAnswer(action, groupXml(name));
      if (action === 'CreateOrUpdateTags') return awsAnswer(action, '');
      if (action === 'DescribeScalingActivities') return awsAnswer(action, name === 'cheap' && asked() && room < 10 ? failedLaunches(noRoom) : '<Activities/>');
      const wanted = Number(parameters.get('DesiredCapacity'));
      sizes.set(name, { wanted, inService: name === 'cheap' ? Math.min(wanted, room) : wanted });
      return lost-- > 0 ? 'no answer' : awsAnswer(action, '');
    };
  });

  function groupXml(name: string): string {
    const { wanted, inService } = sizes.get(name) ?? { wanted: 0, inService: 0 };
    const instance = '<member><InstanceId>i</InstanceId><LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus></member>';
    const pending = '<member><InstanceId>p</InstanceId><LifecycleState>Pending</LifecycleState><HealthStatus>Healthy</HealthStatus></member>';
    const counts = `<MinSize>${wanted}</MinSize><MaxSize>20</MaxSize><DesiredCapacity>${wanted}</DesiredCapacity>`;
    return `<AutoScalingGroups><member><AutoScalingGroupName>${name}</AutoScalingGroupName>${counts}<Instances>${instance.repeat(inService)}${pending}</Instances></member></AutoScalingGroups>`;
  }

  const asked = () => standIn.actions().includes('UpdateAutoScalingGroup');
  const noRoom = 'We currently do not have sufficient t3.micro capacity in the Availability Zone you requested. Launching EC2 instance failed.';
  function failedLaunches(...messages: readonly string[]): string {
    const times = `<StartTime>${new Date().toISOString()}</StartTime>`;
    const what = '<Description>Launching a new EC2 instance.  Status Reason: it failed.</Description>';
    const members = messages.map(
      (message, index) =>
        `<member><ActivityId>${message}-${index}</ActivityId><AutoScalingGroupName>cheap</AutoScalingGroupName>${what}<Cause>c</Cause>${times}<StatusCode>Failed</StatusCode><StatusMessage>${message}</StatusMessage></member>`,
    );
    return `<Activities>${members.join('')}</Activities>`;
  }

  test('where there is no room for the first group, the next one takes the rest, and it is said', async () => {
    const change = await set(100);
    expect(change.after).toContain('100 % (cheap 6, dear 4 of 10 in service); cheap has room for 6 of 10: We currently do not have sufficient');
    expect(sizes.get('dear')?.wanted).toBe(4);
  });

  test('groups that serve together are found by a repeat, which waits for no room anew', async () => {
    await set(100);
    const usual = standIn.reply;
    standIn.reply = (asked) => (asked.action === 'DescribeScalingActivities' ? awsAnswer(asked.action, '<Activities/>') : usual(asked));
    expect(await set(100)).toMatchObject({ after: '100 % (cheap 6, dear 4 of 10 in service)', changed: false });
  });

  const broken = 'The image id ami-1 does not exist. Launching EC2 instance failed.';
  /** What the group says of its launches once it was resized. */
  function launchesFail(...messages: readonly string[]): void {
    const usual = standIn.reply;
    standIn.reply = (call) =>
      call.action === 'DescribeScalingActivities' ? awsAnswer(call.action, asked() ? failedLaunches(...messages) : '<Activities/>') : usual(call);
  }

  test('launches that fail twice for another reason are not waited for; those of before a repeat do not count', async () => {
    launchesFail(broken, broken);
    await expect(set(100)).rejects.toMatchObject({
      type: 'permanent',
      message: expect.stringContaining('cheap cannot start instances: The image id ami-1 does not'),
    });
    sizes.set('cheap', { wanted: 10, inService: 10 }); // somebody has fixed the image
    expect(await set(100)).toMatchObject({ changed: false });
  });

  test('where room is wanting besides, another group has it', async () => {
    launchesFail(broken, noRoom);
    expect((await set(100)).after).toContain('cheap 6, dear 4');
  });

  test('where there is no room at all, people are told what is there', async () => {
    groups = ['cheap'];
    await expect(set(100)).rejects.toMatchObject({
      type: 'capacity',
      message: expect.stringContaining('dublin has 6 of 10 instances in service: cheap has room for 6 of 10'),
    });
  });

  test('a change that was applied and whose answer was lost is found by the next attempt', async () => {
    room = 10;
    lost = 1;
    await expect(set(100)).rejects.toMatchObject({ type: 'transient', nonRetryable: false });
    expect(await set(100)).toMatchObject({ changed: false });
    expect(standIn.actions().filter((action) => action === 'UpdateAutoScalingGroup')).toHaveLength(1);
  });

  test.each([
    ['Throttling', 400, 'transient'],
    ['ScalingActivityInProgress', 400, 'transient'],
    ['ResourceContention', 500, 'transient'],
    ['InternalFailure', 500, 'transient'],
    ['AccessDenied', 403, 'permanent'],
    ['ExpiredToken', 403, 'permanent'],
    ['ValidationError', 400, 'permanent'],
    ['LimitExceeded', 400, 'capacity'],
    ['SomethingNew', 400, 'permanent'],
    ['SomethingNew', 429, 'transient'],
  ])('%s is %i and %s', async (code, status, type) => {
    const usual = standIn.reply;
    standIn.reply = (asked) => (asked.action === 'UpdateAutoScalingGroup' ? awsError(status, code) : usual(asked));
    await expect(set(100)).rejects.toMatchObject({ type, nonRetryable: type !== 'transient', message: expect.stringContaining(code) });
  });

  test('a read that is throttled while the run waits is repeated', async () => {
    room = 10;
    let throttled = 0;
    const usual = standIn.reply;
    standIn.reply = (asked) => {
      const waiting = standIn.actions().includes('UpdateAutoScalingGroup') && asked.action === 'DescribeAutoScalingGroups';
      return waiting && (throttled += 1) <= 2 ? awsError(400, 'Throttling') : usual(asked);
    };
    expect(await set(100)).toMatchObject({ changed: true });
    expect(throttled).toBeGreaterThan(2);
  });

  test('a right that is taken away while the run waits ends the wait at once', async () => {
    room = 3;
    let reads = 0;
    const usual = standIn.reply;
    standIn.reply = (asked) =>
      asked.action === 'DescribeScalingActivities' ? awsAnswer(asked.action, '<Activities/>') : (reads += 1) > 7 ? awsError(403, 'AccessDenied') : usual(asked);
    await expect(set(100)).rejects.toMatchObject({ type: 'permanent' });
  });
});
