/**
 * Files of `pg_hba.conf` by grammar: whatever one says, after `database-close` nobody but the administrator gets in, by really connecting, and after `database-open` the file is the
 * former one, byte for byte. One with a line that the server refuses is refused by the look, and left as it is. `DR_FILES` is how many (`npm run test:fuzz` takes 1,000), `DR_SEED`
 * repeats a run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestEstate } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { reload } from './shaping.ts';

const files = Number(process.env['DR_FILES'] ?? '25');
const seed = Number(process.env['DR_SEED'] ?? '20261128');
const estate = new TestEstate(testNetwork());

beforeAll(async () => {
  await estate.startPrimary();
  estate.asAdministrator(
    'east',
    "create role boss superuser login password 'test-only'; create role writers; grant writers to erlmcp; create role app; grant app to erlmcp",
  );
});
afterAll(() => estate.stop());

const gap = fc.constantFrom(' ', '\t', '   ', ' \t ', ' \\\n  ');
/** Where a list goes on: blanks and the end of a line may stand behind its comma. */
const comma = fc.constantFrom(',', ',', ', ', ',\\\n', ', \\\n\t');
const many = Array.from({ length: 400 }, (_, number) => `nobody_${number}`).join(',');
const list = (...words: readonly string[]) =>
  fc.tuple(fc.uniqueArray(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }), comma).map(([some, between]) => some.join(between));
const databases = list(
  'all',
  'app',
  '"app"',
  'postgres',
  'replication',
  'sameuser',
  'samerole',
  'samegroup',
  'template1',
  '"replication"',
  '"app,postgres"',
  '"all"',
);
const users = list('all', 'erlmcp', '"erlmcp"', 'dr_repl', '+writers', '"+writers"', '+"writers"', 'boss', 'nobody', '"all"', '"erlmcp","boss"', many);
const address = fc.constantFrom(
  ...['127.0.0.0/8', '127.0.0.1/32', '127.0.0.0 255.0.0.0', '0.0.0.0/0', '10.0.0.0/8', '127.0.0.0\t255.0.0.0'],
  ...['::1/128', '::/0', 'fe80::/10', '2001:db8::/32', '::ffff:127.0.0.0/104', '::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ...['all', 'samehost', 'samenet', 'localhost', '.example.com', '"127.0.0.0/8"'],
);
const method = fc.constantFrom('scram-sha-256', 'md5', 'trust', 'reject', 'password', '"trust"');
const behind = fc.constantFrom('', ' # why', '\t', ' # it´s "quoted', ` # don't "ask", host all all all trust`);
const line = fc
  .tuple(fc.constantFrom('host', 'hostnossl', 'hostssl'), gap, databases, gap, users, gap, address, gap, method, behind)
  .map((parts) => parts.join(''));
const local = fc.tuple(databases, users, method).map(([database, user, how]) => `local ${database} ${user} ${how}`);
const beside = fc.constantFrom(
  '',
  '# a comment',
  '   ',
  '#host all all 0.0.0.0/0 trust',
  '# "half of a quotation',
  '# a comment that goes on \\\nhost all all all trust',
  '\\\n',
);
const broken = fc.constantFrom(
  ...[
    'host app erlmcp nowhere/8 sram',
    'host all',
    'hots all all all trust',
    'host all all 127.0.0.1/33 trust',
    'host all all 127.0.0.1 trust',
    'host all all 300.0.0.1/8 trust',
  ],
  ...['host all all 127.0.0.0/8 trust nonsense', 'host all all 127.0.0.0 ffff:: trust', 'host all all', 'local all all ident=x', 'host , all all trust'],
);
const lines = fc.array(fc.oneof({ weight: 6, arbitrary: line }, { weight: 1, arbitrary: local }, { weight: 2, arbitrary: beside }), { maxLength: 8 });
const file = fc
  .record({ some: lines, broken: fc.option(broken, { freq: 8 }), end: fc.constantFrom('\n', '\n', '', '\n\n'), crlf: fc.nat(4).map((number) => number === 0) })
  .map(({ some, broken: wrong, end, crlf }) => {
    // The wrong line stands first, where no comment before it goes on.
    const text = `${['host all dr_admin 127.0.0.0/8 scram-sha-256', ...(wrong === null ? [] : [wrong]), ...some].join('\n')}${end}`;
    return { readable: wrong === null, text: crlf ? text.replaceAll('\n', '\r\n') : text };
  });

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
    const path = estate.path('east', 'pg', 'pg_hba.conf');
    await fc.assert(
      fc.asyncProperty(file, async ({ readable, text }) => {
        writeFileSync(path, text);
        reload(estate, 'east');
        const answer = await estate.change('east', 'database-close');
        expect(answer.code, `${text}\n--- ${answer.out}`).toBe(readable ? 0 : 65);
        if (readable) {
          const inside = (await whoGetsIn()).filter((who) => who !== 'dr_admin at postgres' && who !== 'dr_admin at postgres for replication');
          expect(inside, `${text}\n--- closed:\n${readFileSync(path, 'utf8')}`).toEqual([]);
          const opened = await estate.change('east', 'database-open');
          expect(opened.code, `${text}\n--- ${opened.out}`).toBe(0);
        } else expect(answer.fields['refused']).toMatch(/cannot be read by its server \(line 2: /);
        expect(readFileSync(path, 'utf8')).toBe(text);
      }),
      { numRuns: files, seed, endOnFailure: true },
    );
  },
  Math.max(120_000, files * 5_000),
);
