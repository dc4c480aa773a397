/** `GET /health`: 200 while the worker polls, reaches Temporal, and some release is current, so that runs can begin; 503 with the reason otherwise. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { StuckWorkflow } from '../client/stuck.ts';
import type { ListenAddress } from './config.ts';

export interface HealthReport {
  readonly healthy: boolean;
  readonly temporal: 'reachable' | 'unreachable';
  readonly workers: readonly WorkerHealth[];
  /** By how much this machine's clock is ahead of the Temporal server's, seconds; negative when it is behind, null before the first task. Runs go by the server's. */
  readonly clockAheadSeconds: number | null;
  /** Open workflows that cannot go on. No reason to restart the worker: people must act. */
  readonly stuck: readonly StuckWorkflow[];
}

/** Of one estate that this process serves. */
export interface WorkerHealth {
  readonly estate: string;
  /** Digest of its plan. */
  readonly plan: string;
  /** The SDK's state of its worker, such as `RUNNING`. */
  readonly worker: string;
  /** The worker's own. */
  readonly release: string;
  /** The one under which new runs begin, as of at most 15 s ago; null while there is none. */
  readonly currentRelease: string | null;
}

export interface HealthEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `report()` until closed. Throws when the address is taken. */
export async function serveHealth(address: ListenAddress, report: () => Promise<HealthReport>): Promise<HealthEndpoint> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', report).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify(body)}\n`);
    });
  });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  return { port: boundPort(server), close: () => closeServer(server) };
}

async function answer(url: string, report: () => Promise<HealthReport>): Promise<{ status: number; body: unknown }> {
  if (url !== '/health') return { status: 404, body: { error: 'There is only /health here.' } };
  const health = await report();
  return { status: health.healthy ? 200 : 503, body: health };
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  if (server.listening) await once(server, 'close');
}
