/** DNS of the lab, asked by Node's resolver as anybody would. */
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import packet from 'dns-packet';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask } from '../../lab/dns/ask.ts';
import { createDns } from '../../lab/dns/component.ts';
import type { RecordSet } from '../../lab/route53/records.ts';
import { Zone } from '../../lab/route53/zone.ts';
import { eventually, testContext } from './support.ts';

const context = testContext(252);
const { addresses } = context;
const name = 'erlmcp.example.com';
const unhealthy = new Set<string>();
const zone = new Zone(name, (id) => !unhealthy.has(id));
const dns = createDns(context, { zone, publicHost: 'erlmcp.example.com' });

function records(primaryAddress: string, ttlSeconds: number): RecordSet[] {
  return [
    { name: `${name}.`, type: 'A', ttlSeconds, values: [primaryAddress], setIdentifier: 'primary', failover: 'PRIMARY', healthCheckId: 'switch' },
    { name: `${name}.`, type: 'A', ttlSeconds, values: ['127.252.2.60'], setIdentifier: 'secondary', failover: 'SECONDARY' },
    { name: `_dr-epoch.${name}.`, type: 'TXT', ttlSeconds, values: ['"epoch=3"'] },
  ];
}

function resolver(host: string): Resolver {
  const asking = new Resolver({ timeout: 500, tries: 1 });
  asking.setServers([`${host}:5353`]);
  return asking;
}

const authority = resolver(addresses.authoritative);
const [first] = addresses.resolvers.map(resolver) as [Resolver];

beforeAll(() => dns.component.start());
afterAll(async () => {
  await dns.component.stop();
  context.remove();
});
beforeEach(async () => {
  unhealthy.clear();
  zone.load(records('127.252.1.60', 2));
  await dns.component.reset();
});

test('the primary is answered while its check is healthy, then the secondary', async () => {
  expect(await authority.resolve4(name, { ttl: true })).toEqual([{ address: '127.252.1.60', ttl: 2 }]);
  unhealthy.add('switch');
  expect(await authority.resolve4(name)).toEqual(['127.252.2.60']);
});

test('sets by weight are answered as often as their weights say', async () => {
  const weighted = (id: string, weight: number, address: string): RecordSet => ({
    name: `${name}.`,
    type: 'A',
    ttlSeconds: 2,
    values: [address],
    setIdentifier: id,
    weight,
  });
  const ask = async (times: number) => {
    const given: string[] = [];
    for (let asked = 0; asked < times; asked += 1) given.push(...(await authority.resolve4(name)));
    return given.filter((address) => address === '127.252.4.60').length;
  };
  for (const percent of [10, 50, 0]) {
    zone.load([weighted('target', percent, '127.252.4.60'), weighted('others', 100 - percent, '127.252.0.92')]);
    expect(await ask(20), `${percent} %`).toBe(percent / 5);
  }
  zone.load([weighted('target', 0, '127.252.4.60'), weighted('others', 0, '127.252.0.92')]);
  expect(await ask(20), 'all weigh 0').toBe(10);
});

test('the epoch, the zone itself and what does not exist', async () => {
  expect(await authority.resolveTxt(`_dr-epoch.${name}`)).toEqual([['epoch=3']]);
  expect(await authority.resolveNs(name)).toEqual([`ns1.${name}`]);
  expect((await authority.resolveSoa(name)).serial).toBe(zone.serial);
  await expect(authority.resolve4(`gone.${name}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(authority.resolve6(name)).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(authority.resolve4('example.org')).rejects.toMatchObject({ code: 'EREFUSED' });
});

test('a CNAME and what it leads to are answered together, an alias by what it leads to, and a delegated name by nobody here', async () => {
  const of = (label: string, type: string, ...values: string[]): RecordSet => ({ name: `${label}.${name}.`, type, ttlSeconds: 2, values });
  const alias = { ...of('alias', 'A'), alias: { hostedZoneId: 'Z1', name: `${name}.` } };
  zone.load([...records('127.252.1.60', 2), of('www', 'CNAME', `${name}.`), alias, of('away', 'NS', 'ns.example.net.'), of('x.away', 'A', '127.252.9.9')]);
  expect(await authority.resolve4(`www.${name}`)).toEqual(['127.252.1.60']);
  expect(await authority.resolveCname(`www.${name}`)).toEqual([name]);
  expect(await authority.resolve4(`alias.${name}`)).toEqual(['127.252.1.60']);
  await expect(authority.resolve4(`x.away.${name}`)).rejects.toMatchObject({ code: 'ENODATA' });
});

test('names are asked in any case, and answers are authoritative', async () => {
  const response = await ask({ host: addresses.authoritative, port: 5353 }, 'ErlMCP.Example.com', 'A', 500);
  expect(response.flag_aa).toBe(true);
  expect(response.answers?.[0]).toMatchObject({ data: '127.252.1.60', ttl: 2 });
});

test('resolvers keep an answer as long as its TTL says, counting down, and not longer', async () => {
  expect(await first.resolve4(name, { ttl: true })).toEqual([{ address: '127.252.1.60', ttl: 2 }]);
  const askedAt = performance.now();
  zone.load(records('127.252.3.60', 2));
  expect(await authority.resolve4(name)).toEqual(['127.252.3.60']);
  await eventually('the count down', 1_900, async () => (await first.resolve4(name, { ttl: true }))[0]?.ttl === 1);
  expect(await first.resolve4(name)).toEqual(['127.252.1.60']);
  await eventually('the new address', 2_000, async () => (await first.resolve4(name))[0] === '127.252.3.60');
  expect(performance.now() - askedAt).toBeGreaterThan(1_950);
});

test('resolvers do not know what is outside the zone, and say so without keeping it', async () => {
  await expect(first.resolve4('example.org')).rejects.toMatchObject({ code: 'EREFUSED' });
  await expect(first.resolve4(`late.${name}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  zone.load([...zone.recordSets(), { name: `late.${name}.`, type: 'A', ttlSeconds: 1, values: ['127.252.4.60'] }]);
  await eventually('the late record', 3_000, async () => (await first.resolve4(`late.${name}`).catch(() => []))[0] === '127.252.4.60');
});

test('questions over TCP are answered, several on one connection', async () => {
  const socket = connect(5353, addresses.authoritative);
  const query = (id: number) => packet.streamEncode({ type: 'query', id, questions: [{ type: 'A', name }] });
  socket.write(Buffer.concat([query(1), query(2)]));
  let received = Buffer.alloc(0);
  socket.on('data', (part: Buffer) => (received = Buffer.concat([received, part])));
  const both = await eventually('two answers', 1_000, () => {
    const length = received.length >= 2 ? received.readUInt16BE(0) + 2 : Number.POSITIVE_INFINITY;
    return received.length >= 2 * length && [packet.streamDecode(received.subarray(0, length)), packet.streamDecode(received.subarray(length))];
  });
  socket.destroy();
  expect(both.map(({ id }) => id).toSorted((left, right) => Number(left) - Number(right))).toEqual([1, 2]);
  expect(both.every(({ answers }) => answers?.length === 1)).toBe(true);
});
