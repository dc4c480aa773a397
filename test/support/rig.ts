/** Runs workflows for tests: a real worker, typed fake activities, skipped time. Every execution that a test started is replayed at its end. */
import { randomUUID } from 'node:crypto';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { fileURLToPath } from 'node:url';
import { setupPaths } from '../../lab/setup/paths.ts';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { FakeEstate } from './fake-estate.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const erlmcp = fileURLToPath(new URL('../../plan/erlmcp', import.meta.url));

/** The plan of the repository, as runs in tests work on it; evidence stays fresh for 5 minutes, so that a gate that expires takes few rounds. */
export async function erlmcpPlan(): Promise<PlanSnapshot> {
  const { plan, digest } = await loadPlan(erlmcp);
  const detection = { ...plan.estate.detection, evidenceMaxAge: 'PT5M' };
  return { digest, plan: { ...plan, estate: { ...plan.estate, detection } } };
}

export class Rig {
  readonly env: TestWorkflowEnvironment;
  private readonly bundle: WorkflowBundleWithSourceMap;
  private readonly started: WorkflowHandle[] = [];
  private readonly maybe: WorkflowHandle[] = [];

  private constructor(env: TestWorkflowEnvironment, bundle: WorkflowBundleWithSourceMap) {
    this.env = env;
    this.bundle = bundle;
  }

  static async create(): Promise<Rig> {
    const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path: setupPaths().testServer } } });
    await registerSearchAttributes(env);
    const bundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    });
    return new Rig(env, bundle);
  }

  /** Task queue of the test that runs now; each test has its own, so that nothing of one reaches the next. */
  queue = '';

  /** Runs `test` while a worker answers with the estate's activities; then replays every execution that was kept. */
  async with<T>(estate: FakeEstate, test: () => Promise<T>): Promise<T> {
    this.queue = `dr-${randomUUID()}`;
    const worker = await Worker.create({
      connection: this.env.nativeConnection,
      namespace: this.env.namespace ?? 'default',
      taskQueue: this.queue,
      workflowBundle: this.bundle,
      activities: estate.activities() as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>,
    });
    try {
      const result = await worker.runUntil(test());
      await this.replay();
      return result;
    } finally {
      await this.clear();
    }
  }

  /** Keeps an execution for the replay at the end of the test. */
  keep<T extends WorkflowHandle>(handle: T): T {
    this.started.push(handle);
    return handle;
  }

  /** Keeps an execution that a run may start by itself, such as a child that outlives it. */
  keepIfStarted(workflowId: string): void {
    this.maybe.push(this.env.client.workflow.getHandle(workflowId));
  }

  async stop(): Promise<void> {
    await this.env.teardown();
  }

  /** What a failed test left open would hold its ids against the next one. */
  private async clear(): Promise<void> {
    for (const handle of [...this.started.splice(0), ...this.maybe.splice(0)]) await handle.terminate('the test is over').catch(() => undefined);
  }

  private async replay(): Promise<void> {
    const children = await Promise.all(
      this.maybe.map((handle) =>
        handle.describe().then(
          () => [handle],
          () => [],
        ),
      ),
    );
    for (const handle of [...this.started, ...children.flat()]) {
      const history = await handle.fetchHistory();
      await Worker.runReplayHistory({ workflowBundle: this.bundle }, history, handle.workflowId);
    }
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
