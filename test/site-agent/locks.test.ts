/** What a review of the locks has broken, each by its smallest input, on real servers: a proof that was none, and an undo that ended elsewhere. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestEstate, type TestSite } from './estate.ts';
import { clientWrite } from './clients.ts';
import { eventually, testNetwork } from './support.ts';

const estate = new TestEstate(testNetwork());
const change = (site: TestSite, words: string, epoch = 1) => estate.change(site, words, epoch, `run-${epoch}`);
const fields = async (site: TestSite, verb: string) => (await estate.verb(site, verb)).fields;
const hba = (site: TestSite) => estate.path(site, 'pg', 'pg_hba.conf');

beforeAll(async () => {
  await estate.start();
  await estate.freeze();
});
beforeEach(() => estate.thaw());
afterAll(() => estate.stop());

describe('the lock of a database', () => {
  test('does not stand under a line that somebody has added, and the repeat takes that line out before it is read', async () => {
    await change('east', 'database-close');
    appendFileSync(hba('east'), 'host all erlmcp 127.0.0.0/8 scram-sha-256\n');
    expect(await fields('east', 'write-test')).toMatchObject({ database_locked: 'no' });
    expect(await fields('east', 'database-status')).toMatchObject({ hba_closed: 'no' });
    expect(await change('east', 'database-close')).toMatchObject({ code: 0, fields: { after: 'closed' } });
    expect(await fields('east', 'write-test')).toMatchObject({ database_locked: 'yes', database_write: 'refused' });
    expect(clientWrite(estate, 'east')).toMatch(/no pg_hba\.conf entry/);
  });

  test('was never tried where no key is on record', async () => {
    await change('east', 'database-close');
    rmSync(estate.path('east', 'state', 'keys'));
    expect(await fields('east', 'write-test')).toMatchObject({ database_write: 'no-answer' });
    expect((await change('east', 'database-close')).code).toBe(0);
    expect(await fields('east', 'write-test')).toMatchObject({ database_write: 'refused' });
  });

  test('is not there when the server runs and only does not listen where the agent asks', async () => {
    writeFileSync(estate.path('east', 'agent.conf'), readFileSync(estate.path('east', 'agent.conf'), 'utf8').replace(/^PG_PORT=.*$/m, 'PG_PORT=5999'));
    const closed = await change('east', 'database-close');
    expect(closed).toMatchObject({ code: 1, fields: { error: expect.stringContaining('is closed for the next start, but the server does not answer') } });
    expect(await fields('east', 'write-test')).toMatchObject({ database_write: 'no-answer' });
    expect(clientWrite(estate, 'east')).toBe('accepted');
  });

  test('is shut for whoever was connected and had not signed in', async () => {
    const proxy = await late(estate.address('east'));
    try {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: proxy.port,
        user: 'erlmcp',
        password: 'test-only',
        database: 'app',
        connectionTimeoutMillis: 5_000,
      });
      client.on('error', () => undefined);
      await proxy.connected; // the server has the connection; nothing was said on it
      expect((await change('east', 'database-close')).code).toBe(0);
      proxy.let();
      await expect(client.connect()).rejects.toThrow();
    } finally {
      proxy.close();
    }
  });

  test.each([
    ['but those that are kept for administrators', ['erlmcp']],
    ['its administrator´s too', ['erlmcp', 'dr_admin']],
  ])('shuts a server whose connections are all taken, %s', async (_which, roles) => {
    await estate.stopPostgres('east');
    await estate.startPostgres('east', '-c', 'max_connections=12');
    const pool = new Pool(roles);
    try {
      await eventually('no connection is free', () => pool.isFull());
      const closed = await change('east', 'database-close');
      expect(closed).toMatchObject({ code: 0, fields: { after: 'closed', writers: '' } });
      expect(await fields('east', 'write-test')).toMatchObject({ database_write: 'refused', database_locked: 'yes' });
      expect(await change('east', 'database-open')).toMatchObject({ code: 0 });
      await eventually('customers are back', () => pool.isFull());
    } finally {
      await pool.end();
    }
  });

  test('is tried at other databases as a customer who is in, however many observers and standbys are', async () => {
    const open = async (user: string, name: string) => {
      const client = new pg.Client({ host: estate.address('east'), user, password: 'test-only', database: 'app', application_name: name });
      client.on('error', () => undefined); // the lock ends it
      await client.connect();
      return client;
    };
    const clients = await Promise.all([...Array.from({ length: 3 }, () => open('dr_observer', 'dr-observer')), open('erlmcp', '')]);
    try {
      expect(await change('east', 'database-close')).toMatchObject({ code: 0, fields: { after: 'closed' } });
      const keys = readFileSync(estate.path('east', 'state', 'keys'), 'utf8').trim().split('\n').map((line) => line.split('\t')); // prettier-ignore
      expect(keys.filter(([, database]) => database !== 'app')).toEqual([['erlmcp', 'template1']]);
      expect(keys).toContainEqual(['dr_observer', 'app']);
    } finally {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    }
  });

  test('"refused" is what the server refuses, and no other failure of a write', async () => {
    estate.sql('east', 'drop table dr_write_test', 'app');
    expect(await fields('east', 'write-test')).toMatchObject({ database_write: 'no-answer', database_locked: 'no' });
  });
});

/** Customers who hold every connection that their role gets, and come again whenever one ends. */
class Pool {
  private readonly clients = new Map<number, { readonly client: pg.Client; inside: boolean }>();
  private readonly timer: NodeJS.Timeout;
  private number = 0;

