/** One connection for one command. */
import { DrClient } from '../client.ts';
import type { StartedRun } from '../client.ts';
import type { Io } from './io.ts';

/** Runs `work` with a connected client and closes it. Throws DrError `no-server` before anything was sent. */
export async function withClient<T>(io: Io, work: (client: DrClient) => Promise<T>): Promise<T> {
  const client = await DrClient.connect({ environment: io.environment });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Where to watch the run in Temporal UI; null when DR_TEMPORAL_UI does not say where the UI is. */
export function uiLink(io: Io, client: DrClient, run: StartedRun): string | null {
  const ui = io.environment['DR_TEMPORAL_UI'];
  if (!ui) return null;
  return `${ui.replace(/\/$/, '')}/namespaces/${client.temporal.options.namespace}/workflows/${encodeURIComponent(run.runId)}/${run.executionId}/user-metadata`;
}

/** The same for a run of which only the id is known. */
export async function uiLinkTo(io: Io, client: DrClient, runId: string): Promise<string | null> {
  if (!io.environment['DR_TEMPORAL_UI']) return null;
  const described = await client.temporal.workflow.getHandle(runId).describe();
  return uiLink(io, client, { runId, executionId: described.runId });
}
