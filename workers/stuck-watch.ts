/** Looks from time to time for open workflows that cannot go on, for health page, metrics and log: the workflow itself can tell nobody. */
import type { Client } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import { explainStuck, findStuck } from '../client/stuck.ts';
import type { StuckWorkflow } from '../client/stuck.ts';
import type { PinoLogger } from './logger.ts';

const everyMilliseconds = 15_000;

export interface StuckWatch {
  /** As of the last look, at most a quarter of a minute ago. */
  readonly stuck: readonly StuckWorkflow[];
  close(): void;
}

/** Counts in the metric `dr_stuck_workflows`; each is logged once. A look that fails leaves the last answer, and is logged when it is not the first. */
export function watchForStuck(client: Client, log: PinoLogger): StuckWatch {
  const gauge = Runtime.instance().metricMeter.createGauge('dr_stuck_workflows', 'int', '1', 'Open workflows that cannot go on.');
  let stuck: readonly StuckWorkflow[] = [];
  let failedLooks = 0;
  let looking = false;
  const look = async (): Promise<void> => {
    // One look at a time: a server that is slow is not asked more often for it.
    if (looking) return;
    looking = true;
    try {
      const before = new Set(stuck.map(({ workflowId }) => workflowId));
      stuck = await findStuck(client);
      failedLooks = 0;
      gauge.set(stuck.length);
      for (const workflow of stuck) if (!before.has(workflow.workflowId)) log.error({ workflowId: workflow.workflowId }, explainStuck(workflow));
    } catch (error) {
      failedLooks += 1;
      log[failedLooks === 2 ? 'warn' : 'debug']({ error: String(error) }, 'Which workflows cannot go on was not seen; what was said of them before stands.');
    } finally {
      looking = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), everyMilliseconds);
  return {
    get stuck() {
      return stuck;
    },
    close: () => clearInterval(timer),
  };
}
