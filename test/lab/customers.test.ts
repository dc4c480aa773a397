/** Customers on a real primary and its synchronous standby, sent there by the lab's Route 53 and DNS; their figures against what was really done. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateFiles, makeCertificates } from '../../lab/certificates.ts';
import { acknowledgedWrites, figuresOf, functionFigures, type CustomerFigures } from '../../lab/customers/figures.ts';
import { readLedger } from '../../lab/customers/ledger.ts';
import { formatFigures } from '../../lab/customers/table.ts';
import { goldenCopy, type GoldenCopy } from '../../lab/golden.ts';
import { createNetworkSwitch } from '../../lab/network/switch.ts';
import { select } from '../../lab/network/state.ts';
import { stateRoot } from '../../lab/paths.ts';
import { cacheAccounts, databaseName, publicHost } from '../../lab/settings.ts';
import { setupPaths } from '../../lab/setup/paths.ts';
import { createSite, type LabSiteServers } from '../../lab/site/site.ts';
import { makeKeys } from '../../lab/sshd/keys.ts';
import { createWorld, type World } from '../../lab/world.ts';
import { eventually, testContext } from './support.ts';

const context = testContext(254);
const { addresses } = context;
const network = createNetworkSwitch(context);
let golden: GoldenCopy;
const sites = (['us-east-1', 'ap-southeast-1'] as const).map((site) => createSite(context, site, () => golden));
const [us, ap] = sites as [LabSiteServers, LabSiteServers];
let world: World;
const ledgerFile = join(context.directory, 'customers', 'ledger.ndjson');

beforeAll(async () => {
  chmodSync(context.directory, 0o755);
  await makeCertificates(context.directory);
  await makeKeys(context.directory);
  golden = await goldenCopy(stateRoot(context.repository), context.repository, addresses.real('dr'), context.log);
  world = createWorld(context, {
    publicHost,
    caFile: certificateFiles(context.directory).ca,
    motoServer: setupPaths().motoServer,
    ttlSeconds: 2,
    stores: () =>
      sites.map(({ site }) => ({
        site,
        database: { host: addresses.real(site), port: 5432, user: 'dr_observer', password: golden.passwords.observer, database: databaseName },
        redis: { host: addresses.real(site), port: 6379, username: cacheAccounts.admin, password: golden.passwords.admin },
      })),
  });
  await network.start();
  for (const site of sites) await site.prepare(golden);
  for (const site of sites) await site.startStores();
  await us.postgres.query(`alter system set synchronous_standby_names = 'ANY 1 ("ap-southeast-1")'`);
  await us.postgres.query('select pg_reload_conf()');
  await Promise.all(sites.map(({ service }) => service.start()));
  for (const component of world.components) await component.start();
});
afterAll(async () => {
  for (const component of world.components.toReversed()) await component.stop();
  for (const site of sites) await site.stop();
  await network.stop();
  context.remove();
});

async function control<Result>(name: string, body?: unknown): Promise<Result> {
  const handle = world.control[name];
  if (!handle) throw new Error(`no control ${name}`);
  return (await handle(body)) as Result;
}
const figures = (window: { since?: string; until?: string } = {}) => control<CustomerFigures>('customers/figures', window);
const sum = (of: CustomerFigures, pick: (figure: CustomerFigures['functions'][number]) => number) =>
  of.functions.reduce((total, figure) => total + pick(figure), 0);
/**
 * Figures of the first `count` calls or more sent from now on that are as asked. A busy machine may spoil some rounds, not all. The stores are judged once, at
 * the end: the lab's network lives in this process and must not be held up.
 */
async function callsThat(what: string, count: number, asked: (figures: CustomerFigures) => boolean): Promise<CustomerFigures> {
  let sinceMs = Date.now();
  const window = await eventually(what, 60_000, async () => {
    const entries = (await readLedger(ledgerFile)).filter(({ sentAtMs }) => sentAtMs >= sinceMs);
    if (entries.length < count) return false;
    const untilMs = Math.max(...entries.map(({ sentAtMs }) => sentAtMs));
    const found = { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() };
    if (asked(figuresOf(entries, { database: null, cache: null, unknown: [], count: 0, rows: 0, writes: [] }))) return found;
    sinceMs = Date.now();
    return false;
  });
  return figures(window);
}
const undisturbed = (of: CustomerFigures) => sum(of, ({ failed, refused }) => failed + refused) === 0;

