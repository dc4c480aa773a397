/** The cache's observer: may it log in, inspect and count? */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { withCache } from '../probing/stores.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { redisAcl } from './lines.ts';
import type { AccessCheck } from './port.ts';

export async function checkCache(plan: Plan, site: SiteId, user: string, password: string): Promise<readonly AccessCheck[]> {
  const { sites, ssh } = plan.estate;
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
    return [turnedAway(subject, user, error)];
  }
}

function turnedAway(subject: Subject, user: string, error: unknown): AccessCheck {
  const text = words(error);
  const answered = /^(NOPERM|WRONGPASS|NOAUTH|ERR AUTH)/.test(text);
  return answered
    ? lacking(subject, `${text}.`, { where: 'redis-cli as administrator, then ACL SAVE or CONFIG REWRITE', line: redisAcl(user) })
    : unreachable(subject, text);
}
