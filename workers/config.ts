/** The worker's environment, validated once at start; every fault is said at once. `process.env` is read nowhere else in the worker. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { z } from 'zod';
import { defaultSecretFolders } from '../plan/secrets.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface WorkerConfig {
  /** Folders of plans, each of another estate. */
  readonly planFolders: readonly string[];
  /** Where files of secrets may lie, besides the folders of the plans. */
  readonly secretFolders: readonly string[];
  readonly temporal: { readonly connection: NativeConnectionOptions; readonly address: string; readonly namespace: string };
  /** Where Prometheus finds the metrics; absent: none are served. */
  readonly metricsAddress?: string;
  /** Where `GET /health` answers; absent: it is not served. */
  readonly healthAddress?: ListenAddress;
  readonly logLevel: LogLevel;
  /** Bundle that `npm run build` made; absent: the workflows are bundled at start. */
  readonly workflowBundle?: string;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The environment does not describe a worker. `faults` holds one sentence for each variable that is wrong. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The worker did not start: ${faults.join(' ')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

const listenAddress = z
  .string()
  .regex(/^\[?[0-9A-Za-z.:_-]+\]?:\d{1,5}$/, { error: 'write an address and a port, such as 127.0.0.1:9464', abort: true })
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'the port must be at most 65535');

const folder = z
  .string('set it to the folder of the plan, such as ./plan/erlmcp')
  .min(1, 'set it to the folder of the plan, such as ./plan/erlmcp')
  .refine((text) => existsSync(text) && statSync(text).isDirectory(), {
    error: (issue) => `${String(issue.input)} is not a folder; give the folder that holds the plan's YAML files`,
  });

/** Several are parted as in PATH. */
const folders = z.string('set it to the folder of the plan, such as ./plan/erlmcp').transform((text) => text.split(path.delimiter));

const secretFolder = z
  .string()
  .refine((text) => path.isAbsolute(text) && path.resolve(text) !== '/', 'write absolute paths of folders, parted by colons, such as /etc/dr:/run/secrets');

const file = z.string().refine((text) => existsSync(text) && statSync(text).isFile(), {
  error: (issue) => `${String(issue.input)} does not exist; run npm run build, or leave the variable out`,
});

const environmentSchema = z.object({
  DR_PLAN: folders.pipe(z.array(folder)),
  DR_SECRET_FOLDERS: folders.pipe(z.array(secretFolder)).optional(),
  DR_METRICS_ADDRESS: listenAddress.optional(),
  DR_HEALTH_ADDRESS: listenAddress.optional(),
  DR_LOG_LEVEL: z.enum(logLevels, `write one of ${logLevels.join(', ')}`).default('info'),
  DR_WORKFLOW_BUNDLE: file.optional(),
});

/** Reads the worker's variables and Temporal's standard profile. Throws ConfigError with all faults. */
export function readWorkerConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
  const parsed = environmentSchema.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}.`);
  const temporal = readTemporal(given, faults);
  if (!parsed.success || !temporal) throw new ConfigError(faults);
  const values = parsed.data;
  return {
    planFolders: values.DR_PLAN.map((one) => path.resolve(one)),
    secretFolders: values.DR_SECRET_FOLDERS ?? defaultSecretFolders,
    temporal,
    logLevel: values.DR_LOG_LEVEL,
    ...(values.DR_METRICS_ADDRESS === undefined ? {} : { metricsAddress: values.DR_METRICS_ADDRESS }),
    ...(values.DR_HEALTH_ADDRESS === undefined ? {} : { healthAddress: splitAddress(values.DR_HEALTH_ADDRESS) }),
    ...(values.DR_WORKFLOW_BUNDLE === undefined ? {} : { workflowBundle: path.resolve(values.DR_WORKFLOW_BUNDLE) }),
  };
}

function readTemporal(environment: Record<string, string>, faults: string[]): WorkerConfig['temporal'] | undefined {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: environment });
    const address = connectionOptions.address ?? '127.0.0.1:7233';
    return { connection: { ...connectionOptions, address }, address, namespace: namespace ?? 'default' };
  } catch (error) {
    faults.push(
      `Temporal's profile: ${error instanceof Error ? error.message : String(error)}; check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and TEMPORAL_ADDRESS.`,
    );
    return undefined;
  }
}

function splitAddress(text: string): ListenAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
