/** The worker that was built, as a process, and the ports that it is given. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface WorkerProcess {
  readonly pid: number;
  /** Address of its health page. */
  readonly health: string;
  /** Address of its metrics. */
  readonly metrics: string;
  /** Without a warning. */
  kill(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Starts one and waits until it is healthy. Its secrets are there, and open nothing. */
export async function startWorkerProcess(environment: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const [health, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const variables = {
    PATH: process.env['PATH'],
    DR_PLAN: 'plan/erlmcp',
    DR_WORKFLOW_BUNDLE: 'dist/workflow-bundle.js',
    DR_HEALTH_ADDRESS: health,
    DR_METRICS_ADDRESS: metrics,
    DR_DATABASE_OBSERVER_PASSWORD: 'x',
    DR_CACHE_OBSERVER_PASSWORD: 'x',
    ...environment,
  };
  const child: ChildProcess = spawn(process.execPath, ['dist/workers/main.js'], { cwd: root, env: variables, stdio: 'ignore' });
  await until('the worker is healthy', async () => ((await fetch(`http://${health}/health`)).ok ? true : undefined), 60);
  return {
    pid: child.pid ?? 0,
    health: `http://${health}/health`,
    metrics: `http://${metrics}/metrics`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
