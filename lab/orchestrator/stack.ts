/** Everything that a recovery needs on one machine: Temporal, a worker, a lab with customers. Used by the demo and by the scenarios of the tests. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { call, labHandle } from '../cli/call.ts';
import type { CustomerFigures } from '../customers/figures.ts';
import { repositoryRoot } from '../paths.ts';
import { freePort } from '../ports.ts';
import { type Answer, type Background, linesOf, programOf, run, startBackground, type Telling, waitFor } from './programs.ts';
import { startTemporal, type TemporalServer } from './temporal.ts';

const productWorker = 'workers/main';

export interface StackOptions {
  /** Name of the lab. */
  readonly lab: string;
  /** Folder for logs and the server's database. */
  readonly folder: string;
  readonly ports: { readonly server: number; readonly ui: number };
  readonly progress: (line: string) => void;
}

export class Stack {
  readonly options: StackOptions;
  readonly temporal: TemporalServer;
  /** Folder of the lab's plan, which worker and commands are started with. */
  readonly plan: string;
  worker: Background;

  private constructor(options: StackOptions, temporal: TemporalServer, plan: string, worker: Background) {
    this.options = options;
    this.temporal = temporal;
    this.plan = plan;
    this.worker = worker;
  }

  /** Starts all; ends what it has started when a part does not come up. */
  static async start(options: StackOptions): Promise<Stack> {
    const { progress, lab, folder } = options;
    const started: (() => Promise<unknown>)[] = [];
    try {
      const serverReady = startTemporal(folder, options.ports).then((server) => {
        started.push(() => server.stop());
        progress(`Temporal is up at ${server.address}, its UI at ${server.ui}`);
        return server;
      });
      started.push(() => labCommand(lab, ['down']));
      const up = await labCommand(lab, ['up']);
      if (up.code !== 0) throw new Error(`The lab did not come up.\n${up.err || up.out}`);
      progress(`The lab "${lab}" is up: four sites, their network, DNS, customers`);
      const plan = (await labCommand(lab, ['plan'])).out.trim();
      const temporal = await serverReady;
      const worker = await startWorker(folder, environmentOf(temporal, plan), productWorker);
      progress('The worker is up');
      return new Stack(options, temporal, plan, worker);
    } catch (error) {
      for (const stop of started.reverse()) await stop();
      throw error;
    }
  }

  /** Variables with which `dr` and workers find server, UI and plan. */
  get environment(): Record<string, string> {
    return environmentOf(this.temporal, this.plan);
  }

  /** Runs `dr`. */
  dr(...args: string[]): Promise<Answer> {
    return run('client/cli/main', args, this.environment);
  }

  /** Runs `dr` for as long as it has something to tell, at most `withinMs`; each of its lines as it comes. */
  drLines(withinMs: number, ...args: string[]): Telling {
    return linesOf('client/cli/main', args, this.environment, withinMs);
  }

  /** Runs `dr-lab` for this lab; throws its sentence when it fails. */
  async lab(...args: string[]): Promise<string> {
    const answer = await labCommand(this.options.lab, args);
    if (answer.code !== 0) throw new Error(answer.err.trim() || answer.out.trim());
    return answer.out;
  }

  /** Starts one more worker, in place of or beside the first: the product's own, or `program` with further variables. */
  async startWorker(program = productWorker, environment: Readonly<Record<string, string>> = {}): Promise<Background> {
    this.worker = await startWorker(this.options.folder, { ...this.environment, ...environment }, program);
    return this.worker;
  }

  async stop(): Promise<void> {
    await this.worker.stop();
    await labCommand(this.options.lab, ['down']);
    await this.temporal.stop();
  }
}

function labCommand(lab: string, args: readonly string[]): Promise<Answer> {
  return run('lab/cli/main', ['--lab', lab, ...args]);
}

function environmentOf(temporal: TemporalServer, plan: string): Record<string, string> {
  return { TEMPORAL_ADDRESS: temporal.address, DR_TEMPORAL_UI: temporal.ui, DR_PLAN: plan, DR_SECRET_FOLDERS: dirname(plan) };
}

async function startWorker(folder: string, variables: Readonly<Record<string, string>>, program: string): Promise<Background> {
  const healthPort = await freePort(0);
  const bundle = join(repositoryRoot(), 'dist', 'workflow-bundle.js');
  const environment = {
    ...variables,
    DR_HEALTH_ADDRESS: `127.0.0.1:${healthPort}`,
    DR_LOG_LEVEL: 'warn',
    ...(existsSync(bundle) ? { DR_WORKFLOW_BUNDLE: bundle } : {}),
  };
  const log = join(folder, `worker-${healthPort}.log`);
  const worker = startBackground([process.execPath, ...programOf(program)], log, environment);
  const healthy = async () => (await fetch(`http://127.0.0.1:${healthPort}/health`)).ok;
  await waitFor('The worker', healthy, 60_000, () => (worker.ended() ? `look in ${log}` : null));
  return worker;
}

/** Lets the customers call, and waits until they are served. */
export async function customersServed(stack: Stack): Promise<void> {
  await call(labHandle(stack.options.lab), 'customers/start');
  await untilServed(stack);
}

/** Waits until the lab's customers are served: no call failed in the last seconds. */
export async function untilServed(stack: Stack, seconds = 1): Promise<void> {
  await waitFor(
    'Service to customers',
    async () => {
      await pause(seconds * 1000);
      const since = new Date(Date.now() - seconds * 1000).toISOString();
      const figures = await call<CustomerFigures>(labHandle(stack.options.lab), 'customers/figures', { since });
      return figures.calls > 0 && figures.functions.every((entry) => entry.failed === 0);
    },
    60_000,
  );
}