test('before they start there is nothing to judge', async () => {
  expect(formatFigures(await figures())).toContain('have not called yet');
});

test('in good days every function of every customer is served and nothing acknowledged is missing', async () => {
  await control('customers/start');
  const now = await callsThat('a round without failures', 300, undisturbed);
  expect(now.customers).toBe(10);
  expect(now.functions.map(({ function: name }) => name).toSorted()).toEqual([
    'admin-console',
    'analytics',
    'customer-api',
    'payment-processing',
    'session-management',
  ]);
  expect(now.functions.every(({ worst, medianSeconds, blips }) => worst === null && medianSeconds === 0 && blips === 0)).toBe(true);
  expect(now.acknowledgedWrites).toBeGreaterThan(100);
  expect(now.acknowledgedBySite.map(({ site }) => site)).toEqual(['us-east-1']);
  expect(now.missing).toEqual({ database: 'us-east-1', cache: 'us-east-1', unknown: [], count: 0, rows: 0, writes: [] });
});

test('35 % of the capacity refuses part of the load, and 100 % serves it', async () => {
  us.service.setCapacity(35);
  const reduced = await callsThat(
    'refusals without failures',
    300,
    (of) => sum(of, ({ refused }) => refused) > of.calls / 4 && sum(of, ({ failed }) => failed) === 0,
  );
  expect(reduced.functions.every(({ worst }) => worst === null)).toBe(true);
  us.service.setCapacity(100);
  await callsThat('a round without refusals', 200, undisturbed);
});

test('their rate can be set', async () => {
  await expect(control('customers/rate', { writesPerSecond: 0 })).rejects.toThrow('from 1 to 200');
  const rateOf = (of: CustomerFigures) => (of.calls * 1000) / (Date.parse(of.to as string) - Date.parse(of.from as string));
  await callsThat('the usual rate', 200, (of) => rateOf(of) > 60);
  await control('customers/rate', { writesPerSecond: 10 });
  await callsThat('the slower rate', 60, (of) => rateOf(of) < 30);
  await control('customers/rate', { writesPerSecond: 50 });
});

test('an outage is as long as it was, the isolated site acknowledges nothing, and nothing acknowledged is missing', async () => {
  await callsThat('a round without failures', 100, undisturbed);
  const cutAt = Date.now();
  // Customers still reach the primary; it has lost its standby.
  network.state.change(select({ site: 'us-east-1', only: ['ap-southeast-1'] }), { mode: 'hole' });
  const sinceCut = () => figures({ since: new Date(cutAt).toISOString() });
  const everywhere = async (customersOut: number) => {
    // By the ledger alone: the stores need not be judged in each round.
    const functions = functionFigures((await readLedger(ledgerFile)).filter(({ sentAtMs }) => sentAtMs >= cutAt));
    return functions.length === 5 && functions.every((figure) => figure.customersOut === customersOut);
  };
  await eventually('failed writes everywhere', 10_000, () => everywhere(10));
  await ap.postgres.query('select pg_promote(true, 10)');
  await ap.redis.as(async (client) => {
    await client.replicaof('NO', 'ONE');
    await client.config('SET', 'min-replicas-to-write', '0');
  });
  ap.service.setCapacity(100);
  const promotedAt = Date.now();
  await pointTo(addresses.seen('ap-southeast-1', 'customers'));
  const servedByTarget = async () => {
    const writes = acknowledgedWrites(await readLedger(ledgerFile)).filter(({ site }) => site === 'ap-southeast-1');
    return new Set(writes.map(({ customer, function: name }) => `${customer} ${name}`)).size === 50;
  };
  await eventually('all customers served', 30_000, servedByTarget);
  const servedAt = Date.now();

  expect((await figures()).missing).toMatchObject({ database: 'ap-southeast-1', cache: 'ap-southeast-1', count: 0 });
  const after = await sinceCut();
  for (const { worst, medianSeconds } of after.functions) {
    expect(worst?.seconds).toBeLessThanOrEqual((servedAt - cutAt) / 1000 + 1.5);
    expect(worst?.seconds).toBeGreaterThan((promotedAt - cutAt) / 1000 - 2);
    expect(medianSeconds).toBeLessThanOrEqual(worst?.seconds as number);
  }
  const isolated = (await figures()).acknowledgedBySite.find(({ site }) => site === 'us-east-1');
  expect(Date.parse(isolated?.lastAt as string)).toBeLessThan(cutAt + 1_500);
  expect(formatFigures(after)).toContain('Acknowledged writes missing: 0 of');
});

