/** Structured logs: one JSON object a line, for the SDK, the workflows and the activities alike. */
import type { Logger, LogLevel as TemporalLogLevel, LogMetadata } from '@temporalio/worker';
import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogLevel } from './config.ts';

export type { PinoLogger };

/** A pino logger on standard error, so that standard output stays free for what programs read. */
export function createLogger(level: LogLevel, destination: DestinationStream = pino.destination(2)): PinoLogger {
  return pino(
    {
      level,
      base: { name: 'dr-worker' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
}

/** The SDK's logger interface over pino. */
export function temporalLogger(log: PinoLogger): Logger {
  const write = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: LogMetadata) => {
    log[level](plain(meta), message);
  };
  const methods = { trace: write('trace'), debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { ...methods, log: (level: TemporalLogLevel, message, meta) => methods[level.toLowerCase() as keyof typeof methods](message, meta) };
}

/** The SDK's metadata holds bigints and symbols that JSON has no place for. */
function plain(meta: LogMetadata | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta ?? {}).map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]));
}
