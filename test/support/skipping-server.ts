/** A Temporal server that skips time, shared by the tests of a file: each has a namespace of its own, and finds the clock locked as the server was started with it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { TimeSkippingClient } from '@temporalio/testing/lib/client.js';
import { DefaultLogger, type NativeConnection, Runtime } from '@temporalio/worker';
import { setupPaths } from '../../lab/setup/paths.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import type { Clock } from '../model/clock.ts';

Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });

/** What a test has of the server. */
export interface TestNamespace {
  readonly namespace: string;
  /** Whoever waits for a result by it lets the time be skipped meanwhile. */
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
  readonly sleep: TestWorkflowEnvironment['sleep'];
  readonly currentTimeMs: TestWorkflowEnvironment['currentTimeMs'];
}

/** How far is skipped to see whether time can be skipped, and how long that may take where it can. */
const [probeMilliseconds, probedWithinMilliseconds] = [60_000, 25];
/** No delay of an answer looks like that. */
const surelySkippedMilliseconds = 1_000;
/** Locks that a test may leave behind. */
const leftLocksMax = 100;

export class SkippingServer {
  private readonly env: TestWorkflowEnvironment;
  private namespaces = 0;
  /** Milliseconds that the server is ahead of this machine, when it was last asked. */
  private ahead = 0;
  readonly clock: Clock = { now: () => Date.now() + this.ahead, read: () => this.read() };

  private constructor(env: TestWorkflowEnvironment) {
    this.env = env;
  }

  static async start(): Promise<SkippingServer> {
    const env = await startServer();
    // It refuses those that it does not know; what it knows holds for all namespaces.
    const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
    await env.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries(searchAttributes.map(({ name }) => [name, keyword])),
    });
    return new SkippingServer(env);
  }

  /** One in which nothing has run: ids of workflows are free there. */
  nextNamespace(): TestNamespace {
    const { connection, nativeConnection, sleep } = this.env;
    this.namespaces += 1;
    const namespace = `test-${this.namespaces}`;
    return { namespace, client: new TimeSkippingClient({ connection, namespace }), nativeConnection, sleep, currentTimeMs: () => this.env.currentTimeMs() };
  }

  /** Ends what still runs in a namespace whose workers are gone, and what it has left locked, so that time is skipped for the next one. */
  async leave({ namespace, client }: TestNamespace): Promise<void> {
    const { executions } = await this.env.connection.workflowService.listOpenWorkflowExecutions({ namespace });
    for (const { execution } of executions ?? []) await client.workflow.getHandle(execution?.workflowId ?? '').terminate('its test has ended');
    // On a busy machine one more may have been taken off than was left. The next probe shows it by its error, and puts it right: a probe locks again at its end.
    while (!(await this.skips())) continue;
  }

  async stop(): Promise<void> {
    await this.env.teardown();
  }

  private async read(): Promise<number> {
    const now = await this.env.currentTimeMs();
    this.ahead = now - Date.now();
    return now;
  }

  /**
   * The server counts what keeps it from skipping time, and forgets to count down for an activity whose workflow has ended, or for a child that ends after its parent. Each such lock is taken off.
   * Gives whether there was none, nor one too few.
   */
  private async skips(): Promise<boolean> {
    await this.read();
    const { ahead } = this;
    let ended = false;
    const probe = this.env
      .sleep(probeMilliseconds)
      .then(
        () => true,
        () => false,
      )
      .finally(() => (ended = true));
    for (let locks = 0; locks < leftLocksMax; locks += 1) {
      await Promise.race([probe, pause(probedWithinMilliseconds)]);
      await this.read();
      if (ended || this.ahead - ahead > surelySkippedMilliseconds) return (await probe) && locks === 0;
      await this.env.connection.testService?.unlockTimeSkipping({}).catch(() => undefined);
    }
    throw new Error(`The server skips no time, though ${leftLocksMax} locks were taken off. It is left as it is; the next test gets another.`);
  }
}

/** The SDK gives a server five seconds to start, which a busy machine may need; what does not come up within three tries is broken. */
async function startServer(triesLeft = 2): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path: setupPaths().testServer } } });
  } catch (error) {
    if (triesLeft === 0 || !/did not start within/.test(String(error))) throw error;
    return startServer(triesLeft - 1);
  }
}
