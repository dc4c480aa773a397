/** PostgreSQL of one site as a component. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabSite } from '../addresses.ts';
import { startChild, until, type Child } from '../child.ts';
import type { LabContext } from '../component.ts';
import { copyData, type GoldenCopy } from '../golden.ts';
import { killTree, signalTree } from '../process-tree.ts';
import { program } from '../setup/paths.ts';
import { clockVariables } from '../site/clock.ts';
import { siteFolders } from '../site/folders.ts';
import type { Freezable, SiteServer } from '../site/server.ts';
import { adminQuery } from './query.ts';
import { writeHostRules, writePostgresConfig, writeRole } from './config.ts';
import { dropSharedMemory } from './shared-memory.ts';

export interface PostgresServer extends SiteServer, Freezable {
  readonly pgdata: string;
  /** From its next start on its clock is so much ahead. */
  setClock(aheadSeconds: number): void;
  /** Ends it with everything written to its files, as an administrator would. */
  stopInOrder(): Promise<void>;
  /** A fresh copy of the golden data in the role given. The server must not run. */
  prepare(golden: GoldenCopy, upstream: LabSite | null): Promise<void>;
  query<Row extends object = Record<string, unknown>>(sql: string, database?: string): Promise<Row[]>;
}

export function createPostgres(context: LabContext, site: LabSite, passfile: string): PostgresServer {
  const name = `postgres-${site}`;
  const folders = siteFolders(context.directory, site);
  const address = context.addresses.real(site);
  let child: Child | undefined;
  let clock: Readonly<Record<string, string>> = {};

  const signal = (name: NodeJS.Signals) => void (child?.running() && signalTree(child.pid, name));
  const query = <Row extends object>(sql: string, database = 'postgres') => adminQuery<Row>(address, passfile, database, sql);
  const check = async (): Promise<string | null> => {
    if (!child?.running()) return `PostgreSQL of ${site} does not run.`;
    try {
      await query('select 1');
      return null;
    } catch (error) {
      return `PostgreSQL of ${site} does not answer: ${(error as Error).message}.`;
    }
  };

  return {
    name,
    pgdata: folders.pgdata,
    query,
    check,
    setClock: (aheadSeconds) => void (clock = clockVariables(aheadSeconds)),
    stopInOrder: async () => child?.stop(10_000, 'SIGINT'),
    async prepare(golden, upstream) {
      clock = {};
      await dropSharedMemory(folders.pgdata);
      rmSync(folders.pgdata, { recursive: true, force: true });
      await copyData(golden, folders.pgdata);
      writePostgresConfig(folders.pgdata, address);
      writeHostRules(folders.pgdata, context.addresses.index);
      writeRole(folders.pgdata, site, upstream, context.addresses, passfile);
    },
    async start() {
      if (child?.running()) return;
      if (!existsSync(join(folders.pgdata, 'PG_VERSION'))) throw new Error(`${site} has no database. Nothing was changed. Run: dr-lab reset`);
      const command = { command: program('postgres'), args: ['-D', folders.pgdata], env: { ...process.env, ...clock } };
      child = await startChild(context, name, { ...command, cwd: folders.root, unprivileged: true });
      await until(
        async () => (await check()) === null || !child?.running(),
        60_000,
        () => `PostgreSQL of ${site} did not start within 60 s. Look in logs/${name}.log.`,
      );
      if (!child.running()) throw new Error(`PostgreSQL of ${site} ended at its start. Look in ${join(context.directory, 'logs', `${name}.log`)}.`);
    },
    // Immediate: nothing is lost, the lab's stops need no checkpoint, and a standby that is cut off would hold up an orderly one.
    async stop() {
      signal('SIGCONT');
      await child?.stop(5_000, 'SIGQUIT');
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async kill() {
      if (!child?.running()) return;
      await killTree(child.pid);
      await child.exited;
    },
    running: () => child?.running() ?? false,
  };
}
