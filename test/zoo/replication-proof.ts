/** What the standbys know of the primary, and what a fence by replication is called for it. */
import { readFileSync } from 'node:fs';
import { type FenceVerdict, judgeCacheFence, judgeDatabaseFence } from '../../plan/rules/fence-proof.ts';
import type { TestEstate, TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';

export const standbys = ['west', 'north'] as const;
const heartbeatMaxAgeSeconds = 30;

type Heartbeat = Readonly<Record<string, string>>;

/** A beat of the primary, as a standby has it. */
export async function heartbeatAtStandby(estate: TestEstate): Promise<Heartbeat> {
  await estate.beat('east');
  const row = 'select row_to_json(h) from dr_heartbeat h';
  const written = estate.sql('east', row, 'app');
  // One standby may be held back; whoever has the row tells it.
  await eventually('a standby has the heartbeat', () => standbys.some((site) => estate.sql(site, row, 'app') === written));
  return JSON.parse(written) as Heartbeat;
}

/** When both standbys have left. */
export function judgeByHeartbeat(estate: TestEstate, heartbeat: Heartbeat): FenceVerdict {
  const list = (text = '') => text.split(',').filter((part) => part !== '');
  return judgeDatabaseFence({
    heartbeat: {
      writtenAt: heartbeat['written_at'] ?? '',
      synchronousStandbyNames: heartbeat['synchronous_standby_names'] ?? '',
      synchronousCommit: heartbeat['synchronous_commit'] ?? '',
      overrides: list(heartbeat['overrides']),
      standbys: list(heartbeat['standbys']),
    },
    lostAt: new Date().toISOString(),
    heartbeatMaxAgeSeconds,
    left: standbys.map((site) => nameOf(estate, site)),
  });
}

/** When the replicas have left at these times (RFC 3339). */
export function judgeCacheByHeartbeat(heartbeat: Heartbeat, leftAt: readonly string[]): FenceVerdict {
  return judgeCacheFence({
    heartbeat: {
      writtenAt: heartbeat['written_at'] ?? '',
      minReplicasToWrite: Number(heartbeat['cache_min_replicas_to_write']),
      minReplicasMaxLagSeconds: Number(heartbeat['cache_min_replicas_max_lag']),
      replicas: Number(heartbeat['cache_replicas']),
    },
    lostAt: new Date().toISOString(),
    heartbeatMaxAgeSeconds,
    leftAt,
  });
}

/** As agent.conf says; by default the site's id. */
function nameOf(estate: TestEstate, site: TestSite): string {
  const names = [...readFileSync(estate.path(site, 'agent.conf'), 'utf8').matchAll(/^PG_STANDBY_NAME=(.+)$/gm)];
  return names.at(-1)?.[1] ?? site;
}