test('a missing acknowledged write is found and named, in the database and in Redis', async () => {
  await control('customers/stop');
  const all = await figures();
  expect(all.missing.count).toBe(0);
  const acknowledged = acknowledgedWrites(await readLedger(ledgerFile));
  const gone = (['payment-processing', 'session-management'] as const).map(
    (name) => acknowledged.find((write) => write.function === name) as (typeof acknowledged)[number],
  );
  const [payment, session] = gone as [(typeof acknowledged)[number], (typeof acknowledged)[number]];
  await ap.postgres.query(`delete from payments where customer = '${payment.customer}' and sequence = ${payment.sequence}`, databaseName);
  await ap.redis.as((client) => client.del(`session:${session.customer}:${session.sequence}`));
  const { missing } = await figures();
  expect(missing.count).toBe(2);
  const key = ({ function: name, customer, sequence }: { function: string; customer: string; sequence: number }) => `${name} ${customer} ${sequence}`;
  expect(missing.writes.map(key).toSorted()).toEqual(gone.map(key).toSorted());
});

test('mail and monitoring keep what they are told', async () => {
  const { host, port } = addresses.smtp;
  const sent = await createTransport({ host, port, ignoreTLS: true }).sendMail({
    from: 'dr@example.com',
    to: ['a@example.com', 'b@example.com'],
    subject: 'Failover – done',
    text: 'eu serves.',
  });
  const { messages } = await control<{ messages: object[] }>('mail/list');
  expect(messages).toMatchObject([
    { number: 1, from: 'dr@example.com', to: ['a@example.com', 'b@example.com'], subject: 'Failover – done', messageId: sent.messageId },
  ]);
  expect((await control<{ source: string }>('mail/read', { number: 1 })).source).toContain('eu serves.');

  const url = `http://${addresses.monitoring.host}:${addresses.monitoring.port}/api/status`;
  const status = { status: 'failover_active', from: 'us-east-1', to: 'eu-central-1', run: 'r1' };
  const event = JSON.stringify({ specversion: '1.0', id: '1', source: '/r1', type: 'moved', data: status });
  const post = async (contentType: string, body: string) => (await fetch(url, { method: 'POST', headers: { 'content-type': contentType }, body })).status;
  expect(await post('application/cloudevents+json', '{')).toBe(400);
  expect(await post('application/json', event)).toBe(400);
  expect(await post('application/cloudevents+json', event)).toBe(200);
  expect(await (await fetch(url)).json()).toEqual(status);
  expect(await post('application/cloudevents+json', event)).toBe(200);
  expect(await control('monitoring/state')).toMatchObject({ posts: 1, repeats: 1, refused: 2, status });
});

test('a reset forgets calls, mail and status', async () => {
  for (const component of world.components) await component.reset();
  expect((await figures()).calls).toBe(0);
  expect(await control('mail/list')).toEqual({ messages: [] });
  expect(await control('monitoring/state')).toEqual({ status: null, receivedAt: null, posts: 0, repeats: 0, refused: 0 });
});

async function pointTo(address: string): Promise<void> {
  const { host, port } = addresses.route53;
  const client = new Route53Client({ region: 'us-east-1', endpoint: `http://${host}:${port}`, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const { hostedZoneId, switchHealthCheckId } = world.route53Ids();
  const record = {
    Name: publicHost,
    Type: 'A' as const,
    TTL: 2,
    SetIdentifier: 'primary',
    Failover: 'PRIMARY' as const,
    HealthCheckId: switchHealthCheckId,
    ResourceRecords: [{ Value: address }],
  };
  await client.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: record }] } }),
  );
  client.destroy();
}