  constructor(roles: readonly string[]) {
    this.timer = setInterval(() => roles.forEach((role) => this.come(role)), 20);
  }

  private come(user: string): void {
    if (this.clients.size >= 20) return;
    const number = this.number++;
    const client = new pg.Client({ host: estate.address('east'), user, password: 'test-only', database: 'app', connectionTimeoutMillis: 5_000 });
    const entry = { client, inside: false };
    this.clients.set(number, entry);
    const gone = () => void this.clients.delete(number);
    client.on('error', gone).on('end', gone);
    client.connect().then(() => (entry.inside = true), gone);
  }

  /** As many are in as the server takes besides those that it keeps for administrators. */
  isFull(): boolean {
    return [...this.clients.values()].filter(({ inside }) => inside).length >= 9;
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([...this.clients.values()].map(({ client }) => client.end().catch(() => undefined)));
  }
}

describe('an undo', () => {
  test('obeys no note of an older run', async () => {
    for (const site of ['west', 'north'] as const) await change(site, 'database-detach', 2);
    for (const site of ['west', 'north'] as const) await change(site, 'cache-detach', 2);
    await change('west', 'database-promote', 2);
    await change('west', 'cache-promote', 2);
    await change('north', 'database-follow west', 2);
    await change('north', 'cache-follow west', 2);
    expect(await change('north', 'database-return', 3)).toMatchObject({ code: 0, fields: { after: 'following west', changed: 'no' } });
    expect(await change('north', 'cache-return', 3)).toMatchObject({ code: 0, fields: { after: 'following west', changed: 'no' } });
  });

  test('takes over what an older run has left detached', async () => {
    await change('north', 'database-detach', 2);
    await change('north', 'cache-detach', 2);
    await change('north', 'database-detach', 3);
    await change('north', 'cache-detach', 3);
    expect(await change('north', 'database-return', 3)).toMatchObject({ code: 0, fields: { after: 'following east' } });
    expect(await change('north', 'cache-return', 3)).toMatchObject({ code: 0, fields: { after: 'following east' } });
  });

  test('opens a server that lets not even its administrator in, by the signal', async () => {
    await change('east', 'database-close');
    const [mark = ''] = readFileSync(hba('east'), 'utf8').split('\n');
    writeFileSync(hba('east'), `${mark}\nhost all all all reject\n`);
    estate.asAdministrator('east', 'select pg_reload_conf()');
    await eventually('nobody is let in', async () => (await fields('east', 'database-status'))['running'] === 'no');
    expect(await change('east', 'database-open')).toMatchObject({ code: 0, fields: { after: 'open' } });
    expect(clientWrite(estate, 'east')).toBe('accepted');
  });

  test('knows the way home after a follow that failed twice', async () => {
    const words = estate.asAdministrator('north', 'show primary_conninfo');
    await change('north', 'database-detach');
    process.kill(estate.pid('postgres-west'), 'SIGSTOP');
    for (const _ of [1, 2]) expect((await change('north', 'database-follow west')).code).not.toBe(0);
    process.kill(estate.pid('postgres-west'), 'SIGCONT');
    expect(await change('north', 'database-return')).toMatchObject({ code: 0, fields: { after: 'following east' } });
    expect(estate.asAdministrator('north', 'show primary_conninfo')).toBe(words);
  });

  test('starts a server whose stop came to another end', async () => {
    const immediate = `#!/bin/sh\nexec /usr/lib/postgresql/15/bin/pg_ctl -D ${estate.path('east', 'pg')} -w -m immediate stop\n`;
    const start = `#!/bin/sh\nexec /usr/lib/postgresql/15/bin/pg_ctl -D ${estate.path('east', 'pg')} -w -l /dev/null start >/dev/null 2>&1\n`;
    writeFileSync(estate.path('east', 'shim', 'pg-stop'), immediate, { mode: 0o755 });
    writeFileSync(estate.path('east', 'shim', 'pg-start'), start, { mode: 0o755 });
    appendFileSync(
      estate.path('east', 'agent.conf'),
      `PG_STOP=${estate.path('east', 'shim', 'pg-stop')}\nPG_START=${estate.path('east', 'shim', 'pg-start')}\n`,
    );
    estate.sql(
      'east',
      "create subscription orders connection 'host=127.0.0.1 port=1' publication orders with (connect = false); alter subscription orders enable",
      'app',
    );
    expect(await change('east', 'database-close')).toMatchObject({
      code: 1,
      fields: { error: expect.stringContaining('pg_controldata does not call it shut down') },
    });
    expect(await change('east', 'database-open')).toMatchObject({ code: 0, fields: { after: 'open' } });
    await eventually('customers write', () => clientWrite(estate, 'east') === 'accepted');
  });
});

