/** Clients of the database, as the service is one. */
import { execFile } from 'node:child_process';
import type { TestEstate, TestSite } from './estate.ts';

/** A client that writes as the service does; the text of the error when it is refused. */
export function clientWrite(estate: TestEstate, site: TestSite, user = 'erlmcp'): string {
  try {
    estate.sql(site, `insert into payments (customer, sequence, token) values ('seed-1', ${-Math.floor(Math.random() * 1e9)}, 'test')`, 'app', user);
    return 'accepted';
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}

/** A client that stays; resolves with what it was told at its end. */
export function clientSleep(estate: TestEstate, site: TestSite): Promise<string> {
  const env = { PATH: process.env['PATH'], PGPASSWORD: 'test-only' };
  return new Promise((resolve) => {
    execFile('psql', ['-h', estate.address(site), '-U', 'erlmcp', '-d', 'app', '-c', 'select pg_sleep(60)'], { env }, (_error, _out, text) => resolve(text));
  });
}
