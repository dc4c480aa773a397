/** The erlmcp stand-in of one site. Usage: main CONFIG.json. SIGHUP: read `<stateDir>/workers` again; SIGTERM: end. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { aboutTrees } from './about.ts';
import { WorkerUnits } from './capacity.ts';
import { readStandInConfig, type StandInConfig } from './config.ts';
import { openDatabase } from './database.ts';
import { FaultsReader } from './faults.ts';
import { servedFunctions } from './functions.ts';
import { Service, type Answer } from './service.ts';
import { openSessions } from './sessions.ts';

const bodyBytesMax = 4_096;
const requestTimeoutMs = 5_000;

/** Units as the capacity command last set them. */
function configuredUnits(config: StandInConfig): number {
  try {
    const count = Number(readFileSync(join(config.stateDir, 'workers'), 'utf8').trim());
    return Number.isInteger(count) && count >= 0 ? count : config.workers;
  } catch {
    return config.workers;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= bodyBytesMax) parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function respond(service: Service, site: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    const url = new URL(request.url ?? '/', 'https://service.invalid');
    answer = await service.answer({ method: request.method ?? 'GET', url, body: request.method === 'POST' ? await bodyOf(request) : '' });
  } catch (error) {
    log((error as Error).stack ?? String(error));
    answer = { status: 500, body: { error: 'internal', message: 'The service failed; its log says how.' } };
  }
  if (response.destroyed) return;
  const isText = typeof answer.body === 'string';
  response.writeHead(answer.status, {
    'content-type': isText ? 'text/plain; version=0.0.4' : 'application/json',
    'x-site': site,
    ...(answer.retryAfterSeconds === undefined ? {} : { 'retry-after': String(answer.retryAfterSeconds) }),
  });
  response.end(isText ? answer.body : `${JSON.stringify(answer.body)}\n`);
}

const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

function main(configFile: string | undefined): void {
  if (configFile === undefined) {
    process.stderr.write('Usage: main CONFIG.json\n');
    process.exit(64);
  }
  const config = readStandInConfig(configFile);
  const sessions = openSessions(config.redis);
  const units = new WorkerUnits(configuredUnits(config), config.ratePerWorker);
  const faults = new FaultsReader(config.faultsFile);
  const database = openDatabase(config.database, () => faults.alone());
  const service = new Service({
    site: config.site,
    units,
    faults,
    about: () => aboutTrees(config.trees),
    functions: servedFunctions.map((served) => ({ ...served, entries: served.store.kind === 'table' ? database.store(served.store.table) : sessions.store })),
  });

  const server = createServer(
    { cert: readFileSync(config.certFile), key: readFileSync(config.keyFile), requestTimeout: requestTimeoutMs },
    (request, response) => {
      void respond(service, config.site, request, response);
    },
  );
  server.on('tlsClientError', () => {});
  const listen = () =>
    server.listen(config.port, config.host, () => log(`erlmcp of ${config.site} listens on ${config.host}:${config.port} with ${units.count} worker units`));
  setTimeout(listen, faults.startSeconds() * 1000);

  process.on('SIGHUP', () => {
    units.resize(configuredUnits(config));
    log(`${units.count} worker units`);
  });
  const end = () => {
    server.close();
    server.closeAllConnections();
    sessions.close();
    // Connections whose write waits for a standby would keep the process: the answer was never given, so nothing is lost with them.
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

main(process.argv[2]);
