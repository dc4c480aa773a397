/** The cache's observer: may it log in, inspect and count, and nothing more? */
import type { Redis } from 'ioredis';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { withCache, type Login } from '../probing/stores.ts';
import { isCertificateFault, isUnknownAuthority } from '../probing/certificates.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { elastiCacheAcl, redisAcl } from './lines.ts';
import type { AccessCheck } from './port.ts';
import { answersPlainly, asksForCertificate, tlsOfPlan, tlsWantedByCache } from './tls.ts';

/** What an observer must not do, tried with words that change nothing and tell no secret. */
const forbidden = [
  { may: 'read settings, passwords among them', command: ['config', 'get', 'maxclients'] },
  { may: 'stop the server', command: ['debug', 'help'] },
  { may: 'write', command: ['persist', 'dr-observer:no-such-key'] },
] as const;

export async function checkCache(plan: Plan, site: SiteId, user: string, login: Login): Promise<readonly AccessCheck[]> {
  const { sites, ssh } = plan.estate;
  const endpoint = sites[site]?.cache;
  if (!endpoint) return [];
  const subject: Subject = { what: 'Redis, to look', steps: stepsThatReach('cache as observer'), as: user };
  const timeout = milliseconds(ssh.connectTimeout);
  const add = lineFor(plan, user);
  try {
    return await withCache(plan, site, login, timeout, async (client) => {
      await client.scan('0', 'COUNT', 1);
      await client.dbsize();
      const info = await client.info();
      const tooMuch = knowsUsers(info) ? await allowedOf(client) : [];
      if (tooMuch.length > 0) return [lacking(subject, `It may ${tooMuch.join(', and ')}, which an observer must not.`, add)];
      return [
        ok(subject, `a ${/role:(\w+)/.exec(info)?.[1] ?? 'server of unknown role'}; may inspect and count${knowsUsers(info) ? ', and nothing else' : ''}`),
      ];
    });
  } catch (error) {
    return [await turnedAway(endpoint, subject, { login, timeout, add }, error)];
  }
}

function lineFor({ estate }: Plan, user: string): AccessCheck['add'] {
  if (estate.cache?.driver === 'elasticache')
    return { where: 'shell with rights in the region, for a user of the group of users that the replication group names', line: elastiCacheAcl(user) };
  return { where: 'redis-cli as administrator, then ACL SAVE or CONFIG REWRITE', line: redisAcl(user) };
}

/** Servers before Redis 6 have one password and no users: whoever looks is their administrator. */
function knowsUsers(info: string): boolean {
  return Number(/^redis_version:(\d+)/m.exec(info)?.[1] ?? '0') >= 6;
}

/** A server judges rights before it looks at the words; any other answer than `NOPERM` means that it lets them through. `DEBUG` may be switched off besides. */
async function allowedOf(client: Redis): Promise<readonly string[]> {
  const found = forbidden.map(async ({ may, command: [name, ...rest] }) => {
    try {
      await client.call(name, ...rest);
      return [may];
    } catch (error) {
      return /^NOPERM|unknown command|not allowed/i.test(words(error)) ? [] : [may];
    }
  });
  return (await Promise.all(found)).flat();
}

interface Attempt {
  readonly login: Login;
  readonly timeout: number;
  readonly add: AccessCheck['add'];
}

async function turnedAway(endpoint: Endpoint, subject: Subject, { login, timeout, add }: Attempt, error: unknown): Promise<AccessCheck> {
  const said = words(error).replace(/\.$/, '');
  if (/^(NOPERM|WRONGPASS|NOAUTH|ERR AUTH)/.test(said)) return lacking(subject, `${said}.`, add);
  if (isCertificateFault(error) && !asksForCertificate(error))
    return lacking(subject, `Its certificate is not accepted: ${said}.`, isUnknownAuthority(error) ? tlsOfPlan('cache', 'tls') : undefined);
  if (asksForCertificate(error)) return lacking(subject, `It asks for a certificate: ${said}.`, tlsOfPlan('cache', 'client certificate'));
  if (login.tls && (await answersPlainly(endpoint, timeout)))
    return lacking(subject, 'The server speaks no TLS, and estate.cache.tls of the plan asks for it. Give it a tls-port, or take tls out of the plan.');
  const wanted = login.tls ? undefined : await tlsWantedByCache(endpoint, timeout);
  return wanted ? lacking(subject, `It speaks TLS, and the plan has none: ${said}.`, tlsOfPlan('cache', wanted)) : unreachable(subject, said);
}
