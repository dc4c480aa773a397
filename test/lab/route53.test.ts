/** The lab's Route 53 as the orchestrator's own SDK sees it: honest where the emulator is not. */
import { createServer, type Server } from 'node:http';
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHealthCheckStatusCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type Change,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createRoute53, type Route53 } from '../../lab/route53/component.ts';
import { setupPaths } from '../../lab/setup/paths.ts';
import { eventually, testContext } from './support.ts';

const context = testContext(251);
const { addresses } = context;
const host = 'erlmcp.example.com';
let route53: Route53;
let client: Route53Client;
let switches: { server: Server; thrown: boolean }[] = [];

beforeAll(async () => {
  route53 = createRoute53(context, { publicHost: host, motoServer: setupPaths().motoServer, ttlSeconds: 5 });
  await route53.component.start();
  client = sdk(3);
  switches = await Promise.all((['eu-central-1', 'ap-southeast-1'] as const).map((site) => switchAt(addresses.seen(site, 'checkers'))));
});
afterAll(async () => {
  client.destroy();
  await route53.component.stop();
  for (const { server } of switches) {
    server.closeAllConnections();
    server.close();
  }
  context.remove();
});
beforeEach(async () => {
  switches.forEach((item) => (item.thrown = false));
  await route53.component.reset();
});

function sdk(maxAttempts: number): Route53Client {
  const { host: address, port } = addresses.route53;
  return new Route53Client({
    region: 'us-east-1',
    endpoint: `http://${address}:${port}`,
    maxAttempts,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
}

/** A site's switch as health checkers see it. */
async function switchAt(address: string): Promise<{ server: Server; thrown: boolean }> {
  const item = { server: createServer((_, response) => void response.writeHead(item.thrown ? 200 : 404).end()), thrown: false };
  await new Promise<void>((resolve) => item.server.listen(8090, address, resolve));
  return item;
}

const change = (...changes: [Change['Action'], ResourceRecordSet][]) =>
  client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: route53.ids().hostedZoneId,
      ChangeBatch: { Changes: changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet })) },
    }),
  );
const epoch = (value: number): ResourceRecordSet => ({ Name: `_dr-epoch.${host}`, Type: 'TXT', TTL: 5, ResourceRecords: [{ Value: `"epoch=${value}"` }] });
const primary = (address: string): ResourceRecordSet => ({
  Name: host,
  Type: 'A',
  TTL: 5,
  SetIdentifier: 'primary',
  Failover: 'PRIMARY',
  HealthCheckId: route53.ids().switchHealthCheckId,
  ResourceRecords: [{ Value: address }],
});
const served = (setIdentifier: string) => route53.zone.recordSets().find((set) => set.setIdentifier === setIdentifier)?.values[0];
const state = async () => (await route53.control['route53/state']?.(undefined)) as { mutatingCalls: { body: string; status: number; answered: boolean }[] };

test('a change is pending before it is in sync, and name servers follow only then', async () => {
  const { ChangeInfo } = await change(['DELETE', epoch(0)], ['CREATE', epoch(1)], ['UPSERT', primary(addresses.seen('eu-central-1', 'customers'))]);
  expect(ChangeInfo?.Status).toBe('PENDING');
  expect(served('primary')).toBe(addresses.seen('us-east-1', 'customers'));
  const status = async () => (await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
  expect(await status()).toBe('PENDING');
  await eventually('INSYNC', 3_000, async () => (await status()) === 'INSYNC');
  expect(served('primary')).toBe(addresses.seen('eu-central-1', 'customers'));
  const listed = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: route53.ids().hostedZoneId }));
  expect(listed.ResourceRecordSets?.filter(({ Type }) => Type === 'TXT').map(({ ResourceRecords }) => ResourceRecords?.[0]?.Value)).toEqual(['"epoch=1"']);
  expect(listed.ResourceRecordSets?.find(({ SetIdentifier }) => SetIdentifier === 'primary')).toMatchObject({
    Failover: 'PRIMARY',
    HealthCheckId: route53.ids().switchHealthCheckId,
  });
});

test('a batch with a stale epoch changes nothing at all', async () => {
  const stale = change(['DELETE', epoch(7)], ['CREATE', epoch(8)], ['UPSERT', primary(addresses.seen('eu-central-1', 'customers'))]);
  await expect(stale).rejects.toMatchObject({ name: 'InvalidChangeBatch', message: expect.stringContaining('do not match the current values') });
  const listed = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: route53.ids().hostedZoneId }));
  expect(listed.ResourceRecordSets?.find(({ SetIdentifier }) => SetIdentifier === 'primary')?.ResourceRecords).toEqual([
    { Value: addresses.seen('us-east-1', 'customers') },
  ]);
  expect(route53.zone.accepted()).toEqual(route53.zone.recordSets());
});

