/** What the primary of the model estate says of its own settings. */
import type { Heartbeat } from '../../activities/database/port.ts';
import type { SiteId } from '../../plan/schema.ts';

/** Of a primary that waits for any one of the standbys with these names, each of which follows it. */
export function heartbeatOf(site: SiteId, writtenAt: string, names: readonly string[]): Heartbeat {
  return {
    site,
    writtenAt,
    synchronousStandbyNames: names.length > 0 ? `ANY 1 (${names.map((name) => `"${name}"`).join(', ')})` : '',
    synchronousCommit: 'on',
    overrides: [],
    standbys: names.map((name) => `${name}=quorum`),
    cache: { minReplicasToWrite: 1, minReplicasMaxLagSeconds: 2, replicas: 2 },
  };
}
