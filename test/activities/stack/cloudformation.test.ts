/**
 * Goal: what a site is built on, by CloudFormation. Method: the committed template against the emulator behind the lab's proxy, which is as strict as AWS where the emulator is lax; faults by the proxy. Nothing here is AWS itself.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { declaredOperations } from '../../../activities/aws/declared.ts';
import { createCloudFormationStacks } from '../../../activities/stack/cloudformation.ts';
import type { StackActivities, StackPreview } from '../../../activities/stack/port.ts';
import { CloudFormationProxy } from '../../../lab/cloudformation/proxy.ts';
import type { CloudFormationStack } from '../../../plan/schema/stack.ts';
import { Moto, run } from '../aws/support.ts';
import { site, StackScene } from './support.ts';

const erlmcp = resolve(import.meta.dirname, '../../../plan/erlmcp/infrastructure/dr-stack.yaml');
const newer = { ...run, execution: 'recovery/tickets@2', epoch: 5 };

const network = 'Parameters:\n  Cidr: { Type: String }\nResources:\n  Network:\n    Type: AWS::EC2::VPC\n    Properties: { CidrBlock: !Ref Cidr }\n';
const subnet = '  Subnet:\n    Type: AWS::EC2::Subnet\n    Properties: { VpcId: !Ref Network, CidrBlock: 10.1.1.0/24 }\n';
let bucket: string;

let moto: Moto;
let proxy: CloudFormationProxy;
let endpoint: string;
let scene: StackScene;
let settings: CloudFormationStack;
let stacks: StackActivities;
let made = 0;
/** What was called in all tests. */
const called = new Set<string>();

const at = (context = run) => ({ run: context, site });
const write = (...parts: readonly string[]) => writeFileSync(join(scene.folder, 'stack.yaml'), parts.join(''));
const apply = (accepted: StackPreview, context = run) => stacks.applyStack({ ...at(context), accepted });
const changes = () => proxy.changes().filter(({ status, answered }) => status === 200 && answered).map(({ action }) => action); // prettier-ignore

/** As the engine does: what is transient is tried again. */
async function retried<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if ((error as { type?: string }).type !== 'transient' || tries > 8) throw error;
    }
  }
}

beforeAll(async () => {
  moto = await Moto.start();
});
afterAll(() => moto?.stop());
beforeEach(async () => {
  proxy = new CloudFormationProxy(moto.endpoint);
  proxy.stacks.delayMs = 50;
  endpoint = await proxy.listen('127.0.0.1');
  settings = {
    ...{ driver: 'cloudformation', region: 'eu-west-1', endpoint, stack: `tickets-${(made += 1)}`, template: 'stack.yaml' },
    ...{
      parameters: { Cidr: '10.1.0.0/16' },
      serviceRole: 'arn:aws:iam::123456789012:role/stack',
      credentials: { accessKeyId: 'env:A', secretAccessKey: 'env:B' },
    },
  };
  scene = await StackScene.open(() => settings);
  stacks = createCloudFormationStacks(scene.dependencies(), async () => settings);
  scene.holds(run);
  // The name is everybody's, and the emulator goes on from test to test.
  bucket = `  Bucket:\n    Type: AWS::S3::Bucket\n    Properties: { BucketName: tickets-kept-${made} }\n`;
  write(network, subnet);
});
afterEach(async () => {
  for (const { action } of proxy.calls) called.add(action);
  await proxy.close();
  await scene.close();
});

test('the DR stack of the plan is shown, made whole, and taken back', async () => {
  cpSync(erlmcp, join(scene.folder, 'stack.yaml'));
  settings = { ...settings, parameters: {} };
  const preview = await stacks.previewStack(at());
  expect(preview).toMatchObject({ status: 'not there', drift: [] });
  expect(preview).not.toHaveProperty('against');
  const wanted = [...readFileSync(erlmcp, 'utf8').matchAll(/^ {4}Type: (AWS::\S+)$/gm)].map(([, type]) => type);
  expect(preview.changes.map(({ type, action }) => `${action} ${type}`)).toEqual(wanted.map((type) => `create ${type}`));
  expect(proxy.changes()).toEqual([]);

  expect(await apply(preview)).toMatchObject({ before: 'not there', after: 'CREATE_COMPLETE', changed: true });
  const state = await stacks.readStack(at());
  expect(state.by).toBe(run.execution);
  expect(state.resources.map(({ what }) => what).toSorted()).toEqual(preview.changes.map(({ what }) => what).toSorted());
  expect(state.resources.find(({ what }) => what === 'DatabaseSubnets')?.id).toBe('dr-subnet-group');
  expect(state.resources.filter(({ type, id }) => id === '' || /DBInstance|ReplicationGroup|CacheCluster/.test(type))).toEqual([]);

  expect(await stacks.takeBackStack(at())).toMatchObject({ changed: true, after: 'not there' });
  expect(await stacks.readStack(at())).toMatchObject({ status: 'not there' });
});

