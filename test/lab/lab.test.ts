/** The lab's core with its real servers: replication, cuts, death and revival, reset, faults, and an end that leaves nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadUsablePlan } from '../../plan/lint.ts';
import { ports, type LabSite } from '../../lab/addresses.ts';
import { isRunning } from '../../lab/process-tree.ts';
import { supervisorPid } from '../../lab/cli/call.ts';
import { drLab, drLabWith, startLab, type TestLab } from '../support/lab.ts';
import { eventually } from './support.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await startLab('test-core');
}, 180_000);
afterAll(async () => lab?.end());

const secret = (site: LabSite, account: string): string => {
  const lines = readFileSync(join(lab.handle.directory, 'sites', site, 'agent', 'pgpass'), 'utf8').split('\n');
  return lines.find((line) => line.includes(`:${account}:`))?.split(':')[4] as string;
};

/** One statement at a site, as its administrator. */
async function sql(site: LabSite, text: string, withinMs = 3_000): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    host: lab.addresses.real(site),
    port: ports.postgres,
    user: 'dr_admin',
    password: secret(site, 'dr_admin'),
    database: 'erlmcp',
    connectionTimeoutMillis: 2_000,
    query_timeout: withinMs,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    void client.end().catch(() => {});
  }
}
const count = async (site: LabSite, table: string) => Number((await sql(site, `select count(*) as n from ${table}`))[0]?.n);
const write = (sequence: number, withinMs?: number) =>
  sql('us-east-1', `insert into payments (customer, sequence, token) values ('test', ${sequence}, 't')`, withinMs);
const site = async (id: LabSite) => (await lab.status()).sites.find((entry) => entry.site === id);

test('at the start us-east-1 writes, ap-southeast-1 follows synchronously, eu-central-1 asynchronously, and dr has a host only', async () => {
  const status = await lab.status();
  expect(status.problems).toEqual([]);
  expect(status.sites.map(({ site: id, database, service, capacityPercent }) => [id, database, service, capacityPercent])).toEqual([
    ['us-east-1', 'primary', 'active', 100],
    ['eu-central-1', 'standby', 'active', 35],
    ['ap-southeast-1', 'standby', 'active', 25],
    ['dr', 'none', 'inactive', 0],
  ]);
  expect(status.sites[0]?.synchronousStandbyNames).toBe('ANY 1 ("ap-southeast-1")');
  expect(status.sites[0]?.standbys).toEqual([
    { name: 'ap-southeast-1', state: 'streaming', sync: 'quorum' },
    { name: 'eu-central-1', state: 'streaming', sync: 'async' },
  ]);
});

test('the plan of the lab is one that a worker takes, and names a heartbeat that is younger than its limit', async () => {
  const { plan } = await loadUsablePlan(join(lab.handle.directory, 'plan'));
  expect(plan.estate.name).toBe('erlmcp-lab-test-core');
  expect(plan.procedures.regionalFailover.watch).toBe('PT3S');
  await eventually('a heartbeat at ap-southeast-1', 5_000, async () => {
    const [row] = await sql('ap-southeast-1', 'select synchronous_standby_names as names, extract(epoch from now() - written_at) as age from dr_heartbeat');
    return row && row.names === 'ANY 1 ("ap-southeast-1")' && Number(row.age) < 10;
  });
});

test('the observer reads and cannot write, not even when it asks for it', async () => {
  const password = readFileSync(join(lab.handle.directory, 'secrets', 'database-observer'), 'utf8').trim();
  const client = new pg.Client({
    host: lab.addresses.seen('us-east-1', 'orchestrator'),
    port: ports.postgres,
    user: 'dr_observer',
    password,
    database: 'erlmcp',
    connectionTimeoutMillis: 3_000,
  });
  await client.connect();
  try {
    expect((await client.query('select count(*) as n from payments')).rows[0].n).toBe('2000');
    await client.query('set default_transaction_read_only = off');
    await expect(client.query("insert into payments (customer, sequence, token) values ('x', 1, 'x')")).rejects.toThrow('permission denied');
  } finally {
    await client.end();
  }
});

test('an administrator is not let in through the network, only from the host itself', async () => {
  const client = new pg.Client({
    host: lab.addresses.seen('us-east-1', 'orchestrator'),
    port: ports.postgres,
    user: 'dr_admin',
    password: secret('us-east-1', 'dr_admin'),
    database: 'erlmcp',
    connectionTimeoutMillis: 3_000,
  });
  await expect(client.connect()).rejects.toThrow('no pg_hba.conf entry');
});

