/** The customers as a part of the lab: a process that can be started, stopped and set to another rate, and the judgement of its ledger. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ports } from '../addresses.ts';
import { nodeProgram, startChild, type Child } from '../child.ts';
import type { LabContext, ResettableComponent } from '../component.ts';
import type { Control, WorldOptions } from '../world.ts';
import { customersConfig, type CustomersConfig } from './config.ts';
import { figuresOf, type CustomerFigures } from './figures.ts';
import { readLedger } from './ledger.ts';
import { missingWrites } from './survivors.ts';

const stopGraceMs = 3_000;

export function createCustomers(context: LabContext, options: WorldOptions): { component: ResettableComponent; control: Record<string, Control> } {
  const folder = join(context.directory, 'customers');
  const ledgerFile = join(folder, 'ledger.ndjson');
  const configFile = join(folder, 'config.json');
  const { addresses } = context;
  let config: CustomersConfig = {
    publicHost: options.publicHost,
    port: ports.service,
    caFile: options.caFile,
    nameServer: { host: addresses.authoritative, port: addresses.dns.port },
    customers: 10,
    writesPerSecond: 50,
    ledgerFile,
  };
  let child: Child | undefined;

  const start = async () => {
    if (child?.running()) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(configFile, JSON.stringify(config));
    const program = nodeProgram(import.meta.url, './main');
    child = await startChild(context, 'customers', { command: program.command, args: [...program.args, configFile], cwd: context.repository });
  };
  const stop = async () => {
    await child?.stop(stopGraceMs);
    child = undefined;
  };
  const setRate = (body: unknown) => {
    const { writesPerSecond } = (body ?? {}) as { writesPerSecond?: unknown };
    const next = customersConfig.safeParse({ ...config, writesPerSecond });
    if (!next.success) throw new Error('Send {"writesPerSecond": N} with N from 1 to 200; the rate was left as it was.');
    config = next.data;
    if (child?.running()) {
      writeFileSync(configFile, JSON.stringify(config));
      child.signal('SIGHUP');
    }
  };

  const component: ResettableComponent = {
    name: 'customers',
    /** Customers begin to call when they are told to, not with the lab. */
    async start() {
      mkdirSync(folder, { recursive: true });
    },
    check: async () => (child && !child.running() ? "The customers' process has ended; its log is logs/customers.log in the lab's directory." : null),
    stop,
    async reset() {
      await stop();
      rmSync(ledgerFile, { force: true });
    },
  };
  return {
    component,
    control: {
      'customers/start': async (body) => {
        if (body && typeof body === 'object' && 'writesPerSecond' in body) setRate(body);
        await start();
        return { running: true, writesPerSecond: config.writesPerSecond };
      },
      'customers/stop': async () => {
        await stop();
        return { running: false };
      },
      /** `{ "writesPerSecond": n }`, of all customers and functions together. */
      'customers/rate': async (body) => {
        setRate(body);
        return { writesPerSecond: config.writesPerSecond };
      },
      /** `{ "since"?: RFC 3339, "until"?: RFC 3339 }` by the time of sending; gives CustomerFigures. */
      'customers/figures': async (body) => judgeCustomers(ledgerFile, options.stores, (body ?? {}) as { since?: string; until?: string }),
    },
  };
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
