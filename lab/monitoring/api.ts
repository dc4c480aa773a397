/** The monitoring API of the plan's source: keeps the last status that it was told. */
import { createServer, type Server } from 'node:http';
import type { LabContext, ResettableComponent } from '../component.ts';
import type { Control } from '../world.ts';

const path = '/api/status';
const bodyBytesMax = 65_536;

interface Held {
  /** The last status as it was sent, or null. */
  status: unknown;
  /** RFC 3339; null when nothing was sent. */
  receivedAt: string | null;
  posts: number;
}

export function createMonitoring(context: LabContext): { component: ResettableComponent; control: Record<string, Control> } {
  const { host, port } = context.addresses.monitoring;
  const nothing = (): Held => ({ status: null, receivedAt: null, posts: 0 });
  let held = nothing();
  let server: Server | undefined;

  const answer = (method: string | undefined, url: string | undefined, body: string): { status: number; body: unknown } => {
    if (url?.split('?', 1)[0] !== path) return { status: 404, body: { error: `There is only ${path}.` } };
    if (method === 'GET') return held.receivedAt === null ? { status: 200, body: {} } : { status: 200, body: held.status };
    if (method !== 'POST') return { status: 405, body: { error: 'Use GET or POST.' } };
    let status: unknown;
    try {
      status = JSON.parse(body);
    } catch {
      return { status: 400, body: { error: 'The body is not JSON; the status was left as it was.' } };
    }
    held = { status, receivedAt: new Date().toISOString(), posts: held.posts + 1 };
    return { status: 200, body: { accepted: true } };
  };

  const component: ResettableComponent = {
    name: 'monitoring',
    start() {
      const started = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8');
        request.on('data', (part: string) => {
          body += part;
          if (body.length > bodyBytesMax) request.destroy();
        });
        request.on('end', () => {
          const { status, body: content } = answer(request.method, request.url, body);
          response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(content)}\n`);
        });
      });
      server = started;
      return new Promise((resolve, reject) => started.once('error', reject).listen(port, host, resolve));
    },
    check: async () => (server?.listening ? null : `The monitoring API does not listen on ${host}:${port}.`),
    stop() {
      server?.closeAllConnections();
      return new Promise((resolve) => (server ? server.close(() => resolve()) : resolve()));
    },
    async reset() {
      held = nothing();
    },
  };
  /** Gives the last status, when it came, and how many came since the start or the last reset. */
  return { component, control: { 'monitoring/state': async () => held } };
}
