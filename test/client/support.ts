/** A Temporal dev server, a worker on the real queue with a model of an estate behind it, and the command line called in the process. */
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { DrClient } from '../../client/index.ts';
import { runCli } from '../../client/cli/program.ts';
import { requireWorker } from '../../client/workers.ts';
import { findTemporal } from '../../lab/setup/paths.ts';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { createLogger } from '../../workers/logger.ts';
import { watchRelease } from '../../workers/release-watch.ts';
import { createServerClock } from '../../workers/server-clock.ts';
import { createWorker, workflowCode } from '../../workers/worker.ts';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { bundleFile } from '../support/bundle.ts';
import type { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

export const planFolder = fileURLToPath(new URL('../../plan/erlmcp', import.meta.url));

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface StageWorker {
  readonly release: string;
  stop(): Promise<void>;
}

export class Stage {
  readonly env: TestWorkflowEnvironment;
  readonly plan: PlanSnapshot;
  readonly client: DrClient;
  private readonly bundle: string;

  private constructor(env: TestWorkflowEnvironment, plan: PlanSnapshot, bundle: string) {
    this.env = env;
    this.plan = plan;
    this.client = new DrClient(env.client);
    this.bundle = bundle;
  }

  /** At the server with this address; absent: at one of its own. */
  static async open(address?: string): Promise<Stage> {
    const env = await (address === undefined ? ownServer() : TestWorkflowEnvironment.createFromExistingServer({ address, namespace: 'default' }));
    return new Stage(env, await loadPlan(planFolder), await bundleFile());
  }

  get address(): string {
    return this.env.address;
  }

  get namespace(): string {
    return this.env.namespace ?? 'default';
  }

  /** Runs `test` while a worker serves the estate. */
  async with<T>(estate: FakeEstate, test: () => Promise<T>): Promise<T> {
    const worker = await this.work(estate);
    try {
      await until('a worker takes new runs', async () => {
        await requireWorker(this.env.client, this.plan.plan.estate.name, '');
        return true;
      });
      return await test();
    } finally {
      await worker.stop();
    }
  }

  /** A worker that serves the estate until it is stopped. `bundle`: a file with its workflow code, by default that of the sources. */
  async work(estate: FakeEstate, bundle: string = this.bundle): Promise<StageWorker> {
    const temporal = { connection: {}, address: this.address, namespace: this.namespace };
    const [workflows, clock] = [await workflowCode(bundle), createServerClock(async () => null)];
    const worker = await createWorker(
      this.env.nativeConnection,
      { temporal, workflows },
      // The model reaches nothing that somebody could change.
      { plan: this.plan, activities: estate.activities(), clock, admission: { admit: async () => undefined } },
    );
    const { release } = workflows;
    const releases = watchRelease({
      client: this.env.client,
      estate: this.plan.plan.estate.name,
      release,
      log: createLogger('error'),
      isWorking: () => worker.getState() === 'RUNNING',
    });
    const running = worker.run();
    return {
      release,
      async stop() {
        releases.close();
        worker.shutdown();
        await running;
      },
    };
  }

  /** What a person gets who types `dr …` with this server and plan. */
  async dr(...argv: string[]): Promise<CliResult> {
    return runDr(argv, { TEMPORAL_ADDRESS: this.address, TEMPORAL_NAMESPACE: this.namespace, DR_PLAN: planFolder });
  }

  /** Ends what a test left open, so that the next one finds the lock free. */
  async clear(runId: string): Promise<void> {
    const { estate } = this.plan.plan;
    for (const id of [runId, ...Object.keys(estate.sites).map((site) => makeFenceOnReturnWorkflowId(estate.name, site))]) {
      await this.env.client.workflow
        .getHandle(id)
        .terminate('the test is over')
        .catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.env.teardown();
  }
}

async function ownServer(): Promise<TestWorkflowEnvironment> {
  const temporal = findTemporal();
  if (!temporal) throw new Error('The Temporal command line is missing. Install it with: npm run setup');
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporal },
      searchAttributes: [...searchAttributes],
      extraArgs: ['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
    },
  });
}

export async function runDr(argv: readonly string[], environment: Record<string, string>): Promise<CliResult> {
  let out = '';
  let err = '';
  const code = await runCli(argv, {
    environment,
    interactive: false,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    clear: () => undefined,
    redraw: () => undefined,
    onInterrupt: () => () => undefined,
  });
  return { code, out, err };
}
