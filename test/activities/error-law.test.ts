/**
 * Goal: one law for every driver: what a repeat may heal is `transient`, what was refused is not, and is for people at once. Method: each driver against a server of our own that
 * answers each class of error in that driver's own protocol.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { utils } from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCacheActivities } from '../../activities/cache/activities.ts';
import { createElastiCache } from '../../activities/cache/elasticache-api.ts';
import { createCommunicationActivities } from '../../activities/communication/activities.ts';
import { createDatabaseActivities } from '../../activities/database/activities.ts';
import { createRds } from '../../activities/database/rds-api.ts';
import type { FolderDependencies } from '../../activities/dependencies.ts';
import { createDnsActivities } from '../../activities/dns/activities.ts';
import { createRoute53 } from '../../activities/dns/route53.ts';
import { errorCatalogue, failure, type ErrorType } from '../../activities/errors.ts';
import { readGroups } from '../../activities/infrastructure/auto-scaling.ts';
import { createMonitoringActivities } from '../../activities/monitoring/activities.ts';
import { createAgentPool } from '../../activities/ssh/agent.ts';
import { openWitness, type WitnessObject } from '../../activities/witness/s3.ts';
import { loadPlan } from '../../plan/load.ts';
import { witnessesOf } from '../../plan/rules/holders.ts';
import type { Plan } from '../../plan/schema.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const run = { runId: 'recovery/box-office', execution: 'recovery/box-office@1', planDigest: '', from: 'paris', epoch: 2 };
const planFolder = resolve(import.meta.dirname, '../plans/tickets');

/** What the server does with a connection. */
type Behaviour = (socket: Socket) => void;
const reset: Behaviour = (socket) => void socket.resetAndDestroy();
const silent: Behaviour = () => undefined;

let sshKey = utils.generateKeyPairSync('ed25519').private;
let server: Server;
let sockets: Socket[];
let behaviour: Behaviour;
let plan: Plan;

beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    behaviour(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ({ plan } = await loadPlan(planFolder));
  leadTo(plan, (server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
});

/** Every address of the plan is that of the server. */
function leadTo({ estate }: Plan, port: number): void {
  const [host, endpoint, key] = ['127.0.0.1', `http://127.0.0.1:${port}`, { accessKeyId: 'env:A', secretAccessKey: 'env:B' }];
  Object.assign(estate.dns, { endpoint, credentials: key });
  Object.assign(estate.database, { tls: false, credentials: key });
  if (estate.cache) Object.assign(estate.cache, { tls: false, credentials: key });
  if (estate.capacity) Object.assign(estate.capacity, { credentials: key });
  const { database, cache, capacity } = estate;
  const places = [
    ...(database.driver === 'rds' ? Object.values(database.instances) : []),
    ...(cache?.driver === 'elasticache' ? Object.values(cache.replicationGroups) : []),
    ...(capacity?.driver === 'auto-scaling' ? Object.values(capacity.sites) : []),
  ];
  for (const place of estate.witnesses ?? []) Object.assign(place, { endpoint, credentials: key });
  for (const place of places) Object.assign(place, { endpoint });
  estate.monitoring.url = endpoint;
  estate.mail.server = { host, port };
  for (const site of Object.values(estate.sites)) {
    Object.assign(site, { database: { host, port }, cache: { host, port }, agent: { ...site.agent, host, port } });
  }
}

function dependencies(): FolderDependencies {
  const base = {
    planOf: async () => plan,
    secret: async (reference: string) => (reference === plan.estate.ssh.privateKey ? sshKey : 'a secret'),
    now: () => new Date(),
    planFolder,
  };
  const { agent } = createAgentPool(base);
  return dependenciesOf({ ...base, agent });
}

async function typeOf(work: () => Promise<unknown>): Promise<ErrorType | 'no failure' | undefined> {
  return work().then(
    () => 'no failure' as const,
    (error: unknown) => (error as { type?: ErrorType }).type,
  );
}

async function witness(): Promise<WitnessObject> {
  const [first] = witnessesOf(plan);
  if (!first) throw new Error('The plan has no witness.');
  return openWitness(plan, first, dependencies());
}

/** Whoever speaks HTTP, by name. */
const httpDrivers: Readonly<Record<string, () => Promise<unknown>>> = {
  'Route 53, reading': async () => (await createRoute53(plan, dependencies())).readEpoch(),
  'Route 53, changing': async () => (await createRoute53(plan, dependencies())).changeZone([], 'a test'),
  RDS: async () => (await createRds(plan, 'dublin', dependencies())).promote(),
  ElastiCache: async () => (await createElastiCache(plan, 'dublin', dependencies())).readStatus(),
  'S3, reading': async () => (await witness()).read(),
  'S3, writing': async () => (await witness()).write({ epoch: 0, holder: '', etag: undefined }, run),
  'Auto Scaling': () => readGroups(plan, 'dublin', dependencies()),
  monitoring: () => createMonitoringActivities(dependencies()).updateMonitoring({ run, from: 'paris', to: 'dublin' }),
};

function http(status: number, code = 'ToldByTheTest'): Behaviour {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>told by the test</Message></Error></ErrorResponse>`;
  const head = `HTTP/1.1 ${status} Told\r\ncontent-type: text/xml\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  return (socket) => void socket.once('data', () => socket.end(head + body));
}

describe.each(Object.keys(httpDrivers))('%s', (name) => {
  test.each<[string, Behaviour, ErrorType]>([
    ['429', http(429), 'transient'],
    ['408', http(408), 'transient'],
    ['500', http(500), 'transient'],
    ['503', http(503, 'ServiceUnavailable'), 'transient'],
    ['a connection that is reset', reset, 'transient'],
    ['silence', silent, 'transient'],
    ['401', http(401), 'permanent'],
    ['403', http(403, 'AccessDenied'), 'permanent'],
    ['404', http(404), 'permanent'],
    ['a 4xx that nobody has named', http(418), 'permanent'],
  ])('%s', async (_class, does, type) => {
    behaviour = does;
    expect(await typeOf(httpDrivers[name]!)).toBe(type);
  });
});

describe('AWS, whose throttling has the status 400', () => {
  const named = ['Throttling', 'ThrottlingException', 'ThrottledException', 'RequestThrottled', 'RequestLimitExceeded', 'TooManyRequestsException', 'SlowDown'];
  test.each(named)('%s', async (code) => {
    behaviour = http(400, code);
    for (const driver of ['Route 53, changing', 'RDS', 'ElastiCache', 'Auto Scaling']) expect(await typeOf(httpDrivers[driver]!), driver).toBe('transient');
  });
});

/** An ErrorResponse of PostgreSQL to whoever begins a session. */
function postgresql(sqlState: string): Behaviour {
  const fields = Buffer.from(`SFATAL\0C${sqlState}\0Mtold by the test\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + fields.length, 1);
  return (socket) => void socket.once('data', () => socket.end(Buffer.concat([head, fields])));
}

test.each<[string, Behaviour, ErrorType]>([
  ['too many clients', postgresql('53300'), 'transient'],
  ['one that starts', postgresql('57P03'), 'transient'],
  ['one that shuts down', postgresql('57P01'), 'transient'],
  ['a reset', reset, 'transient'],
  ['silence', silent, 'transient'],
  ['a wrong password', postgresql('28P01'), 'permanent'],
  ['no line in pg_hba.conf', postgresql('28000'), 'permanent'],
  ['no such database', postgresql('3D000'), 'permanent'],
])('PostgreSQL: %s', async (_class, does, type) => {
  behaviour = does;
  const follow = () => createDatabaseActivities(dependencies()).followDatabase({ run, site: 'dublin', source: 'stockholm' });
  expect(await typeOf(follow)).toBe(type);
});

function redis(answer: string): Behaviour {
  return (socket) => void socket.on('data', () => socket.write(`-${answer}\r\n`));
}

test.each<[string, Behaviour, ErrorType]>([
  ['one that loads its data', redis('LOADING Redis is loading the dataset in memory'), 'transient'],
  ['one that is busy', redis('BUSY Redis is busy running a script'), 'transient'],
  ['a reset', reset, 'transient'],
  ['silence', silent, 'transient'],
  ['a wrong password', redis('WRONGPASS invalid username-password pair or user is disabled.'), 'permanent'],
  ['no right', redis("NOPERM User dr_observer has no permissions to run the 'info' command"), 'permanent'],
])('Redis: %s', async (_class, does, type) => {
  behaviour = does;
  const follow = () => createCacheActivities(dependencies()).followCache({ run, site: 'dublin', source: 'stockholm', withinSeconds: 1 });
  expect(await typeOf(follow)).toBe(type);
});

function smtp(greeting: string): Behaviour {
  return (socket) => void socket.end(`${greeting}\r\n`);
}

test.each<[string, Behaviour, ErrorType]>([
  ['421', smtp('421 too busy, come again'), 'transient'],
  ['a reset', reset, 'transient'],
  ['silence', silent, 'transient'],
  ['554', smtp('554 no service for you'), 'permanent'],
])('mail: %s', async (_class, does, type) => {
  behaviour = does;
  expect(await typeOf(() => createCommunicationActivities(dependencies()).notifyStakeholders({ run, values: {} }))).toBe(type);
});

test.each<[string, Behaviour]>([
  ['a reset', reset],
  ['silence', silent],
])('SSH: %s is transient; what a host or its agent refuses is in ssh/connection.test.ts', async (_class, does) => {
  behaviour = does;
  expect(await typeOf(() => dependencies().agent(run, 'dublin').change('epoch-claim'))).toBe('transient');
});

test('SSH: a private key that cannot be read is permanent', async () => {
  sshKey = 'no key';
  behaviour = reset;
  expect(await typeOf(() => dependencies().agent(run, 'dublin').ask('identify'))).toBe('permanent');
});

describe('the switches', () => {
  const refused = () => Promise.reject(failure('refused', { happened: 'A guard said no.', leftAs: 'Nothing was changed.' }));
  const away = async () => ({ reachable: false, reason: 'no answer' }) as const;
  const epoch = { get: () => '', find: () => undefined, all: () => [], flag: () => false, aheadSeconds: undefined, at: () => undefined };
  const identify = { ...epoch, get: (key: string) => (key === 'epoch' ? '2' : run.execution) };
  const throwAt = (dublin: () => Promise<never> | ReturnType<typeof away>) =>
    typeOf(() =>
      createDnsActivities({
        ...dependencies(),
        agent: (_run, site) => ({
          ask: async () => ({ reachable: true, fields: identify }),
          change: () => Promise.reject(new Error('not asked')),
          tryChange: site === 'dublin' ? dublin : refused,
        }),
      }).throwSwitch({ run, from: 'paris', to: 'dublin', switchSites: ['dublin', 'stockholm'] }),
    );

  test('none thrown is transient while one site did not answer', async () => expect(await throwAt(away)).toBe('transient'));
  test('none thrown is permanent where all refused', async () => expect(await throwAt(refused)).toBe('permanent'));
});

test('the catalogue lets the run repeat what is transient and nothing else', () => {
  for (const [type, entry] of Object.entries(errorCatalogue)) expect(entry.retryable, type).toBe(type === 'transient');
});
