/** The Route 53 API in front of the emulator: records and their changes are as honest as AWS's, the rest passes through, faults can be switched on. */
import { createServer, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { apiError, changeAccepted, changeStatus, healthCheckStatus, parseChanges, parseListStart, recordSetList } from './api.ts';
import type { HealthChecker } from './checker.ts';
import type { RecordChange } from './records.ts';
import type { Zone } from './zone.ts';

const emulatorTimeoutMs = 5_000;

/** A call that changes something, as it came. */
export interface MutatingCall {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** HTTP status that was, or would have been, answered. */
  status: number;
  /** False when the reply was thrown away. */
  answered: boolean;
}

export interface ProxyParts {
  readonly listen: { readonly host: string; readonly port: number };
  readonly emulator: { readonly host: string; readonly port: number };
  readonly checkerAddress: string;
  readonly zone: Zone;
  readonly checker: HealthChecker;
  hostedZoneId(): string;
  /** After a change of health checks at the emulator. */
  healthChecksChanged(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

const xml = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/xml' }, body });

export class Route53Proxy {
  readonly mutatingCalls: MutatingCall[] = [];
  available = true;
  /** So many of the next calls are refused with `Throttling`. */
  throttledCalls = 0;
  /** Their HTTP status: Route 53's own, or 429, as what stands before an API says it. */
  throttledStatus: 400 | 429 = 400;
  /** So many of the next calls are answered 500. */
  failingCalls = 0;
  /** So many of the next accepted mutating calls are applied without a reply. */
  lostReplies = 0;
  readonly #parts: ProxyParts;
  readonly #server: Server;
  readonly #hanging = new Set<ServerResponse>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  listen(): Promise<void> {
    const { host, port } = this.#parts.listen;
    return new Promise((resolve, reject) => this.#server.once('error', reject).listen(port, host, resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** False: every call hangs, those on open connections too. */
  setAvailable(available: boolean): void {
    this.available = available;
    if (!available) return;
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      return;
    }
    if (!this.available) {
      this.#hanging.add(response);
      response.once('close', () => this.#hanging.delete(response));
      return;
    }
    const body = Buffer.concat(parts);
    const mutating = request.method !== 'GET' && request.method !== 'HEAD';
    const call: MutatingCall = {
      at: new Date().toISOString(),
      method: request.method ?? '',
      path: request.url ?? '',
      body: body.toString('utf8'),
      status: 0,
      answered: true,
    };
    if (mutating) this.mutatingCalls.push(call);
    const reply = await this.#reply(request, call, body).catch((error: Error) => xml(500, apiError('InternalFailure', error.message)));
    call.status = reply.status;
    if (mutating && reply.status < 300 && this.lostReplies > 0) {
      this.lostReplies -= 1;
      call.answered = false;
      response.destroy();
      return;
    }
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }

  async #reply(request: IncomingMessage, call: MutatingCall, body: Buffer): Promise<Reply> {
    if (this.throttledCalls > 0) {
      this.throttledCalls -= 1;
      return xml(this.throttledStatus, apiError('Throttling', 'Rate exceeded'));
    }
    if (this.failingCalls > 0) {
      this.failingCalls -= 1;
      return xml(500, apiError('InternalFailure', 'The request processing has failed because of an unknown error.'));
    }
    const [path = '', query] = call.path.split('?', 2);
    const zoneId = /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/.exec(path)?.[1];
    if (zoneId !== undefined && call.method === 'POST') return this.#oneAtATime(async () => this.#changeRecords(zoneId, call.body));
    if (zoneId !== undefined && zoneId === this.#parts.hostedZoneId()) {
      return xml(200, recordSetList(this.#parts.zone.listed(), parseListStart(new URLSearchParams(query))));
    }
    const changeId = /^\/2013-04-01\/change\/([^/]+)$/.exec(path)?.[1];
    if (changeId !== undefined) {
      const change = this.#parts.zone.change(changeId);
      return change ? xml(200, changeStatus(change)) : xml(404, apiError('NoSuchChange', `Could not find resource with ID: ${changeId}`));
    }
    const healthCheckId = /^\/2013-04-01\/healthcheck\/([^/]+)\/status$/.exec(path)?.[1];
    if (healthCheckId !== undefined) return this.#healthCheckStatus(healthCheckId);
    const reply = await this.#forward(request, body);
    if (path.startsWith('/2013-04-01/healthcheck') && call.method !== 'GET') await this.#parts.healthChecksChanged();
    return reply;
  }

  #oneAtATime<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => {});
    return result;
  }

  #changeRecords(zoneId: string, body: string): Reply {
    if (zoneId !== this.#parts.hostedZoneId()) return xml(404, apiError('NoSuchHostedZone', `No hosted zone found with ID: ${zoneId}`));
    let changes: RecordChange[];
    try {
      changes = parseChanges(body);
    } catch (error) {
      return xml(400, apiError('InvalidInput', (error as Error).message));
    }
    const result = this.#parts.zone.check(changes, this.#parts.checker.ids());
    if (!result.ok) return xml(400, apiError('InvalidChangeBatch', `[${result.messages.join(', ')}]`));
    return xml(200, changeAccepted(this.#parts.zone.accept(result.recordSets)));
  }

  #healthCheckStatus(id: string): Reply {
    const { checker, checkerAddress } = this.#parts;
    if (checker.isCalculated(id)) return xml(400, apiError('InvalidInput', 'The status of a calculated health check is not observed; ask for its children.'));
    if (!checker.ids().has(id)) return xml(404, apiError('NoSuchHealthCheck', `Health check not found with id ${id}`));
    return xml(200, healthCheckStatus(checker.observation(id), checkerAddress));
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<Reply> {
    const { host, port } = this.#parts.emulator;
    const { 'transfer-encoding': _chunked, ...headers } = request.headers;
    return new Promise((resolve, reject) => {
      const options = { host, port, method: request.method, path: request.url, headers: { ...headers, 'content-length': body.length }, agent: false };
      const onward = httpRequest(options, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const type = answer.headers['content-type'] ?? 'text/xml';
          resolve({ status: answer.statusCode as number, headers: { 'content-type': type }, body: Buffer.concat(parts) });
        });
      });
      onward.setTimeout(emulatorTimeoutMs, () => onward.destroy(new Error(`The emulator gave no answer within ${emulatorTimeoutMs / 1000} s.`)));
      onward.on('error', reject);
      onward.end(body);
    });
  }
}
