/** Calls the application service as the plan describes it: TLS under the public name, at whatever address. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { resolve } from 'node:path';
import type { Endpoint, Plan } from '../../plan/schema.ts';

const bodyBytesMax = 1_000_000;

export interface ServiceAnswer {
  readonly status: number;
  readonly body: string;
  /** Site that the answer says it comes from; undefined where the service does not say. */
  readonly site: string | undefined;
}

export interface ServiceCall {
  readonly endpoint: Endpoint;
  /** Path with its query. */
  readonly path: string;
  /** From the start of the connection to the last byte. */
  readonly timeoutMilliseconds: number;
}

/** Calls of one plan's service. */
export interface ServiceCaller {
  /** Rejects with one sentence when no whole answer came. */
  call(call: ServiceCall): Promise<ServiceAnswer>;
}

/** Reads the certificate authority that the plan names; without one the system's own count. */
export async function createServiceCaller(plan: Plan, planFolder: string): Promise<ServiceCaller> {
  const { caFile, publicHost } = plan.estate.service;
  const ca = caFile === undefined ? undefined : await readFile(resolve(planFolder, caFile), 'utf8');
  return { call: (call) => callOnce(call, publicHost, ca) };
}

function callOnce({ endpoint, path, timeoutMilliseconds }: ServiceCall, publicHost: string, ca: string | undefined): Promise<ServiceAnswer> {
  return new Promise((answered, failed) => {
    const sent = request(
      {
        host: endpoint.host,
        port: endpoint.port,
        path,
        servername: publicHost,
        headers: { host: publicHost, accept: 'application/json, text/plain' },
        agent: false, // a kept connection could lead to a server that is no longer the one behind the address
        ...(ca === undefined ? {} : { ca }),
        signal: AbortSignal.timeout(timeoutMilliseconds),
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes <= bodyBytesMax) parts.push(part);
        });
        response.on('error', (error) => failed(sentence(error, timeoutMilliseconds)));
        response.on('end', () =>
          answered({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8'), site: header(response.headers['x-site']) }),
        );
      },
    );
    sent.on('error', (error) => failed(sentence(error, timeoutMilliseconds)));
    sent.end();
  });
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function sentence(error: Error, timeoutMilliseconds: number): Error {
  const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError';
  return new Error(timedOut ? `no answer within ${timeoutMilliseconds} ms` : `no answer: ${error.message}`, { cause: error });
}
