/** One customer: calls each function at its interval, whether or not earlier calls were answered, and notes how each call ended. */
import { Agent, request } from 'node:https';
import type { LedgerEntry } from './ledger.ts';
import type { CustomerResolver } from './resolver.ts';

/** Customers' own knowledge of the service. */
export const customerFunctions = ['customer-api', 'session-management', 'payment-processing', 'analytics', 'admin-console'] as const;

export const callTimeoutMs = 1_000;

export interface CustomerOptions {
  readonly name: string;
  readonly publicHost: string;
  readonly port: number;
  readonly ca: Buffer;
  readonly resolver: CustomerResolver;
  note(entry: LedgerEntry): void;
}

interface Answer {
  readonly outcome: LedgerEntry['outcome'];
  readonly site?: string;
  readonly detail?: string;
}

export class Customer {
  readonly #options: CustomerOptions;
  readonly #agent: Agent;
  /** Milliseconds since 1970 at the start, so that numbers stay unique over restarts: a customer writes far less than once a millisecond. */
  #sequence = Date.now();
  #timers: NodeJS.Timeout[] = [];
  #inFlight = 0;

  constructor(options: CustomerOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ca: options.ca, servername: options.publicHost });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Calls each function every `intervalMs`, writing and reading in turn; `offsetMs` spreads customers, `delayMs` lets them come one by one. In flight are at
   * most the calls of one time-out.
   */
  start(intervalMs: number, offsetMs: number, delayMs: number): void {
    this.stop();
    customerFunctions.forEach((name, index) => {
      const startMs = delayMs + ((offsetMs + (index * intervalMs) / customerFunctions.length) % intervalMs);
      let kind: LedgerEntry['kind'] = 'write';
      const fire = () => {
        void this.#call(name, kind);
        kind = kind === 'write' ? 'read' : 'write';
      };
      this.#timers.push(
        setTimeout(() => {
          fire();
          this.#timers.push(setInterval(fire, intervalMs));
        }, startMs),
      );
    });
  }

  /** No new calls; those in flight end by themselves. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  async #call(name: string, kind: LedgerEntry['kind']): Promise<void> {
    this.#inFlight += 1;
    const sequence = kind === 'write' ? this.#sequence++ : undefined;
    const sentAtMs = Date.now();
    let address: string | undefined;
    let answer: Answer;
    try {
      address = await this.#options.resolver.resolve(this.#options.publicHost);
      answer = await this.#send(address, name, sequence, callTimeoutMs - (Date.now() - sentAtMs));
    } catch (error) {
      answer = { outcome: 'failed', detail: (error as Error).message };
    }
    this.#inFlight -= 1;
    this.#options.note({
      customer: this.#options.name,
      function: name,
      kind,
      ...(sequence === undefined ? {} : { sequence }),
      sentAtMs,
      endedAtMs: Date.now(),
      ...(address === undefined ? {} : { address }),
      ...answer,
    });
  }

  #send(address: string, name: string, sequence: number | undefined, timeoutMs: number): Promise<Answer> {
    const { publicHost, port } = this.#options;
    return new Promise((resolve, reject) => {
      const call = request({
        host: address,
        port,
        path: sequence === undefined ? `/${name}?customer=${this.#options.name}` : `/${name}`,
        method: sequence === undefined ? 'GET' : 'POST',
        agent: this.#agent,
        headers: { host: publicHost, ...(sequence === undefined ? {} : { 'content-type': 'application/json' }) },
      });
      const timer = setTimeout(() => call.destroy(new Error('no answer in time')), Math.max(1, timeoutMs));
      call.on('close', () => clearTimeout(timer));
      call.on('error', reject);
      call.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body += part));
        response.on('error', reject);
        response.on('end', () => resolve(judge(response.statusCode as number, response.headers, body)));
      });
      call.end(sequence === undefined ? undefined : JSON.stringify({ customer: this.#options.name, sequence }));
    });
  }
}

function judge(status: number, headers: NodeJS.Dict<string | string[]>, body: string): Answer {
  const site = headers['x-site'];
  const from = typeof site === 'string' ? { site } : {};
  if (status >= 200 && status < 300) return { outcome: 'ok', ...from };
  if (status === 503 && headers['retry-after'] !== undefined) return { outcome: 'refused', ...from };
  return { outcome: 'failed', ...from, detail: `${status} ${body.trim().slice(0, 160)}` };
}
