/** The customers as a part of the lab: a process that can be started, stopped and set to another rate, and the judgement of its ledger. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ports } from '../addresses.ts';
import { nodeProgram, startChild, type Child } from '../child.ts';
import type { Control, LabContext, ResettableComponent } from '../component.ts';
import type { WorldOptions } from '../world-options.ts';
import { customersConfig, type CustomersConfig } from './config.ts';
import { figuresOf, type CustomerFigures } from './figures.ts';
import { readLedger } from './ledger.ts';
import { missingWrites } from './survivors.ts';

const stopGraceMs = 3_000;

export function createCustomers(context: LabContext, options: WorldOptions): { component: ResettableComponent; control: Record<string, Control> } {
  const folder = join(context.directory, 'customers');
  const ledgerFile = join(folder, 'ledger.ndjson');
  const customers = new CustomersProcess(context, join(folder, 'config.json'), {
    publicHost: options.publicHost,
    port: ports.service,
    caFile: options.caFile,
    nameServer: { host: context.addresses.authoritative, port: context.addresses.dns.port },
    customers: 10,
    writesPerSecond: 50,
    ledgerFile,
  });
  const component: ResettableComponent = {
    name: 'customers',
    /** Customers begin to call when they are told to, not with the lab. */
    async start() {
      mkdirSync(folder, { recursive: true });
    },
    check: async () => (customers.died() ? "The customers' process has ended; its log is logs/customers.log in the lab's directory." : null),
    stop: () => customers.stop(),
    async reset() {
      await customers.stop();
      rmSync(ledgerFile, { force: true });
    },
  };
  const control: Record<string, Control> = {
    /** `{ "writesPerSecond"?: n }` */
    'customers/start': async (body) => {
      if (body && typeof body === 'object' && 'writesPerSecond' in body) customers.setRate(body.writesPerSecond);
      await customers.start();
      return { running: true, writesPerSecond: customers.writesPerSecond };
    },
    'customers/stop': async () => {
      await customers.stop();
      return { running: false };
    },
    /** `{ "writesPerSecond": n }`, of all customers and functions together. */
    'customers/rate': async (body) => {
      customers.setRate((body as { writesPerSecond?: unknown } | null)?.writesPerSecond);
      return { writesPerSecond: customers.writesPerSecond };
    },
    /** `{ "since"?: RFC 3339, "until"?: RFC 3339 }` by the time of sending; gives CustomerFigures. */
    'customers/figures': async (body) => judgeCustomers(ledgerFile, () => options.stores(), body ?? {}),
  };
  return { component, control };
}

/** The process and what it is told. */
class CustomersProcess {
  readonly #context: LabContext;
  readonly #configFile: string;
  #config: CustomersConfig;
  #child: Child | undefined;

  constructor(context: LabContext, configFile: string, config: CustomersConfig) {
    this.#context = context;
    this.#configFile = configFile;
    this.#config = config;
  }

  get writesPerSecond(): number {
    return this.#config.writesPerSecond;
  }

  /** Ended by itself. */
  died(): boolean {
    return this.#child !== undefined && !this.#child.running();
  }

  async start(): Promise<void> {
    if (this.#child?.running()) return;
    this.#write();
    const program = nodeProgram(import.meta.url, './main');
    this.#child = await startChild(this.#context, 'customers', {
      command: program.command,
      args: [...program.args, this.#configFile],
      cwd: this.#context.repository,
    });
  }

  async stop(): Promise<void> {
    await this.#child?.stop(stopGraceMs);
    this.#child = undefined;
  }

  setRate(writesPerSecond: unknown): void {
    const next = customersConfig.safeParse({ ...this.#config, writesPerSecond });
    if (!next.success) throw new Error('Send {"writesPerSecond": N} with N from 1 to 200; the rate was left as it was.');
    this.#config = next.data;
    if (!this.#child?.running()) return;
    this.#write();
    this.#child.signal('SIGHUP');
  }

  #write(): void {
    mkdirSync(dirname(this.#configFile), { recursive: true });
    writeFileSync(this.#configFile, JSON.stringify(this.#config));
  }
}

/** Figures of a ledger against the stores as they are now. The ledger is read first, so that every write in it was acknowledged before the stores are asked. */
export async function judgeCustomers(ledgerFile: string, stores: WorldOptions['stores'], window: { since?: string; until?: string }): Promise<CustomerFigures> {
  const bound = (text: string | undefined, fallback: number) => {
    const ms = text === undefined ? fallback : Date.parse(text);
    if (Number.isNaN(ms)) throw new Error(`"${text}" is no time. Write it as 2026-01-31T12:00:00Z.`);
    return ms;
  };
  const sinceMs = bound(window.since, 0);
  const untilMs = bound(window.until, Number.POSITIVE_INFINITY);
  const entries = (await readLedger(ledgerFile)).filter(({ sentAtMs }) => sentAtMs <= untilMs && sentAtMs >= sinceMs);
  return figuresOf(entries, await missingWrites(entries, stores()));
}
