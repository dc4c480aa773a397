/** Who writes without passing the door, and who is exempt from durability. */
import type { TestEstate } from '../site-agent/estate.ts';
import { accessFile, agentSetting, ordinary, program, set, streams } from './shaping.ts';
import type { Shape } from './shape.ts';

export const writersShapes: readonly Shape<TestEstate>[] = [
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
