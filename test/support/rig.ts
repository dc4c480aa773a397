/** Runs workflows for tests: a real worker, typed fake activities, skipped time. Every execution that a test started is replayed at its end. */
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { setupPaths } from '../../lab/setup/paths.ts';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { bundleWorkflows } from './bundle.ts';
import { coverageSinks, keepCoverage } from './coverage.ts';
import type { FakeEstate } from '../model/estate.ts';

Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });

/** One for a test file. Each test gets a server of its own, whose clock and locks no other test has touched. */
export class Rig {
  private readonly bundle: { readonly code: string };
  private environment: TestWorkflowEnvironment | null = null;
  private started: WorkflowHandle[] = [];
  private expected: WorkflowHandle[] = [];

  private constructor(bundle: { readonly code: string }) {
    this.bundle = bundle;
  }

  static async create(): Promise<Rig> {
    return new Rig(await bundleWorkflows());
  }

  /** The server of the test that runs now. */
  get env(): TestWorkflowEnvironment {
    if (!this.environment) throw new Error('No test is running: call this inside rig.with().');
    return this.environment;
  }

  /** Runs `test` while a worker answers with the estate's activities; then replays every execution that was kept. */
  async with<T>(estate: FakeEstate, test: () => Promise<T>): Promise<T> {
    const env = await startServer();
    this.environment = env;
    this.started = [];
    this.expected = [];
    try {
      await registerSearchAttributes(env);
      const worker = await Worker.create({
        connection: env.nativeConnection,
        namespace: env.namespace ?? 'default',
        taskQueue: taskQueueOf(estate.snapshot.plan.estate.name),
        workflowBundle: this.bundle,
        activities: estate.activities(),
        sinks: coverageSinks,
      });
      const result = await worker.runUntil(test());
      await this.replay();
      return result;
    } finally {
      this.environment = null;
      keepCoverage();
      await env.teardown();
    }
  }

  /** Keeps an execution for the replay at the end of the test. */
  keep<T extends WorkflowHandle>(handle: T): T {
    this.started.push(handle);
    return handle;
  }

  /** Keeps an execution that a run may start by itself, such as a child that outlives it. */
  keepIfStarted(workflowId: string): void {
    this.expected.push(this.env.client.workflow.getHandle(workflowId));
  }

  private async replay(): Promise<void> {
    const there = (handle: WorkflowHandle) =>
      handle.describe().then(
        () => [handle],
        () => [],
      );
    const children = (await Promise.all(this.expected.map(there))).flat();
    for (const handle of [...this.started, ...children]) {
      await Worker.runReplayHistory({ workflowBundle: this.bundle, sinks: coverageSinks }, await handle.fetchHistory(), handle.workflowId);
    }
  }
}

/** The SDK gives a server five seconds to start, which a busy machine may need; what does not come up within three tries is broken. */
export async function startServer(triesLeft = 2): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path: setupPaths().testServer } } });
  } catch (error) {
    if (triesLeft === 0 || !/did not start within/.test(String(error))) throw error;
    return startServer(triesLeft - 1);
  }
}

/** The server refuses search attributes that the namespace does not know. */
async function registerSearchAttributes(env: TestWorkflowEnvironment): Promise<void> {
  const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(searchAttributes.map((attribute) => [attribute.name, keyword])),
  });
}