test.each([
  ['a record that exists is not created again', 'CREATE', () => epoch(0), 'already exists'],
  ['a value that is no address is refused', 'UPSERT', () => primary('not-an-ip'), 'not a valid IPv4 address'],
  ['a name outside the zone is refused', 'CREATE', () => ({ ...epoch(0), Name: 'other.example.org' }), 'not permitted in zone'],
  [
    'a CNAME beside other records is refused',
    'CREATE',
    () => ({ Name: `_dr-epoch.${host}`, Type: 'CNAME', TTL: 5, ResourceRecords: [{ Value: host }] }),
    'of type CNAME',
  ],
  ['a second primary is refused', 'CREATE', () => ({ ...primary('127.1.1.1'), SetIdentifier: 'other' }), 'more than one PRIMARY'],
  ['a missing record is not deleted', 'DELETE', () => ({ ...epoch(0), Name: `gone.${host}` }), 'not found'],
] as [string, Change['Action'], () => ResourceRecordSet, string][])('%s', async (_, action, set, message) => {
  await expect(change([action, set()])).rejects.toMatchObject({ name: 'InvalidChangeBatch', message: expect.stringContaining(message) });
});

test('the unknown is named: a change, a zone, a health check', async () => {
  await expect(client.send(new GetChangeCommand({ Id: 'C0' }))).rejects.toMatchObject({ name: 'NoSuchChange' });
  await expect(
    client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z0', ChangeBatch: { Changes: [{ Action: 'CREATE', ResourceRecordSet: epoch(9) }] } })),
  ).rejects.toMatchObject({
    name: 'NoSuchHostedZone',
  });
  await expect(client.send(new GetHealthCheckStatusCommand({ HealthCheckId: 'none' }))).rejects.toMatchObject({ name: 'NoSuchHealthCheck' });
});

test('a thrown switch at one site moves the record; a dead or reset one does not', async () => {
  const { switchHealthCheckId, siteHealthCheckId } = route53.ids();
  expect(route53.zone.isHealthy(switchHealthCheckId)).toBe(true);
  (switches[0] as (typeof switches)[0]).thrown = true;
  await eventually('the switch', 6_000, () => !route53.zone.isHealthy(switchHealthCheckId));
  (switches[0] as (typeof switches)[0]).thrown = false;
  await eventually('the way back', 6_000, () => route53.zone.isHealthy(switchHealthCheckId));
  // Nothing listens where the site's own check looks: it fails by observation, and the switch's check does not care.
  await eventually('the site check', 6_000, () => !route53.zone.isHealthy(siteHealthCheckId));
  expect(route53.zone.isHealthy(switchHealthCheckId)).toBe(true);
  const status = await client.send(new GetHealthCheckStatusCommand({ HealthCheckId: siteHealthCheckId }));
  expect(status.HealthCheckObservations?.[0]?.StatusReport?.Status).toMatch(/^Failure: /);
  expect(Date.now() - (status.HealthCheckObservations?.[0]?.StatusReport?.CheckedTime?.getTime() ?? 0)).toBeLessThan(3_000);
});

test('a change whose reply is lost is applied, and its retry is refused', async () => {
  await route53.control['route53/lose-replies']?.({ count: 1 });
  // The SDK sends again after the lost reply, and finds that its first attempt was applied.
  await expect(change(['DELETE', epoch(0)], ['CREATE', epoch(1)])).rejects.toMatchObject({ name: 'InvalidChangeBatch' });
  const { mutatingCalls } = await state();
  expect(mutatingCalls.map(({ status, answered }) => [status, answered])).toEqual([
    [200, false],
    [400, true],
  ]);
  expect(mutatingCalls[0]?.body).toContain('epoch=1');
  expect(route53.zone.accepted().find(({ type }) => type === 'TXT')?.values).toEqual(['"epoch=1"']);
});

test('throttling is retried by the SDK and comes through', async () => {
  await route53.control['route53/throttle']?.({ count: 2 });
  await expect(change(['UPSERT', epoch(0)])).resolves.toMatchObject({ ChangeInfo: { Status: 'PENDING' } });
});

test('a server that fails for a while is asked again, and a change that is held up stays PENDING', async () => {
  await route53.control['route53/fail']?.({ count: 2 });
  await route53.control['route53/propagation']?.({ seconds: 600 });
  const { ChangeInfo } = await change(['UPSERT', epoch(3)]);
  expect((await state()).mutatingCalls.map(({ status }) => status)).toEqual([500, 500, 200]);
  const statusOf = async (id: string | undefined) => (await client.send(new GetChangeCommand({ Id: id }))).ChangeInfo?.Status;
  await route53.control['route53/propagation']?.({ seconds: 0 });
  const later = await change(['UPSERT', epoch(4)]);
  await eventually('the later change', 3_000, async () => (await statusOf(later.ChangeInfo?.Id)) === 'INSYNC');
  expect(await statusOf(ChangeInfo?.Id)).toBe('PENDING');
});

test('a control plane that is cut hangs, changes nothing, and comes back', async () => {
  route53.setControlPlane(false);
  const impatient = sdk(1);
  const cut = impatient.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: route53.ids().hostedZoneId,
      ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: epoch(5) }] },
    }),
    {
      abortSignal: AbortSignal.timeout(700),
    },
  );
  await expect(cut).rejects.toMatchObject({ name: expect.stringMatching(/AbortError|TimeoutError/) });
  impatient.destroy();
  route53.setControlPlane(true);
  expect((await state()).mutatingCalls).toEqual([]);
  await expect(change(['UPSERT', epoch(6)])).resolves.toBeDefined();
});