describe('a stack', () => {
  test('that stands as it is wanted is left as it is', async () => {
    const preview = await stacks.previewStack(at());
    await apply(preview);
    expect(await apply(preview)).toMatchObject({ changed: false, after: 'CREATE_COMPLETE' });
    expect(await stacks.previewStack(at())).toMatchObject({ changes: [] });
    expect(changes().filter((action) => action === 'ExecuteChangeSet')).toHaveLength(1);
  });

  test('is not made when it is another than what was accepted, and nothing of it is left', async () => {
    const preview = await stacks.previewStack(at());
    write(network, subnet, bucket);
    await expect(apply(preview)).rejects.toThrow('it would create Bucket');
    write(network, subnet.replace('10.1.1.0', '10.1.2.0'));
    await expect(apply(preview)).rejects.toThrow('what it is made of has been changed since');
    expect(changes()).not.toContain('ExecuteChangeSet');
    expect(await stacks.readStack(at())).toMatchObject({ status: 'not there' });
  });

  test('of which something would be replaced or deleted is said to be so, and refused', async () => {
    write(network, subnet, bucket);
    await apply(await stacks.previewStack(at()));
    write(network, subnet);
    expect((await stacks.previewStack(at())).against).toContain('It would delete Bucket');
    // Read from the template, another block of addresses is a change; only the change set knows that it replaces.
    write(network, subnet.replace('10.1.1.0', '10.1.2.0'), bucket);
    const preview = await stacks.previewStack(at());
    expect(preview.changes).toEqual([{ what: 'Subnet', type: 'AWS::EC2::Subnet', action: 'change' }]);
    await expect(apply(preview)).rejects.toThrow('it would replace Subnet');
    expect(changes().filter((action) => action === 'ExecuteChangeSet')).toHaveLength(1);
  });

  test('is updated by what is new', async () => {
    write(network);
    await apply(await stacks.previewStack(at()));
    write(network, subnet);
    const preview = await stacks.previewStack(at(newer));
    scene.holds(newer);
    expect(await apply(preview, newer)).toMatchObject({ before: 'CREATE_COMPLETE', after: 'UPDATE_COMPLETE' });
    // It is the first run's still.
    const left = await stacks.takeBackStack(at(newer));
    expect(left.remaining).toEqual([expect.stringContaining(`it was made by ${run.execution}, and not by this one`)]);
    expect(left.remaining?.join()).toContain('what it costs a day the plan does not say');
  });

  test('that was rolled back says why, and a retry makes it anew', async () => {
    const preview = await stacks.previewStack(at());
    proxy.stacks.failing = { what: 'Subnet', reason: 'The CIDR is taken.' };
    await expect(apply(preview)).rejects.toThrow(
      /Subnet: The CIDR is taken\. It is ROLLBACK_COMPLETE: what was made of it was taken back\. HINT: .+choose retry/,
    );
    expect(await apply(preview)).toMatchObject({ after: 'CREATE_COMPLETE' });
    expect(changes().filter((action) => action === 'DeleteStack')).toHaveLength(1);
  });

  test('that an earlier run left rolled back is for people', async () => {
    proxy.stacks.failing = { what: 'Subnet', reason: 'no' };
    await expect(apply(await stacks.previewStack(at()))).rejects.toThrow();
    expect((await stacks.previewStack(at(newer))).against).toContain('delete-stack');
  });

  test.each([
    ['REVIEW_IN_PROGRESS', 'Nothing stands there yet: delete it (aws cloudformation delete-stack'],
    ['UPDATE_ROLLBACK_FAILED', 'bring it back first (aws cloudformation continue-update-rollback'],
    ['DELETE_FAILED', 'mend what it names, or delete it'],
  ])('that is %s says the way out, and nothing is changed', async (status, way) => {
    const preview = await stacks.previewStack(at());
    await apply(preview);
    proxy.stacks.must(settings.stack).status = status;
    if (status === 'REVIEW_IN_PROGRESS') proxy.stacks.must(settings.stack).changeSets.clear();
    const before = changes();
    expect((await stacks.previewStack(at())).against).toContain(way);
    await expect(apply(preview)).rejects.toThrow(way);
    expect(changes()).toEqual(before);
  });

  test('in which another operation is under way is waited for, and never changed beside it', async () => {
    const preview = await stacks.previewStack(at());
    await apply(preview);
    const stack = proxy.stacks.must(settings.stack);
    stack.status = 'UPDATE_IN_PROGRESS';
    stack.events.unshift({ what: stack.name, status: stack.status, reason: '', token: 'somebody' });
    const before = changes();
    const refusal = await apply(preview).catch((error: Error & { type?: string }) => `${error.type}: ${error.message}`);
    expect(refusal).toMatch(/^transient: Another operation is under way .+CloudTrail/);
    expect(changes()).toEqual(before);
  });

  test('from which something has drifted: what was changed is shown, what was deleted is for people', async () => {
    await apply(await stacks.previewStack(at()));
    proxy.stacks.drifted.set('Subnet', 'MODIFIED');
    const shown = await stacks.previewStack(at());
    expect(shown.drift).toEqual(['Subnet was changed outside CloudFormation']);
    expect(shown).not.toHaveProperty('against');
    proxy.stacks.drifted.set('Subnet', 'DELETED');
    expect((await stacks.previewStack(at())).against).toContain('Subnet of the stack');
  });

  test('that says it is made and made nothing is not believed', async () => {
    write(network, '  Cache:\n    Type: AWS::ElastiCache::ReplicationGroup\n    Properties: { ReplicationGroupDescription: cache, SnapshotName: not-there }\n');
    await expect(apply(await stacks.previewStack(at()))).rejects.toThrow('Cache');
  });

  test('that holds data, or cannot be deleted whole, stays and is named', async () => {
    write(network, bucket);
    await apply(await stacks.previewStack(at()));
    expect((await stacks.takeBackStack(at())).remaining).toEqual([expect.stringContaining('Bucket may hold data')]);
    settings = { ...settings, stack: `${settings.stack}-again`, costPerDay: { amount: 12, currency: 'USD' } };
    write(network, subnet);
    await apply(await stacks.previewStack(at()));
    proxy.stacks.undeletable = { what: 'Subnet', reason: 'It is in use.' };
    const { remaining = [] } = await stacks.takeBackStack(at());
    expect(remaining[0]).toMatch(/stays at dublin with 2 resources \(some 12 USD a day\): it could not be deleted whole \(Subnet: It is in use\)/);
  });

  test('is changed by no run that has lost its epoch: by the holders, or by its own tag', async () => {
    const preview = await stacks.previewStack(at());
    scene.holds(newer);
    await expect(apply(preview)).rejects.toThrow('holds epoch 5');
    await apply(await stacks.previewStack(at(newer)), newer);
    scene.holds(run);
    await expect(stacks.takeBackStack(at())).rejects.toThrow('holds epoch 5 of recovery/tickets@2');
  });

  test('whose template cannot be shown or taken says so before', async () => {
    write(`Transform: AWS::Serverless-2016-10-31\n${network}`);
    expect((await stacks.previewStack(at())).against).toContain('it has a Transform');
    write(network, '  Odd:\n    Type: AWS::Odd::Thing\n');
    await expect(stacks.previewStack(at())).rejects.toThrow('Unrecognized resource types');
    write('Resources: [');
    await expect(stacks.previewStack(at())).rejects.toThrow('cannot be read');
    settings = { ...settings, template: '../stack.yaml' };
    await expect(stacks.previewStack(at())).rejects.toThrow("does not lie below the plan's folder");
  });
});

