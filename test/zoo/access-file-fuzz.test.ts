/**
 * Files of `pg_hba.conf` by grammar: whatever one says, after `database-close` nobody but the administrator gets in, by really connecting, and after `database-open` the file is the
 * former one, byte for byte. `DR_FILES` is how many, `DR_SEED` repeats a run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestEstate } from '../site-agent/estate.ts';
import { eventually, testNetwork } from '../site-agent/support.ts';
import { openZoo } from './estate.ts';
import { accessFile, ordinary, reload } from './shaping.ts';

const files = Number(process.env['DR_FILES'] ?? '25');
const seed = Number(process.env['DR_SEED'] ?? '20261128');
let estate: TestEstate;

beforeAll(async () => {
  estate = await openZoo(testNetwork());
  await estate.startPostgres('east');
  estate.asAdministrator('east', "create role boss superuser login password 'test-only'; create role writers; grant writers to erlmcp; create role app");
});
afterAll(() => estate.stop());

const list = (...words: readonly string[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }).map((some) => some.join(','));
const databases = list('all', 'app', '"app"', 'postgres', 'replication', 'sameuser', 'samerole', 'template1', '"replication"');
const users = list('all', 'erlmcp', '"erlmcp"', 'dr_repl', '+writers', 'boss', 'nobody', '"all"');
const address = fc.constantFrom(
  '127.0.0.0/8',
  '127.0.0.1/32',
  '127.0.0.0 255.0.0.0',
  'all',
  'samehost',
  'samenet',
  '0.0.0.0/0',
  '10.0.0.0/8',
  '::1/128',
  'localhost',
);
const method = fc.constantFrom('scram-sha-256', 'md5', 'trust', 'reject', 'password');
const gap = fc.constantFrom(' ', '\t', '   ', ' \t ', ' \\\n  ');
const line = fc
  .tuple(fc.constantFrom('host', 'hostnossl', 'hostssl'), gap, databases, gap, users, gap, address, gap, method, fc.constantFrom('', ' # why', '\t'))
  .map((parts) => parts.join(''));
const local = fc.tuple(databases, users, method).map(([database, user, how]) => `local ${database} ${user} ${how}`);
const beside = fc.constantFrom('', '# a comment', '   ', '#host all all 0.0.0.0/0 trust');
const file = fc
  .tuple(fc.array(fc.oneof({ weight: 6, arbitrary: line }, { weight: 1, arbitrary: local }, { weight: 2, arbitrary: beside }), { maxLength: 8 }), fc.boolean())
  .map(([lines, ending]) => `${['host all dr_admin 127.0.0.0/8 scram-sha-256', ...lines].join('\n')}${ending ? '\n' : ''}`);

const roles = ['erlmcp', 'dr_repl', 'boss', 'dr_admin'] as const;
const targets = ['app', 'postgres', 'template1'] as const;

/** Who gets in now, by really connecting with the right password, plainly and for replication with SQL. */
async function whoGetsIn(): Promise<readonly string[]> {
  const tries = roles.flatMap((user) => targets.flatMap((database) => [false, true].map((replicates) => ({ user, database, replicates }))));
  const answers = tries.map(async ({ user, database, replicates }) => {
    const at = { host: estate.address('east'), port: 5432, user, database, password: 'test-only', connectionTimeoutMillis: 3_000 };
    const client = new pg.Client({ ...at, ...(replicates ? { replication: 'database' } : {}) });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return `${user} at ${database}${replicates ? ' for replication' : ''}`;
    } catch {
      return undefined;
    } finally {
      client.end().catch(() => undefined);
    }
  });
  return (await Promise.all(answers)).filter((answer) => answer !== undefined);
}

test(
  `no way in, and the file as it was, in ${files} files`,
  async () => {
    let closed = 0;
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const path = estate.path('east', 'pg', 'pg_hba.conf');
        writeFileSync(path, text);
        reload(estate, 'east');
        await eventually('the administrator is in', () => estate.asAdministrator('east', 'select 1').trim() === '1');
        const answer = await estate.change('east', 'database-close');
        if (answer.code === 0) {
          closed += 1;
          const inside = (await whoGetsIn()).filter((who) => who !== 'dr_admin at postgres' && who !== 'dr_admin at postgres for replication');
          expect(inside, `${text}\n--- closed:\n${readFileSync(path, 'utf8')}`).toEqual([]);
          const opened = await estate.change('east', 'database-open');
          expect(opened.code, `${text}\n--- ${opened.out}`).toBe(0);
        } else {
          expect(answer.code, answer.out).toBe(65);
        }
        expect(readFileSync(path, 'utf8')).toBe(text);
      }),
      { numRuns: files, seed, endOnFailure: false },
    );
    expect(closed, 'most files are closed, not refused').toBeGreaterThan(files / 2);
    accessFile(estate, ordinary, ['east']);
  },
  Math.max(120_000, files * 5_000),
);
