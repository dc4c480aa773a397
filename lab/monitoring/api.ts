/** A monitoring API that takes CloudEvents only: keeps the data of the last one, and takes a repeat for what it is. */
import { createServer, type Server } from 'node:http';
import type { Control, LabContext, ResettableComponent } from '../component.ts';
import { readCloudEvent } from './cloud-event.ts';

const path = '/api/status';
const bodyBytesMax = 65_536;

interface Held {
  /** Data of the last event, or null. */
  status: unknown;
  /** RFC 3339; null when nothing was sent. */
  receivedAt: string | null;
  /** Events that were taken, each once. */
  posts: number;
  /** Events that came again, and were left. */
  repeats: number;
  /** Requests that were no CloudEvent. */
  refused: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function createMonitoring(context: LabContext): { component: ResettableComponent; control: Record<string, Control> } {
  const { host, port } = context.addresses.monitoring;
  const nothing = (): Held => ({ status: null, receivedAt: null, posts: 0, repeats: 0, refused: 0 });
  let held = nothing();
  const seen = new Set<string>();
  let server: Server | undefined;

  const take = (contentType: string | undefined, body: string): Answer => {
    const read = readCloudEvent(contentType, body);
    if ('problems' in read) {
      held = { ...held, refused: held.refused + 1 };
      return { status: 400, body: { error: `This is no CloudEvent; the status was left as it was: ${read.problems.join('; ')}.` } };
    }
    const { source, id, data } = read.event;
    const key = JSON.stringify([source, id]);
    if (seen.has(key)) held = { ...held, repeats: held.repeats + 1 };
    else held = { ...held, status: data, receivedAt: new Date().toISOString(), posts: held.posts + 1 };
    seen.add(key);
    return { status: 200, body: { accepted: true } };
  };

  const answer = (method: string | undefined, url: string | undefined, contentType: string | undefined, body: string): Answer => {
    if (url?.split('?', 1)[0] !== path) return { status: 404, body: { error: `There is only ${path}.` } };
    if (method === 'GET') return held.receivedAt === null ? { status: 200, body: {} } : { status: 200, body: held.status };
    return method === 'POST' ? take(contentType, body) : { status: 405, body: { error: 'Use GET or POST.' } };
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
          const { status, body: content } = answer(request.method, request.url, request.headers['content-type'], body);
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
      seen.clear();
    },
  };
  /** Gives the last status, when it came, and how many events were taken, came again or were refused since the start or the last reset. */
  return { component, control: { 'monitoring/state': async () => held } };
}
