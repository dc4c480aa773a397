/** What the stand-in answers, apart from how it listens. */
import { createHash } from 'node:crypto';
import type { About } from './about.ts';
import type { WorkerUnits } from './capacity.ts';
import { unitsAtFullCapacity } from './config.ts';
import type { FaultsReader } from './faults.ts';
import type { ServedFunction } from './functions.ts';
import { StoreRefusal, type EntryStore } from './outcome.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> | string;
  readonly retryAfterSeconds?: number;
}

export interface ServiceParts {
  readonly site: string;
  readonly units: WorkerUnits;
  readonly faults: FaultsReader;
  /** What `/about` answers. */
  readonly about: () => About;
  readonly functions: readonly (ServedFunction & { readonly entries: EntryStore })[];
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** Customer name under which probes write. */
const probeCustomer = 'probe';

export class Service {
  readonly #parts: ServiceParts;
  readonly #startedAtMs = performance.now();
  #requests = 0;
  #refused = 0;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async answer(call: Call): Promise<Answer> {
    const { pathname } = call.url;
    if (pathname === '/health') return { status: 200, body: { status: 'healthy', site: this.#parts.site } };
    if (pathname === '/metrics') return { status: 200, body: this.#metrics() };
    if (pathname === '/about') return { status: 200, body: { site: this.#parts.site, ...this.#parts.about() } };
    const served = this.#parts.functions.find(({ path }) => pathname === path || pathname === `${path}/probe`);
    if (!served) return { status: 404, body: { error: 'not-found', message: `This service has no ${pathname}.` } };
    this.#requests += 1;
    const isProbe = pathname.endsWith('/probe');
    // Probes are the operators' own and do not compete with customers.
    if (!isProbe && !this.#parts.units.take()) {
      this.#refused += 1;
      return { status: 503, retryAfterSeconds: 1, body: { error: 'capacity', message: 'All worker units are busy.' } };
    }
    try {
      if (isProbe) return await this.#probe(served, call.url.searchParams.get('write'));
      return call.method === 'POST' ? await this.#write(served, call.body) : await this.#read(served, call.url.searchParams.get('customer'));
    } catch (error) {
      if (error instanceof StoreRefusal) return { status: 503, body: { error: error.reason, message: error.message } };
      throw error;
    }
  }

  async #write(served: ServiceParts['functions'][number], body: string): Promise<Answer> {
    const write = parseWrite(body);
    if (!write) return { status: 400, body: { error: 'bad-request', message: 'Send JSON such as {"customer":"acme","sequence":1}.' } };
    await served.entries.write(write.customer, write.sequence, `${write.customer}-${write.sequence}`);
    return { status: 200, body: { function: served.id, ...write } };
  }

  async #read(served: ServiceParts['functions'][number], customer: string | null): Promise<Answer> {
    const frozenAt = this.#parts.faults.frozenAt();
    const newest = await (customer === null ? served.entries.newest(frozenAt) : served.entries.newestOf(customer, frozenAt));
    return { status: 200, body: { function: served.id, newest: newest?.token ?? null, asOf: newest?.writtenAt ?? null } };
  }

  /** Writes the token through the function's store and reads it back as customers would. */
  async #probe(served: ServiceParts['functions'][number], token: string | null): Promise<Answer> {
    if (token === null || !/^[\w.:-]{1,128}$/.test(token)) {
      return { status: 400, body: { error: 'bad-request', message: 'Give write=TOKEN, 1 to 128 letters, digits or . : _ -' } };
    }
    const frozenAt = this.#parts.faults.frozenAt();
    const sequence = sequenceOf(token);
    let status = 'ok';
    try {
      await served.entries.write(probeCustomer, sequence, token);
    } catch (error) {
      if (!(served.readOnlyIsDegraded && error instanceof StoreRefusal && error.reason === 'read-only')) throw error;
      status = 'degraded';
    }
    const newest = await served.entries.newest(frozenAt);
    const readBack = (await served.entries.read(probeCustomer, sequence, frozenAt)) ?? newest;
    const written = status === 'ok' ? token : null;
    return { status: 200, body: { function: served.id, status, written, readBack: readBack?.token ?? null, asOf: newest?.writtenAt ?? null } };
  }

  #metrics(): string {
    const { site, units } = this.#parts;
    const uptimeSeconds = ((performance.now() - this.#startedAtMs) / 1000).toFixed(3);
    const gauge = (name: string, type: string, value: number | string) => `# TYPE ${name} ${type}\n${name}{site="${site}"} ${value}\n`;
    return [
      gauge('erlmcp_uptime', 'gauge', uptimeSeconds),
      gauge('erlmcp_requests_total', 'counter', this.#requests),
      gauge('erlmcp_refused_total', 'counter', this.#refused),
      gauge('erlmcp_capacity_percent', 'gauge', (units.count / unitsAtFullCapacity) * 100),
    ].join('');
  }
}

/** A probe's key follows from its token, so that a repeated probe writes the same entry. */
function sequenceOf(token: string): number {
  return createHash('sha256').update(token).digest().readUIntBE(0, 6);
}

function parseWrite(body: string): { customer: string; sequence: number } | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const { customer, sequence } = (value ?? {}) as { customer?: unknown; sequence?: unknown };
  if (typeof customer !== 'string' || !/^[a-z0-9-]{1,64}$/.test(customer) || !Number.isSafeInteger(sequence)) return null;
  return { customer, sequence: sequence as number };
}
