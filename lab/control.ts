/** The lab's control over HTTP: JSON POST /<verb>, for `dr-lab`, tests and the sites' own tools. On loopback only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Control } from './component.ts';

const bodyBytesMax = 1024 * 1024;

export interface ControlServer {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `verbs` by path without the leading slash. An Error of a verb becomes status 400 with its sentence. */
export function createControlServer(address: { readonly host: string; readonly port: number }, verbs: () => Readonly<Record<string, Control>>): ControlServer {
  const server: Server = createServer((request, response) => void answer(request, response, verbs()));
  // Requests such as `reset` take seconds; idle ones are not kept, so that a stop is quick.
  server.keepAliveTimeout = 100;
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          const what = error.code === 'EADDRINUSE' ? 'is in use: another lab runs here' : `cannot be used: ${error.message}`;
          reject(
            new Error(`The control address ${address.host}:${address.port} ${what}. Nothing was changed. End it with dr-lab down, or choose another --lab.`),
          );
        });
        server.listen(address.port, address.host, () => resolve());
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, verbs: Readonly<Record<string, Control>>): Promise<void> {
  const path = (request.url ?? '/').split('?')[0]?.slice(1) ?? '';
  const verb = Object.hasOwn(verbs, path) ? verbs[path] : undefined;
  if (!verb || request.method !== 'POST') return send(response, 404, { error: `The lab has no verb ${request.method} /${path}. Nothing was changed.` });
  try {
    const result = await verb(await readBody(request));
    if (typeof result === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(result);
    else send(response, 200, result ?? {});
  } catch (error) {
    send(response, 400, { error: (error as Error).message });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new Error('The request is too long; nothing was changed.');
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('The request is not JSON; nothing was changed.');
  }
}
