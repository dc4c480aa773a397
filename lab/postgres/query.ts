/** One question to a server as its administrator, from its own host. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { ports } from '../addresses.ts';
import { accounts } from '../settings.ts';

/** Rows of `sql`. Throws when there is no answer within 3 s. Commits do not wait for standbys: the lab's own changes must not hang in a cut. */
export async function adminQuery<Row extends object>(host: string, passfile: string, database: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({
    host,
    port: ports.postgres,
    user: accounts.admin,
    password: adminPassword(passfile),
    database,
    connectionTimeoutMillis: 1_500,
    query_timeout: 3_000,
    options: '-c synchronous_commit=local',
    application_name: 'dr-lab',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Row>(sql)).rows;
  } finally {
    void client.end().catch(() => {});
  }
}

function adminPassword(passfile: string): string {
  const line = readFileSync(passfile, 'utf8')
    .split('\n')
    .find((candidate) => candidate.split(':')[3] === accounts.admin);
  if (line === undefined) throw new Error(`${passfile} has no line for ${accounts.admin}. Nothing was changed. Run: dr-lab reset`);
  return line.split(':')[4] as string;
}