test('a reset keeps the ids and takes the records back', async () => {
  const ids = route53.ids();
  await change(['UPSERT', primary('127.1.1.1')]);
  await route53.component.reset();
  expect(route53.ids()).toEqual(ids);
  expect(served('primary')).toBe(addresses.seen('us-east-1', 'customers'));
  const listed = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ids.hostedZoneId }));
  expect(listed.ResourceRecordSets?.filter(({ Type }) => Type === 'A')).toHaveLength(2);
  expect((await state()).mutatingCalls).toEqual([]);
});

test('a list is in the order of reversed names, in pages of 300, with escapes, from where it is asked to begin', async () => {
  const named = (name: string, type: string, ...values: string[]) => ({ name: `${name}.`, type, ttlSeconds: 5, values });
  const weighted = Array.from({ length: 301 }, (_none, index) => ({
    ...named(`www.${host}`, 'A', '192.0.2.1'),
    setIdentifier: `w${String(index).padStart(3, '0')}`,
    weight: 1,
  }));
  route53.zone.load([...weighted, named(`*.${host}`, 'A', '192.0.2.2'), named(`www.${host}`, 'TXT', '"a"'), named(`a.www.${host}`, 'A', '192.0.2.3')]);
  const list = (start: object) => client.send(new ListResourceRecordSetsCommand({ HostedZoneId: route53.ids().hostedZoneId, ...start }));
  const first = await list({});
  expect(first.ResourceRecordSets?.slice(0, 4).map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
    `${host}. NS`,
    `${host}. SOA`,
    `\\052.${host}. A`,
    `www.${host}. A`,
  ]);
  expect(first).toMatchObject({ IsTruncated: true, NextRecordName: `www.${host}.`, NextRecordType: 'A', NextRecordIdentifier: 'w297' });
  const rest = await list({ StartRecordName: first.NextRecordName, StartRecordType: first.NextRecordType, StartRecordIdentifier: first.NextRecordIdentifier });
  expect(rest.ResourceRecordSets?.map(({ Name, Type, SetIdentifier = '' }) => `${Name} ${Type} ${SetIdentifier}`)).toEqual([
    ...['w297', 'w298', 'w299', 'w300'].map((id) => `www.${host}. A ${id}`),
    `www.${host}. TXT `,
    `a.www.${host}. A `,
  ]);
  expect((await list({ StartRecordName: `www.${host}`, StartRecordType: 'TXT', MaxItems: 1 })).ResourceRecordSets).toMatchObject([{ Type: 'TXT' }]);
});

test('an alias and the rules by which sets share a name are kept, and mixed rules are refused', async () => {
  const of = (id: string) => ({ Name: `api.${host}`, Type: 'A' as const, TTL: 5, SetIdentifier: id, ResourceRecords: [{ Value: '192.0.2.1' }] });
  const alias: ResourceRecordSet = {
    Name: `front.${host}`,
    Type: 'A',
    AliasTarget: { HostedZoneId: 'Z1', DNSName: `api.${host}.`, EvaluateTargetHealth: false },
  };
  await change(['CREATE', { ...of('one'), Weight: 1 }], ['CREATE', { ...of('two'), Weight: 2 }], ['CREATE', alias]);
  const { ResourceRecordSets } = await client.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: route53.ids().hostedZoneId, StartRecordName: `api.${host}`, MaxItems: 3 }),
  );
  expect(ResourceRecordSets).toMatchObject([
    { SetIdentifier: 'one', Weight: 1 },
    { SetIdentifier: 'two', Weight: 2 },
    { AliasTarget: { DNSName: `api.${host}.` } },
  ]);
  await expect(change(['CREATE', { ...of('three'), Region: 'eu-west-1' }])).rejects.toMatchObject({ message: expect.stringContaining('two routing policies') });
  await expect(change(['CREATE', of('three')])).rejects.toMatchObject({ message: expect.stringContaining('must have both one routing policy') });
  await expect(change(['UPSERT', { ...of('two'), Weight: 256 }])).rejects.toMatchObject({ message: expect.stringContaining('from 0 to 255') });
  await change(['DELETE', { ...of('one'), Weight: 1 }]);
});

test('weighted sets take the place of a plain one in one batch, and not beside it', async () => {
  const plain = { Name: `web.${host}`, Type: 'A' as const, TTL: 5, ResourceRecords: [{ Value: '192.0.2.1' }] };
  const weighted = { ...plain, SetIdentifier: 'one', Weight: 1 };
  await change(['CREATE', plain]);
  await expect(change(['CREATE', weighted])).rejects.toMatchObject({ message: expect.stringContaining('two routing policies') });
  await change(['DELETE', plain], ['CREATE', weighted]);
  await change(['DELETE', weighted], ['CREATE', plain]);
});
