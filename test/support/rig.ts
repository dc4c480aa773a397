/** Runs workflows for tests: a real worker, typed fake activities, skipped time. Every execution that a test started is replayed at its end. */
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { globalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import { taskQueueOf } from '../../workflows/wire/ids.ts';
import { bundleWorkflows } from './bundle.ts';
import { coverageSinks, keepCoverage } from './coverage.ts';
import type { Clock } from '../model/clock.ts';
import type { FakeEstate } from '../model/estate.ts';
import { Replays } from './replays.ts';
import { SkippingServer, type TestNamespace } from './skipping-server.ts';

/** One for a test file, with a server that all its tests share; each test has a namespace of its own there. */
export class Rig {
  private readonly bundle: { readonly code: string };
  private readonly replays: Replays;
  private server: SkippingServer;
  private current: TestNamespace | null = null;
  private started: WorkflowHandle[] = [];
  private expected: WorkflowHandle[] = [];

  private constructor(bundle: { readonly code: string }, server: SkippingServer) {
    this.bundle = bundle;
    this.server = server;
    this.replays = new Replays({ workflowBundle: bundle, sinks: coverageSinks });
  }

  static async create(): Promise<Rig> {
    return new Rig(await bundleWorkflows(), await SkippingServer.start());
  }

  async stop(): Promise<void> {
    await this.replays.stop();
    await this.server.stop();
  }

  /** What the test that runs now has of the server. */
  get env(): TestNamespace {
    if (!this.current) throw new Error('No test is running: call this inside rig.with().');
    return this.current;
  }

  /** The server's clock, which is ahead by all that was skipped. Models follow it. */
  readonly clock: Clock = { now: () => this.server.clock.now(), read: () => this.server.clock.read() };

  /** Runs `test` while a worker answers with the estate's activities; then replays every execution that was kept. */
  async with<T>(estate: FakeEstate, test: () => Promise<T>): Promise<T> {
    if (estate.clock !== this.clock)
      throw new Error('The model goes by another clock than the server: make it by new FakeEstate(plan, rig.clock). Nothing was run.');
    const env = this.server.nextNamespace();
    this.current = env;
    this.started = [];
    this.expected = [];
    try {
      const worker = await Worker.create({
        connection: env.nativeConnection,
        namespace: env.namespace,
        taskQueue: taskQueueOf(estate.snapshot.plan.estate.name),
        workflowBundle: this.bundle,
        activities: estate.activities(),
        // In this process: a thread of their own for each test would cost more than what most tests do.
        debugMode: true,
        sinks: coverageSinks,
      });
      globalHandlers.uninstall(); // stack traces of promises are for people at a console
      const result = await worker.runUntil(test());
      await this.replay();
      await this.server.leave(env);
      return result;
    } catch (error) {
      await this.renew();
      throw error;
    } finally {
      this.current = null;
      keepCoverage();
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

  /** A test that failed may have left the server in any state: the next one gets another. */
  private async renew(): Promise<void> {
    await this.server.stop();
    this.server = await SkippingServer.start();
  }

  private async replay(): Promise<void> {
    const there = (handle: WorkflowHandle) =>
      handle.describe().then(
        () => [handle],
        () => [],
      );
    const children = (await Promise.all(this.expected.map(there))).flat();
    for (const handle of [...this.started, ...children]) await this.replays.replay(await handle.fetchHistory(), handle.workflowId);
  }
}
