/** The cache's observer: may it log in, inspect and count? */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { withCache } from '../probing/stores.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { elastiCacheAcl, redisAcl } from './lines.ts';
import type { AccessCheck } from './port.ts';

export async function checkCache(plan: Plan, site: SiteId, user: string, password: string): Promise<readonly AccessCheck[]> {
  const { cache, sites, ssh } = plan.estate;
  if (!sites[site]?.cache) return [];
  const subject: Subject = { what: 'Redis, to look', steps: ['assess-impact', 'catch-up-cache', 'verify-first-tier'], as: user };
  const timeout = milliseconds(ssh.connectTimeout);
  try {
    const info = await withCache(plan, site, password, timeout, async (client) => {
      await client.scan('0', 'COUNT', 1);
      await client.dbsize();
      return client.info('replication');
    });
    return [ok(subject, `a ${/role:(\w+)/.exec(info)?.[1] ?? 'server of unknown role'}; may inspect and count`)];
  } catch (error) {
    return [turnedAway(subject, cache?.driver === 'elasticache' ? ofElastiCache(user) : ofHosts(user), error)];
  }
}

function ofHosts(user: string): AccessCheck['add'] {
  return { where: 'redis-cli as administrator, then ACL SAVE or CONFIG REWRITE', line: redisAcl(user) };
}

function ofElastiCache(user: string): AccessCheck['add'] {
  return { where: 'shell with rights in the region, for a user of the group of users that the replication group names', line: elastiCacheAcl(user) };
}

function turnedAway(subject: Subject, add: AccessCheck['add'], error: unknown): AccessCheck {
  const text = words(error);
  const answered = /^(NOPERM|WRONGPASS|NOAUTH|ERR AUTH)/.test(text);
  return answered ? lacking(subject, `${text}.`, add) : unreachable(subject, text);
}