describe('each call that changes something, answered with', () => {
  const faults: Readonly<Record<string, (action: string) => void>> = {
    throttling: (action) => Object.assign(proxy, { only: action, throttledCalls: 1 }),
    '503': (action) => Object.assign(proxy, { only: action, failingCalls: 1 }),
    'nothing, though it was applied': (action) => Object.assign(proxy, { lostReplies: 1, losing: action }),
  };
  const cases = Object.keys(faults).flatMap((fault) => ['CreateChangeSet', 'ExecuteChangeSet', 'DeleteStack'].map((action) => [fault, action] as const));

  test.each(cases)('%s (%s): the same end, and nothing made twice', async (fault, action) => {
    const preview = await stacks.previewStack(at());
    const arm = () => faults[fault]?.(action);
    if (action !== 'DeleteStack') arm();
    expect(await retried(() => apply(preview))).toMatchObject({ after: 'CREATE_COMPLETE' });
    const { resources } = await stacks.readStack(at());
    expect(resources.filter(({ id }) => id !== '')).toHaveLength(2);
    const executed = proxy.calls.filter((call) => call.action === 'ExecuteChangeSet' && call.status === 200);
    expect(executed).toHaveLength(1);
    if (action === 'DeleteStack') arm();
    expect(await retried(() => stacks.takeBackStack(at()))).toMatchObject({ after: 'not there' });
    expect(proxy.calls.filter((call) => call.action === action && (call.status !== 200 || !call.answered))).toHaveLength(1);
  });
});

test('what was called is what is declared', () => {
  const cloudFormation = declaredOperations.find(({ service }) => service === 'cloudformation');
  expect([...called].toSorted()).toEqual(Object.keys(cloudFormation?.operations ?? {}).toSorted());
});
