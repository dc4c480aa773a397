/** Who writes without passing the door, and who is exempt from durability. */
import type { TestEstate } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import type { EstateShape } from './estate-passage.ts';
import { accessFile, agentSetting, anotherCluster, askOther, ordinary, program, set, streams } from './shaping.ts';
import type { Key } from './sessions.ts';
import type { Shape } from './shape.ts';

const [allConnections, reservedConnections] = [15, 3];
/** Each holds one connection. */
const customers = (count: number, user: string): readonly Key[] =>
  Array.from({ length: count }, (_, number) => ({ name: `${user} ${number + 1} of ${count}`, store: 'database', user, stays: true }));

export const writersShapes: readonly EstateShape[] = [
  {
    name: 'a subscription',
    group: 'writers',
    like: 'The primary subscribes to another server; its worker writes without a connection.',
    setUp: (estate) => subscribe(estate),
    expected: { comes: 'works with an exception', says: /not proven fenced: .*subscription orders writes on/ },
  },
  {
    name: 'a subscription, and a server that may be stopped',
    group: 'writers',
    like: 'The same, and agent.conf says how the server is stopped and started.',
    setUp: (estate) => {
      subscribe(estate);
      mayStop(estate);
    },
    expected: { comes: 'works with an exception', says: /by replication: subscription:orders=off lets some sessions acknowledge alone/ },
  },
  {
    name: 'pg_cron',
    group: 'writers',
    like: 'A job inside the primary inserts each minute, by a background worker.',
    setUp: cron,
    expected: { comes: 'works with an exception', says: /not proven fenced: .*pg_cron/ },
  },
  {
    name: 'pg_cron, and a server that may be stopped',
    group: 'writers',
    like: 'The same, and agent.conf says how the server is stopped and started.',
    setUp: async (estate) => {
      await cron(estate);
      mayStop(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a subscription that waits, and a server that may be stopped',
    group: 'writers',
    like: 'The same, and its worker waits for the standbys as sessions do.',
    setUp: (estate) => {
      subscribe(estate);
      estate.sql('east', "alter subscription orders set (synchronous_commit = 'on')", 'app');
      mayStop(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'half of a stop',
    group: 'writers',
    like: 'agent.conf names how the server is stopped, and not how it is started.',
    setUp: (estate) => agentSetting(estate, 'east', 'PG_STOP=/bin/true'),
    expected: { comes: 'refused', says: /names one of PG_STOP and PG_START; it must name both or none/ },
  },
  {
    name: 'pg_prewarm',
    group: 'writers',
    like: 'A background worker that writes nothing of customers.',
    setUp: async (estate) => {
      await set(estate, 'east', { shared_preload_libraries: "'pg_prewarm'" }, { restart: true });
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'prepared transactions',
    group: 'writers',
    like: 'A transaction is prepared and nobody ends it.',
    setUp: async (estate) => {
      for (const site of ['west', 'north', 'east'] as const) await set(estate, site, { max_prepared_transactions: '5' }, { restart: true });
      await streams(estate);
      estate.sql('east', "begin; insert into payments (customer, sequence, token) values ('seed-1', -77, 'prepared'); prepare transaction 'left'", 'app');
    },
    expected: { comes: 'works with an exception', says: /1 prepared transaction\(s\) came over and hold their locks at west/ },
  },
  {
    name: 'a publisher',
    group: 'writers',
    like: 'An outside database subscribes to the primary, and has each row as it is written.',
    setUp: publish,
    afterUndo: (estate) => eventually('the subscriber has every row again', () => payments(estate) === estate.sql('east', count, 'app').trim()),
    inTheEnd: publishedTruth,
    expected: { comes: 'works' },
  },
  {
    name: 'every connection taken',
    group: 'writers',
    like: 'A pool of the application holds all connections of the primary but those that are reserved for superusers.',
    setUp: fewConnections,
    keys: customers(allConnections - reservedConnections, 'erlmcp'),
    expected: { comes: 'works' },
  },
  {
    name: 'every connection taken, reserved ones too',
    group: 'writers',
    like: 'The application comes as a superuser, and its pool holds all connections of the primary: its administrator does not get in.',
    setUp: fewConnections,
    keys: customers(allConnections, 'chief'),
    expected: { comes: 'works with an exception', says: /all connections of the database at east are taken, its administrator's too/ },
  },
  {
    name: 'a superuser besides the administrator',
    group: 'writers',
    like: 'Somebody else is a superuser, with reserved connections of his own.',
    setUp: (estate) => {
      estate.asAdministrator('east', "create role boss superuser login password 'test-only'");
      accessFile(estate, ['host all boss 127.0.0.0/8 trust', ...ordinary]);
    },
    expected: { comes: 'works' },
  },
];

/** What `synchronous_commit` is for whom, and which standbys are waited for. */
const exempt = (name: string, like: string, sql: string, says: RegExp): Shape<TestEstate> => ({
  ...{ name, like, group: 'durability', expected: { comes: 'works with an exception' as const, says } },
  setUp: (estate) => void estate.sql('east', sql, 'app'),
});

export const durabilityShapes: readonly Shape<TestEstate>[] = [
  exempt(
    'everybody but the agent',
    'Waiting is off for all roles, and on again for the agent´s.',
    'alter role all set synchronous_commit = local; alter role dr_admin set synchronous_commit = on',
    /everybody=local lets some sessions acknowledge alone/,
  ),
  exempt('a role', 'One role does not wait.', 'alter role erlmcp set synchronous_commit = off', /role:erlmcp=off/),
  exempt(
    'a role in a database',
    'One role does not wait in one database.',
    'alter role erlmcp in database app set synchronous_commit = local',
    /role:erlmcp@app=local/,
  ),
  exempt('a database', 'Nobody waits in one database.', 'alter database app set synchronous_commit = local', /database:app=local/),
  exempt(
    'a function',
    'A function of the application does not wait.',
    "create function hasty() returns void language sql set synchronous_commit = off as 'select 1::int; select null::void'",
    /function:hasty=off/,
  ),
  exempt(
    'spelled otherwise',
    'The value is one that PostgreSQL understands and others do not.',
    "alter role erlmcp set synchronous_commit = 'no'",
    /role:erlmcp=no/,
  ),
  {
    name: 'any standby',
    group: 'durability',
    like: 'synchronous_standby_names is *.',
    setUp: (estate) => set(estate, 'east', { synchronous_standby_names: "'*'" }),
    expected: { comes: 'works with an exception', says: /takes any standby \(\*\)/ },
  },
  {
    name: 'no standby',
    group: 'durability',
    like: 'Nobody is waited for.',
    setUp: (estate) => set(estate, 'east', { synchronous_standby_names: "''" }),
    expected: { comes: 'works with an exception', says: /by replication: / },
  },
  {
    name: 'FIRST of two, and remote_apply',
    group: 'durability',
    like: 'The first standby of a list has applied each commit.',
    setUp: async (estate) => {
      await set(estate, 'east', { synchronous_standby_names: "'FIRST 1 (west, north)'", synchronous_commit: 'remote_apply' });
      await streams(estate, 'potential\nsync');
    },
    expected: { comes: 'works' },
  },
  {
    name: 'one role waits for more',
    group: 'durability',
    like: 'A role asks for remote_apply.',
    setUp: (estate) => void estate.sql('east', 'alter role erlmcp set synchronous_commit = remote_apply', 'app'),
    expected: { comes: 'works' },
  },
];

/** The slot is made at the end of the server itself: an apply worker runs, and is started again whenever it is ended. */
function subscribe(estate: TestEstate): void {
  estate.sql('east', 'create table orders (id int primary key)', 'app');
  estate.sql(
    'east',
    `create subscription orders connection 'host=${estate.address('east')} port=5432 user=dr_admin password=test-only dbname=app' publication orders with (connect = false); alter subscription orders enable`,
    'app',
  );
}

const subscriber = (estate: TestEstate) => `127.${estate.network}.8.100`;
const count = 'select count(*) from payments';
const payments = (estate: TestEstate) => askOther(subscriber(estate), count);
const logicalSlots = (estate: TestEstate) =>
  estate
    .asAdministrator('east', "select slot_name || case when active then ' in use' else '' end from pg_replication_slots where slot_type = 'logical'")
    .trim();

/** The subscriber knocks again twice a second, as one does that fell behind. */
async function publish(estate: TestEstate): Promise<void> {
  await set(estate, 'east', { wal_level: 'logical' }, { restart: true });
  await streams(estate);
  estate.sql('east', 'create publication feed for table payments', 'app');
  const host = subscriber(estate);
  await anotherCluster(estate, 'subscriber', host, 'wal_retrieve_retry_interval=500ms');
  const columns = 'customer text, sequence bigint, token text, amount_cents integer, written_at timestamptz, primary key (customer, sequence)';
  const from = `host=${estate.address('east')} port=5432 user=dr_repl password=test-only dbname=app`;
  askOther(host, `create table payments (${columns})`);
  askOther(host, `create subscription feed connection '${from}' publication feed`);
  await eventually('the subscriber has every row', () => askOther(host, 'select srsubstate from pg_subscription_rel') === 'r');
  await eventually('its slot is the only one of subscribers', () => logicalSlots(estate) === 'feed in use');
}

/** The old primary keeps what the subscriber has not read, and the subscriber was told of nothing that the new one lacks. */
function publishedTruth(estate: TestEstate): void {
  const slot = logicalSlots(estate);
  if (slot !== 'feed') throw new Error(`the old primary must keep the slot of the subscriber, unused, and has "${slot}"`);
  const known = new Set(estate.sql('west', 'select token from payments', 'app').split('\n'));
  const lacking = askOther(subscriber(estate), 'select token from payments')
    .split('\n')
    .filter((token) => !known.has(token));
  if (lacking.length > 0) throw new Error(`${lacking.length} rows of the subscriber are not at west, the first ${lacking[0]}`);
}

async function fewConnections(estate: TestEstate): Promise<void> {
  await set(estate, 'east', { max_connections: `${allConnections}`, superuser_reserved_connections: `${reservedConnections}` }, { restart: true });
  await streams(estate);
}

async function cron(estate: TestEstate): Promise<void> {
  await set(estate, 'east', { shared_preload_libraries: "'pg_cron'" }, { restart: true });
  await set(estate, 'east', { 'cron.database_name': "'app'", 'cron.use_background_workers': 'on' }, { restart: true });
  await streams(estate);
  estate.sql(
    'east',
    "create extension pg_cron; create table ticks (at timestamptz); select cron.schedule('tick', '* * * * *', 'insert into ticks values (now())')",
    'app',
  );
}

/** A server that has been started in this way is nobody's child; the estate finds it by its pid file. */
function mayStop(estate: TestEstate): void {
  const ctl = `exec /usr/lib/postgresql/15/bin/pg_ctl -D ${estate.path('east', 'pg')} -w -m fast`;
  agentSetting(estate, 'east', `PG_STOP=${program(estate, 'east', 'pg-stop', `${ctl} stop`)}`);
  agentSetting(estate, 'east', `PG_START=${program(estate, 'east', 'pg-start', `${ctl} -l /dev/null start >/dev/null 2>&1`)}`);
}
