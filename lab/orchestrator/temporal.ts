/** Temporal's development server with its UI, in a file with write-ahead log: a third of the time an activity takes without. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rmSync } from 'node:fs';
import { repositoryRoot } from '../paths.ts';
import { findTemporal } from '../setup/paths.ts';
import { answers, freePort } from '../ports.ts';
import { type Background, startBackground, waitFor } from './programs.ts';

export interface TemporalServer {
  readonly address: string;
  /** Address of Temporal UI. */
  readonly ui: string;
  /** Ends it without a warning, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the database and the ports that it had. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

/** Search attributes that runs set; the server refuses unknown ones. Named here as well as in workflows/, since the lab shares no code with what it judges. */
const searchAttributes = ['DrEstate', 'DrProcedure', 'DrPhase', 'DrMode'];

/** A server that listens may still refuse what it is asked: it says itself when it serves. */
async function isHealthy(program: string, port: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)(program, ['operator', 'cluster', 'health', '--address', `127.0.0.1:${port}`]);
  return stdout.includes('SERVING');
}

/** Starts the server with an empty database under `folder`. */
export async function startTemporal(folder: string, ports: { readonly server: number; readonly ui: number }): Promise<TemporalServer> {
  const program = findTemporal(repositoryRoot());
  if (!program) throw new Error('The Temporal command line is missing. Nothing was started. Run: npm run setup');
  const port = await freePort(ports.server);
  const uiPort = await freePort(ports.ui);
  const file = join(folder, 'temporal.db');
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  const command = [
    program, 'server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-ip', '127.0.0.1', '--ui-port', String(uiPort), '--log-level', 'error',
    '--db-filename', file, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL',
    '--dynamic-config-value', 'system.enableActivityEagerExecution=true',
    ...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ]; // prettier-ignore
  const launch = async (): Promise<Background> => {
    const started = startBackground(command, join(folder, 'temporal.log'));
    const ended = () => (started.ended() ? `look in ${join(folder, 'temporal.log')}` : null);
    await waitFor('Temporal', async () => (await answers(port)) && (await answers(uiPort)) && (await isHealthy(program, port)), 60_000, ended);
    return started;
  };
  let server = await launch();
  return {
    address: `127.0.0.1:${port}`,
    ui: `http://127.0.0.1:${uiPort}`,
    kill: () => server.kill(),
    async startAgain() {
      server = await launch();
    },
    stop: () => server.stop(),
  };
}