test('while us-east-1 is cut off its writes wait, and healing lets them through', async () => {
  await write(1);
  expect((await drLab('test-core', 'cut', 'us-east-1', '--only', 'sites,orchestrator')).code).toBe(0);
  const waiting = write(2, 20_000);
  const outcome = await Promise.race([waiting.then(() => 'acknowledged'), new Promise((resolve) => setTimeout(resolve, 3_000, 'waits'))]);
  expect(outcome).toBe('waits');
  expect(await count('ap-southeast-1', "payments where customer = 'test'")).toBe(1);
  expect((await drLab('test-core', 'heal', 'us-east-1')).code).toBe(0);
  await waiting;
  await eventually('the write at eu-central-1', 10_000, async () => (await count('eu-central-1', "payments where customer = 'test'")) === 2);
});

test('a killed site is dead as a whole, and revived as it was', async () => {
  await lab.call('kill', { site: 'us-east-1' });
  expect(await site('us-east-1')).toMatchObject({ service: 'inactive' });
  await expect(sql('us-east-1', 'select 1')).rejects.toThrow();
  await lab.call('revive', { site: 'us-east-1' });
  await eventually('replication', 15_000, async () => (await site('us-east-1'))?.standbys.some(({ sync }) => sync === 'quorum'));
  await eventually('the replicas', 15_000, async () => (await site('us-east-1'))?.cache === 'primary, 2 replicas');
  await write(3);
});

test('lost rows are gone from one standby only and come back when healed', async () => {
  await lab.call('fault/inject', { name: 'lose-rows', site: 'eu-central-1', options: { table: 'payments', rows: 10 } });
  await eventually('the standby', 10_000, async () => (await site('eu-central-1'))?.database === 'standby');
  expect(await count('eu-central-1', "payments where customer like 'seed-%'")).toBe(1_990);
  expect(await count('ap-southeast-1', "payments where customer like 'seed-%'")).toBe(2_000);
  await write(4);
  await eventually('the write', 10_000, async () => (await count('eu-central-1', "payments where customer = 'test'")) === 4);
  expect(await count('eu-central-1', "payments where customer like 'seed-%'")).toBe(1_990);
  await lab.call('fault/heal', { name: 'lose-rows', site: 'eu-central-1' });
  expect(await count('eu-central-1', "payments where customer like 'seed-%'")).toBe(2_000);
});

test('flushed sessions are gone from one replica whose link stays up, and come back when healed', async () => {
  const { lost } = await lab.call<{ lost: number }>('fault/inject', { name: 'flush-sessions', site: 'eu-central-1' });
  expect(lost).toBeGreaterThanOrEqual(400);
  expect((await site('eu-central-1'))?.cache).toBe('replica, link up');
  const again = await lab.call<{ lost: number }>('fault/inject', { name: 'flush-sessions', site: 'eu-central-1' });
  expect(again.lost).toBeLessThan(50);
  await lab.call('fault/heal', { name: 'flush-sessions', site: 'eu-central-1' });
  expect((await lab.call<{ lost: number }>('fault/inject', { name: 'flush-sessions', site: 'eu-central-1' })).lost).toBeGreaterThanOrEqual(400);
});

test('a lagging standby misses writes that the others have', async () => {
  await lab.call('fault/inject', { name: 'lag', site: 'eu-central-1' });
  await write(5);
  expect(await count('ap-southeast-1', "payments where customer = 'test'")).toBe(5);
  expect(await count('eu-central-1', "payments where customer = 'test'")).toBe(4);
  await lab.call('fault/heal', { name: 'lag', site: 'eu-central-1' });
  await eventually('the write', 15_000, async () => (await count('eu-central-1', "payments where customer = 'test'")) === 5);
});

test('a fault is felt, and the lab is well when it is healed', async () => {
  const faults = ['database-frozen', 'cache-frozen', 'sshd-dead', 'cache-dead', 'cache-promoted', 'ssh-host-key-changed'];
  const at = 'ap-southeast-1';
  const felt: Record<string, string> = {};
  for (const name of faults) {
    await lab.call('fault/inject', { name, site: at });
    felt[name] = `${(await lab.status()).problems.join(' ')} cache: ${(await site(at))?.cache}`;
    await lab.call('fault/heal', { name, site: at });
  }
  expect(felt).toMatchObject({
    'database-frozen': expect.stringContaining(`PostgreSQL of ${at} does not answer`),
    'cache-frozen': expect.stringContaining(`Redis of ${at} does not answer`),
    'sshd-dead': expect.stringContaining(`sshd of ${at} does not answer`),
    'cache-dead': expect.stringContaining(`Redis of ${at} does not run`),
    'cache-promoted': expect.stringContaining('cache: primary, 0 replicas'),
  });
  await eventually('replication', 15_000, async () => (await site('us-east-1'))?.cache === 'primary, 2 replicas' && (await lab.status()).problems.length === 0);
});