describe('the lock of a cache', () => {
  test('holds where a maximum lag of 0 would switch it off, and goes with all that it set', async () => {
    estate.redis('east', 'CONFIG', 'SET', 'min-replicas-max-lag', '0');
    expect(await change('east', 'cache-close')).toMatchObject({ code: 0, fields: { after: 'closed' } });
    expect(() => estate.redis('east', 'SET', 'customer', '1')).not.toThrow();
    expect(estate.redis('east', 'SET', 'customer', '1')).toContain('NOREPLICAS');
    await change('east', 'cache-open');
    expect(estate.redis('east', 'CONFIG', 'GET', 'min-replicas-to-write')).toBe('min-replicas-to-write\n1');
    expect(estate.redis('east', 'CONFIG', 'GET', 'min-replicas-max-lag')).toBe('min-replicas-max-lag\n0');
  });

  test('is not proven by an administrator who may not write anyway', async () => {
    estate.redis('east', 'ACL', 'SETUSER', 'boss', 'on', '>test-only', '~*', '&*', '+@all', '-set');
    writeFileSync(estate.path('east', 'redis-auth'), 'boss test-only\n');
    expect(await fields('east', 'write-test')).toMatchObject({ cache_write: 'no-answer' });
  });
});

describe('a look', () => {
  test('names the verb that was asked, also the first of the cache', async () => {
    expect((await estate.verb('east', 'check cache-close service-stop')).out).toMatch(/^site-agent=4\nready=cache-close\nready=service-stop\n$/);
    expect((await estate.verb('east', 'check cache-detach')).out).toContain('refused=cache-detach: the cache at east is a primary');
  });

  test('refuses an estate whose application lives in the database that stays open', async () => {
    appendFileSync(estate.path('east', 'agent.conf'), 'PG_MAINTENANCE_DATABASE=app\n');
    expect((await estate.verb('east', 'check database-close')).out).toMatch(/refused=database-close: .*give another one/);
  });
});

/** A way to a server on which the connection stands before anything is said. */
async function late(host: string): Promise<{ readonly port: number; readonly connected: Promise<void>; let(): void; close(): void }> {
  const upstream = createConnection({ host, port: 5432 });
  const connected = new Promise<void>((resolve) => upstream.once('connect', () => resolve()));
  const said: Buffer[] = [];
  let open = false;
  upstream.on('error', () => undefined);
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => void (open ? upstream.write(data) : said.push(data)));
    upstream.on('data', (data) => void socket.write(data));
    upstream.on('close', () => socket.destroy());
    if (upstream.destroyed) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    connected,
    let: () => {
      open = true;
      for (const data of said) upstream.write(data);
    },
    close: () => {
      upstream.destroy();
      server.close();
    },
  };
}
