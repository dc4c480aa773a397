/** The orchestrator's own look at a site: one question each, none of which changes anything. */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import type { ServiceCaller } from '../probing/service.ts';
import { sqlStateOf, withCache, withDatabase, type Login, type StoreLogin } from '../probing/stores.ts';
import { reachBeyondTcp, readBanner } from '../probing/tcp.ts';
import type { Observation } from './port.ts';

export interface Look {
  readonly ok: boolean;
  readonly detail: string;
}

interface Looker {
  /** Every check of a site at once; checks for which the plan has no address are left out. `life` is called when service or database answers, before the others have ended. */
  lookAt(site: SiteId, sentAt: Date, life?: () => void): Promise<readonly Observation[]>;
  /** Whether any reference target of the plan answers. */
  seesReference(): Promise<boolean>;
}

export function createLooker(plan: Plan, service: ServiceCaller, login: StoreLogin): Looker {
  const timeout = milliseconds(plan.estate.detection.probeTimeout);
  return {
    async lookAt(site, sentAt, life) {
      const estate = plan.estate.sites[site];
      if (!estate) return [];
      const checks: readonly (readonly [Observation['check'], Promise<Look>])[] = [
        ['service', checkService(plan, service, site, timeout)],
        ['ssh', checkSsh(estate.agent, timeout)],
        ...(estate.database ? [['database', checkDatabase(plan, site, login.database, timeout)] as const] : []),
        ...(estate.cache && login.cache ? [['cache', checkCache(plan, site, login.cache, timeout)] as const] : []),
      ];
      return Promise.all(
        checks.map(async ([check, look]) => {
          const seen = await look;
          if (seen.ok && (check === 'service' || check === 'database')) life?.();
          return { check, sentAt: sentAt.toISOString(), ...seen };
        }),
      );
    },
    async seesReference() {
      const reached = await Promise.allSettled(plan.estate.detection.referenceTargets.map((target) => reachBeyondTcp(target, timeout)));
      return reached.some((result) => result.status === 'fulfilled');
    },
  };
}

async function checkService(plan: Plan, service: ServiceCaller, site: SiteId, timeoutMilliseconds: number): Promise<Look> {
  const endpoint = plan.estate.sites[site]?.service;
  if (!endpoint) return { ok: false, detail: 'no address in the plan' };
  try {
    const answer = await service.call({ endpoint, path: plan.estate.service.healthPath, timeoutMilliseconds });
    return judgeHealth(answer.status, answer.body);
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  }
}

/** Healthy means status 200 and, where the body says how it is, exactly `healthy` or `ok`. */
export function judgeHealth(status: number, body: string): Look {
  if (status !== 200) return { ok: false, detail: `HTTP ${status}` };
  let said: unknown;
  try {
    said = (JSON.parse(body) as { status?: unknown } | null)?.status;
  } catch {
    return { ok: true, detail: 'HTTP 200' }; // not JSON: the status code is all that it says
  }
  if (said === undefined) return { ok: true, detail: 'HTTP 200' };
  return { ok: said === 'healthy' || said === 'ok', detail: `HTTP 200, says ${JSON.stringify(said)}` };
}

async function checkSsh(endpoint: Parameters<typeof readBanner>[0], timeoutMilliseconds: number): Promise<Look> {
  try {
    const banner = await readBanner(endpoint, timeoutMilliseconds);
    return banner.startsWith('SSH-') ? { ok: true, detail: banner } : { ok: false, detail: 'answers, and is no SSH server' };
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  }
}

async function checkDatabase(plan: Plan, site: SiteId, login: Login, timeoutMilliseconds: number): Promise<Look> {
  try {
    await withDatabase(plan, site, login, timeoutMilliseconds, (client) => client.query('select 1'));
    return { ok: true, detail: 'answers queries' };
  } catch (error) {
    return judgeDatabaseError(error);
  }
}

/** A server that refuses a login lives; one that is starting, stopping or out of connections serves nobody, and a connection that breaks is no answer. */
export function judgeDatabaseError(error: unknown): Look {
  const sqlState = sqlStateOf(error);
  const { message } = error as Error;
  const lives = sqlState !== undefined && !/^(57|53|08)/.test(sqlState);
  return { ok: lives, detail: lives ? `answers: ${message}` : message };
}

async function checkCache(plan: Plan, site: SiteId, login: Login, timeoutMilliseconds: number): Promise<Look> {
  try {
    await withCache(plan, site, login, timeoutMilliseconds, (redis) => redis.ping());
    return { ok: true, detail: 'answers' };
  } catch (error) {
    const { message } = error as Error;
    const lives = /^(NOAUTH|WRONGPASS|NOPERM)/.test(message);
    return { ok: lives, detail: lives ? `answers: ${message}` : message };
  }
}