test('a wrong name is refused with the right ones, and changes nothing', async () => {
  const { code, stderr } = await drLab('test-core', 'cut', 'us-west-9');
  expect(code).toBe(1);
  expect(stderr).toContain('Nothing was changed. Sites are us-east-1, eu-central-1, ap-southeast-1, dr');
  expect((await lab.status()).links).toEqual([]);
});

test('reset takes data, network and sessions back to the beginning', async () => {
  await lab.call('cut', { site: 'eu-central-1' });
  await lab.call('kill', { site: 'us-east-1' });
  const { seconds } = await lab.call<{ seconds: number }>('reset');
  expect(seconds).toBeGreaterThan(0);
  const status = await lab.status();
  expect(status.problems).toEqual([]);
  expect(status.links).toEqual([]);
  expect(await count('us-east-1', 'payments')).toBe(2_000);
});

test('nothing listens at an address that is not loopback, and down leaves no process and no listener', async () => {
  const pids = recordedPids();
  expect(pids.length).toBeGreaterThan(12);
  expect(listening(lab.addresses.index).length).toBeGreaterThan(100);
  expect(foreignListeners(pids)).toEqual([]);
  expect((await drLab('test-core', 'down')).code).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(listening(lab.addresses.index)).toEqual([]);
  expect(processesOf(lab.handle.directory)).toEqual([]);
});

test('an interrupted start ends everything that it had started', async () => {
  const { repository } = lab.handle;
  const up = spawn(process.execPath, ['--import', 'tsx', join(repository, 'lab/cli/main.ts'), '--lab', 'test-core', 'up'], {
    cwd: repository,
    stdio: 'ignore',
  });
  await eventually('a first server', 120_000, () => processesOf(join(lab.handle.directory, 'sites')).length > 0);
  const pids = recordedPids();
  up.kill('SIGINT');
  const [code] = (await once(up, 'exit')) as [number | null];
  expect(code).toBe(1);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(listening(lab.addresses.index)).toEqual([]);
}, 180_000);

test('a supervisor that is killed takes everything with it, and the lab starts again', async () => {
  await upAgain();
  const pids = recordedPids();
  process.kill(supervisorPid(lab.handle) as number, 'SIGKILL');
  await eventually('the end of all processes', 10_000, () => pids.every((pid) => !isRunning(pid)));
  const { code, stderr } = await drLab('test-core', 'status');
  expect([code, stderr]).toEqual([1, 'The lab "test-core" is not up. Nothing was changed. Start it with: dr-lab up --lab test-core\n']);
  await upAgain();
  expect((await lab.status()).problems).toEqual([]);
}, 180_000);

test('a missing PostgreSQL is one sentence with what to do, and starts nothing', async () => {
  const { code, stderr } = await drLabWith({ DR_LAB_PG_BIN: '/nowhere' }, 'test-core-other', 'up');
  expect(code).toBe(1);
  expect(stderr).toBe('The program "postgres" is missing. Nothing was changed. Install it with: apt-get install postgresql-15\n');
});

async function upAgain(): Promise<void> {
  const { code, stderr } = await drLab('test-core', 'up');
  expect([code, stderr]).toEqual([0, expect.stringContaining('ready')]);
}

function recordedPids(): number[] {
  const folder = join(lab.handle.directory, 'pids');
  return readdirSync(folder).map((name) => Number(readFileSync(join(folder, name), 'utf8').split(' ')[0]));
}

/** Sockets that listen, from the kernel's table: address bytes are in host order, so 127.11.x.y reads as yyxx0B7F. */
function listening(index: number): string[] {
  const suffix = `${index.toString(16).padStart(2, '0')}7F`.toUpperCase();
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[3] === '0A' && words[1]?.slice(4, 8) === suffix)
    .map((words) => words[1] as string);
}

/** Listening sockets of these processes that are not on 127.0.0.0/8. */
function foreignListeners(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap((pid) => readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(pid, fd))));
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words[3] === '0A' && inodes.has(words[9]) && !(words[1] as string).slice(0, 8).endsWith('7F'))
      .map((words) => words[1] as string),
  );
}

function socketInode(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/** Processes with the lab's folder in their command line. */
function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(`${directory}/`));
}
