/** Who is let in: pg_hba.conf as people write it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { sites, type TestEstate } from '../site-agent/estate.ts';
import { accessFile, administrator, agentSetting, certificates, ordinary, others, reload, replication, restartDatabase, set, streams } from './shaping.ts';
import type { Shape } from './shape.ts';

const file = (name: string, like: string, lines: readonly string[]): Shape<TestEstate> => ({
  ...{ name, like, group: 'access file', expected: { comes: 'works' } },
  setUp: (estate) => accessFile(estate, lines),
});

export const accessFileShapes: readonly Shape<TestEstate>[] = [
  file('application and replication in one line', 'One line names the application´s database and replication.', [
    administrator,
    'host app,replication erlmcp,dr_repl 127.0.0.0/8 scram-sha-256',
  ]),
  file('all and replication in one line', '`all` does not include replication, so both stand in one line.', [
    'host all,replication all 127.0.0.0/8 scram-sha-256',
  ]),
  file('samenet and samehost', 'Addresses by keyword.', ['host all all samenet scram-sha-256', 'host replication all all scram-sha-256']),
  file('quoted names', 'Names in quotes, and a keyword that is a name there.', [
    administrator,
    'host "app" "erlmcp","dr_repl" 127.0.0.0/8 scram-sha-256',
    'host replication "dr_repl" 127.0.0.0/8 scram-sha-256',
  ]),
  file('netmask, tabs and comments', 'Two columns for the address, tabs, comments behind lines.', [
    '# customers',
    'host\tapp\tall\t127.0.0.0\t255.0.0.0\tscram-sha-256\t# the shop',
    administrator,
    '   host replication dr_repl 127.0.0.0 255.0.0.0 scram-sha-256',
  ]),
  file('reject lines before others', 'Some are turned away before all are let in.', [
    'host all mallory 127.0.0.0/8 reject',
    'host replication mallory 127.0.0.0/8 reject',
    'host all all 127.0.0.0/8 scram-sha-256',
    replication,
  ]),
  file('continued lines', 'A line that goes on behind a backslash.', [
    'host all all \\',
    '  127.0.0.0/8 scram-sha-256',
    'host replication \\',
    'dr_repl 127.0.0.0/8 scram-sha-256',
  ]),
  file('hostnossl', 'Lines for connections without encryption.', [
    'hostnossl all all 127.0.0.0/8 scram-sha-256',
    'hostnossl replication dr_repl 127.0.0.0/8 scram-sha-256',
  ]),
  file('the administrator is trusted at home', 'No password is asked from the host itself.', ['host all dr_admin 127.0.0.0/8 trust', ...ordinary]),
  {
    name: 'roles by membership',
    group: 'access file',
    like: 'Customers get in as members of a group, by +group and samerole.',
    setUp: (estate) => {
      estate.asAdministrator('east', 'create role writers; grant writers to erlmcp, dr_repl; create role app; grant app to erlmcp');
      accessFile(estate, [administrator, 'host samerole all 127.0.0.0/8 scram-sha-256', 'host app +writers 127.0.0.0/8 scram-sha-256', replication]);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'md5 passwords',
    group: 'access file',
    like: 'Lines ask for md5, and the administrator´s password is stored as an md5 hash.',
    setUp: async (estate) => {
      estate.asAdministrator('east', "set password_encryption = 'md5'; alter role dr_admin password 'test-only'");
      accessFile(estate, ['host all all 127.0.0.0/8 md5', 'host replication dr_repl 127.0.0.0/8 md5']);
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'replication by TLS and certificate',
    group: 'access file',
    like: 'Standbys prove themselves by a client certificate; everybody else comes by password over TLS.',
    setUp: async (estate) => {
      const tls = certificates(estate, ['server', 'dr_repl']);
      for (const site of sites)
        await set(estate, site, {
          ssl: 'on',
          ssl_cert_file: `'${tls.certificate('server')}'`,
          ssl_key_file: `'${tls.key('server')}'`,
          ssl_ca_file: `'${tls.authority}'`,
        });
      accessFile(estate, ['host all all 127.0.0.0/8 scram-sha-256', 'hostssl replication dr_repl 127.0.0.0/8 cert']);
      for (const site of ['west', 'north'] as const) {
        const words = `host=${estate.address('east')} port=5432 user=dr_repl application_name=${site} sslmode=verify-full sslrootcert=${tls.authority} sslcert=${tls.certificate('dr_repl')} sslkey=${tls.key('dr_repl')}`;
        await set(estate, site, { primary_conninfo: `'${words}'` });
      }
      await streams(estate);
    },
    expected: { comes: 'works' },
  },
  {
    name: 'a symbolic link',
    group: 'access file',
    like: 'pg_hba.conf is a link into a folder that other tools manage.',
    setUp: (estate) => {
      const real = estate.path('east', 'managed');
      mkdirSync(real);
      renameSync(estate.path('east', 'pg', 'pg_hba.conf'), `${real}/hba`);
      symlinkSync(`${real}/hba`, estate.path('east', 'pg', 'pg_hba.conf'));
      estate.owned(real);
      reload(estate, 'east');
    },
    expected: { comes: 'works' },
  },
  {
    name: 'hba_file elsewhere, not told',
    group: 'access file',
    like: 'The server reads another file than the agent would close, as Debian´s packages have it.',
    setUp: (estate) => moveAccessFile(estate, false),
    expected: { comes: 'refused', says: /reads .*\/etc\/hba, .*set PG_HBA to .*\/etc\/hba in agent\.conf/ },
  },
  {
    name: 'hba_file elsewhere, told',
    group: 'access file',
    like: 'The same, and agent.conf names the file.',
    setUp: (estate) => moveAccessFile(estate, true),
    expected: { comes: 'works' },
  },
  {
    name: 'a file that the agent may not replace',
    group: 'access file',
    like: 'pg_hba.conf stands in a folder that belongs to root.',
    setUp: async (estate) => {
      await moveAccessFile(estate, true);
      execFileSync('chown', ['-R', 'root:root', estate.path('east', 'etc')]);
      chmodSync(estate.path('east', 'etc', 'hba'), 0o644);
    },
    expected: { comes: 'refused', says: /cannot be replaced: the agent's account needs the right to write its folder/ },
    needs: 'root',
  },
  {
    name: 'the administrator is not let in',
    group: 'access file',
    like: 'The agent´s password file is out of date.',
    setUp: (estate) => writeFileSync(estate.path('east', 'pgpass'), '*:*:*:*:of-last-year\n'),
    expected: { comes: 'refused', says: /does not let dr_admin in .*password authentication failed.*the database is as it was/ },
  },
  {
    name: 'a line that the server cannot read',
    group: 'access file',
    like: 'One line of the file has a typing error, so that each reload keeps the lines from before.',
    setUp: (estate) => {
      const path = estate.path('east', 'pg', 'pg_hba.conf');
      writeFileSync(path, `${readFileSync(path, 'utf8')}host app erlmcp nowhere/8 sram\n`);
      reload(estate, 'east');
    },
    expected: { comes: 'refused', says: /pg_hba\.conf at east cannot be read by its server \(line 3: / },
  },
];

async function moveAccessFile(estate: TestEstate, told: boolean): Promise<void> {
  const folder = estate.path('east', 'etc');
  mkdirSync(folder);
  writeFileSync(`${folder}/hba`, `${[...ordinary, others].join('\n')}\n`, { mode: 0o600 });
  estate.owned(folder);
  estate.asAdministrator('east', `alter system set hba_file = '${folder}/hba'`);
  await restartDatabase(estate, 'east');
  await streams(estate);
  if (told) agentSetting(estate, 'east', `PG_HBA=${folder}/hba`);
}
