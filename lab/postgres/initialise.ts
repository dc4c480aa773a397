/** Makes the data folder that all sites' databases begin with. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { asUnprivileged } from '../identity.ts';
import { serverFile } from '../ownership.ts';
import { run } from '../run.ts';
import { accounts, databaseName } from '../settings.ts';
import { program } from '../setup/paths.ts';

const port = 5432;

/** Runs initdb, creates accounts, database, schema and seed rows, and shuts down cleanly. Takes 2–3 s. */
export async function initialiseData(pgdata: string, host: string, passwords: Readonly<Record<keyof typeof accounts, string>>, schema: string): Promise<void> {
  const passwordFile = serverFile(`${pgdata}.password`, `${passwords.admin}\n`);
  const initdb = [program('initdb'), '-D', pgdata, '-U', accounts.admin, '--pwfile', passwordFile, '-A', 'scram-sha-256'];
  await run([...initdb, '-E', 'UTF8', '--locale=C.UTF-8', '--wal-segsize=1', '--no-sync'], { unprivileged: true, cwd: '/' });
  rmSync(passwordFile);
  const server = await temporaryServer(pgdata, host);
  try {
    const psql = (database: string, sql: string) =>
      run([program('psql'), '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', accounts.admin, '-d', database, '-f', '-'], {
        env: { ...process.env, PGPASSWORD: passwords.admin, PGCONNECT_TIMEOUT: '5' },
        input: sql,
      });
    await waitUntilItAnswers(psql);
    await psql('postgres', accountsSql(passwords));
    await psql(databaseName, schema);
    // Row flags that a later read would set are set now, so that the copies do not differ by who read what.
    await psql(databaseName, 'vacuum (freeze, analyze); checkpoint;');
  } finally {
    server.kill('SIGINT');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  }
}

function accountsSql(passwords: Readonly<Record<keyof typeof accounts, string>>): string {
  return [
    `create role ${accounts.replication} login replication password '${passwords.replication}';`,
    `create role ${accounts.service} login password '${passwords.service}';`,
    `create role ${accounts.observer} login password '${passwords.observer}';`,
    `create database ${databaseName};`,
    `grant connect on database ${databaseName} to ${accounts.service}, ${accounts.observer}, ${accounts.replication};`,
  ].join('\n');
}

async function temporaryServer(pgdata: string, host: string) {
  const settings = [`listen_addresses=${host}`, `port=${port}`, 'unix_socket_directories=', 'fsync=off', 'logging_collector=off', `log_directory=.`];
  const [command, ...args] = asUnprivileged([
    'setpriv',
    '--pdeathsig',
    'KILL',
    join(program('postgres')),
    '-D',
    pgdata,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]) as [string, ...string[]];
  const server = spawn(command, args, { stdio: 'ignore', cwd: '/', detached: true });
  await once(server, 'spawn');
  return server;
}

async function waitUntilItAnswers(psql: (database: string, sql: string) => Promise<string>): Promise<void> {
  for (const deadline = Date.now() + 60_000; ;) {
    try {
      await psql('postgres', 'select 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
