/** The SDK's runtime of this process: logs through ours, metrics for Prometheus. Installed once, before any connection. */
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { temporalLogger } from './logger.ts';
import type { PinoLogger } from './logger.ts';

/** Throws when the metrics address is taken. Runs of the worker end on SIGINT and SIGTERM. */
export function installRuntime(log: PinoLogger, metricsAddress?: string): void {
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...(metricsAddress === undefined ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}
