/**
 * Customers that mean harm to a fence: they hold every kind of key and session that the zoo knows, write all the time, and remember each acknowledged write. A fence that is called
 * proven ends all of them, and what was acknowledged before is at the target.
 */
import pg from 'pg';
import type { TestSite } from '../site-agent/estate.ts';

/** Where customers write. */
export interface Ground<Site> {
  address(site: Site): string;
  sql(site: Site, statement: string, database: string): string;
}

/** How a customer comes in. */
export interface Key {
  readonly name: string;
  readonly user: string;
  /** Those of the test estates where none is given. */
  readonly password?: string;
  readonly database?: string;
  /** A session that stays; else each write comes in anew. */
  readonly stays: boolean;
  /** A connection for logical replication, which runs SQL as well. */
  readonly replication?: 'database';
  /** Said at the beginning of each session. */
  readonly begins?: string;
}

/** A setting of the session's own is what no proof by replication can know; a fence by the agent ends these too. */
export const everyKey: readonly Key[] = [
  { name: 'service, pooled', user: 'erlmcp', stays: true },
  { name: 'service, new each time', user: 'erlmcp', stays: false },
  { name: 'administrator in the application´s database', user: 'dr_admin', stays: true },
  { name: 'replication with SQL', user: 'dr_repl', stays: true, replication: 'database' },
  { name: 'service that does not wait for standbys', user: 'erlmcp', stays: true, begins: 'set synchronous_commit = local' },
];

interface Acknowledged {
  readonly token: string;
  readonly key: string;
  readonly sentAt: number;
}

/** Of all adversaries together: no two of them write the same row. */
let lastNumber = 0;

export class Adversary<Site extends string = TestSite> {
  readonly acknowledged: Acknowledged[] = [];
  private readonly ground: Ground<Site>;
  private readonly site: Site;
  private readonly loops: Promise<void>[] = [];
  private ended = false;

  constructor(ground: Ground<Site>, site: Site, keys: readonly Key[] = everyKey) {
    this.ground = ground;
    this.site = site;
    for (const key of keys) this.loops.push(this.write(key));
  }

  /** Writes that were sent after `moment` (milliseconds of `performance.now`) and acknowledged. */
  since(moment: number): readonly Acknowledged[] {
    return this.acknowledged.filter(({ sentAt }) => sentAt > moment);
  }

  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.loops);
  }

  /** Acknowledged writes that a server does not have. */
  missingAt(site: Site, database = 'app'): readonly Acknowledged[] {
    const there = new Set(this.ground.sql(site, "select token from payments where token like 'adversary-%'", database).split('\n'));
    return this.acknowledged.filter(({ token }) => !there.has(token));
  }

  private async write(key: Key): Promise<void> {
    let client: pg.Client | undefined;
    while (!this.ended) {
      try {
        client ??= await this.open(key);
        await this.writeOnce(client, key);
        if (key.stays) continue;
        await client.end();
        client = undefined;
      } catch {
        client?.end().catch(() => undefined);
        client = undefined;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    client?.end().catch(() => undefined);
  }

  private async open(key: Key): Promise<pg.Client> {
    const client = new pg.Client({
      ...{ host: this.ground.address(this.site), port: 5432, user: key.user, password: key.password ?? 'test-only', database: key.database ?? 'app' },
      ...{ connectionTimeoutMillis: 1_000, query_timeout: 1_500 },
      ...(key.replication === undefined ? {} : { replication: key.replication }),
    });
    client.on('error', () => undefined);
    await client.connect();
    if (key.begins !== undefined) await client.query(key.begins);
    return client;
  }

  private async writeOnce(client: pg.Client, key: Key): Promise<void> {
    const number = ++lastNumber;
    const token = `adversary-${this.site}-${number}`;
    const sentAt = performance.now();
    await client.query(`insert into payments (customer, sequence, token) values ('seed-1', ${-1_000_000 - number}, '${token}')`);
    this.acknowledged.push({ token, key: key.name, sentAt });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
