/** Connects by Temporal's standard profile: TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*. */
import { Client, Connection } from '@temporalio/client';
import type { ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { dataConverter } from '../workflows/wire/payload-converter.ts';
import { DrError } from './errors.ts';

export interface ConnectOptions {
  /** Profile of Temporal's configuration file; absent: TEMPORAL_PROFILE, else `default`. */
  readonly profile?: string;
  /** Host and port; absent: from the profile and the environment, else `127.0.0.1:7233`. */
  readonly address?: string;
  readonly namespace?: string;
  /** Variables that count instead of the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** How long a server may take to answer before it counts as absent. */
const connectTimeout = '5 s';

/**
 * Longest answer, bytes. A history is read in pages of some hundred events, each of which may be of a stranger's making; the server lets a whole history grow to 50 MB, and the library's own
 * bound of 4 MiB would leave a run that was flooded without a status.
 */
const channelArgs = { 'grpc.max_receive_message_length': 64 * 1024 * 1024 };

/** A Temporal client; throws DrError `no-server` when nobody answers, `bad-input` when the profile cannot be read. */
export async function connectClient(options: ConnectOptions = {}): Promise<Client> {
  const { connectionOptions, namespace } = readProfile(options);
  const address = options.address ?? connectionOptions.address ?? '127.0.0.1:7233';
  try {
    const connection = await Connection.connect({
      ...connectionOptions,
      address,
      connectTimeout,
      channelArgs: { ...connectionOptions.channelArgs, ...channelArgs },
    });
    return new Client({ connection, namespace: options.namespace ?? namespace ?? 'default', dataConverter });
  } catch (error) {
    throw new DrError('no-server', `Temporal does not answer at ${address}. Nothing was sent.`, {
      hint: 'Start Temporal, or set TEMPORAL_ADDRESS to where it runs.',
      cause: error,
    });
  }
}

function readProfile(options: ConnectOptions): { connectionOptions: ConnectionOptions; namespace?: string } {
  const environment = options.environment
    ? Object.fromEntries(Object.entries(options.environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
    : undefined;
  try {
    return loadClientConnectConfig({
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(environment === undefined ? {} : { overrideEnvVars: environment }),
    });
  } catch (error) {
    throw new DrError('bad-input', `Temporal's profile could not be read: ${error instanceof Error ? error.message : String(error)}.`, {
      hint: 'Check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE.',
      cause: error,
    });
  }
}
