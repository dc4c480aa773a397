/** Temporal's development server with its UI, in a file with write-ahead log: a third of the time an activity takes without. */
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { repositoryRoot } from '../paths.ts';
import { findTemporal } from '../setup/paths.ts';
import { type Background, freePort, startBackground, waitFor } from './programs.ts';

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
    await waitFor('Temporal', async () => (await answers(port)) && (await answers(uiPort)), 60_000, ended);
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

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
