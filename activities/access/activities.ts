/** `dr estate check`: every path and permission that the steps of a run need, tried by looking. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import { heartbeatsByRunClock, senderClocks } from '../database/clocks.ts';
import { observe } from '../database/observer.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { cacheLogin, databaseLogin } from '../probing/stores.ts';
import { checkAgent } from './agent.ts';
import { checkAutoScaling, checkElastiCache, checkRds } from './aws.ts';
import { lacking, ok, serves, words } from './checks.ts';
import { checkNeeds, fencedBy, type Known, standingOf } from './needs.ts';
import type { AccessActivities, AccessCheck } from './port.ts';
import { checkDnsApi, checkDnsServers, checkRemainder } from './dns.ts';
import { checkDatabase } from './postgresql.ts';
import { checkCache } from './redis.ts';
import { checkRestoreAtAws } from './restore-aws.ts';
import { checkRestore } from './restore.ts';
import { checkService } from './service.ts';
import { checkMail, checkMonitoring, checkReports } from './shared.ts';
import { checkStack } from './stack.ts';
import { checkWitnesses } from './witnesses.ts';

export function createAccessActivities(dependencies: FolderDependencies): AccessActivities {
  const { planOf, secret, planFolder } = dependencies;
  const knowledge = async (run: RunContext, site: SiteId): Promise<Known> => {
    const seen = await observe(dependencies, run, site);
    if (!seen.reachable) return { heartbeats: [], now: dependencies.now() };
    const { aheadSeconds } = seen;
    const heartbeats = heartbeatsByRunClock(seen.heartbeats, senderClocks(await planOf(run.planDigest), { site, aheadSeconds }));
    return { heartbeats, now: dependencies.now(), databaseAheadSeconds: aheadSeconds };
  };
  return {
    async checkSiteAccess({ run, site }) {
      const plan = await planOf(run.planDigest);
      const { cache, ssh } = plan.estate;
      const agent = dependencies.agent(run, site);
      const standing = await standingOf(plan, site, agent);
      const fenced = standing && fencedBy(standing);
      const groups = await Promise.all([
        withSecrets('site agent over SSH', async () => checkAgent(plan, site, agent, await secret(ssh.privateKey))),
        withSecrets('PostgreSQL, to look', async () =>
          fenced === undefined ? checkDatabase(plan, site, await databaseLogin(plan, secret)) : [isFenced(plan, fenced)],
        ),
        withSecrets('Redis, to look', async () => (cache ? checkCache(plan, site, cache.observer.user, await cacheLogin(plan, secret)) : [])),
        withSecrets('RDS API', async () => checkRds(plan, site, { secret })),
        withSecrets('ElastiCache API', async () => checkElastiCache(plan, site, { secret })),
        withSecrets('Auto Scaling API', async () => checkAutoScaling(plan, site, { secret })),
        withSecrets('service', async () => (serves(plan, site) ? [await checkService(plan, site, await readAuthority(plan, planFolder), standing)] : [])),
        withSecrets('site-restore', async () => checkRestore(plan, site, () => dependencies.restorer(run, site), dependencies.now)),
        withSecrets('infrastructure', async () => checkStack(plan, site, run, dependencies)),
        withSecrets('restores by AWS', async () => checkRestoreAtAws(plan, run, site, dependencies)),
        withSecrets('what a failover needs', async () => (standing ? checkNeeds(plan, site, agent, standing, await knowledge(run, site)) : [])),
      ]);
      return { site, checks: groups.flat() };
    },

    async checkSharedAccess({ run }) {
      const plan = await planOf(run.planDigest);
      const groups = await Promise.all([
        withSecrets('Route 53 API', async () => checkDnsApi(plan, secret)),
        checkDnsServers(plan),
        withSecrets('maintenance answer', async () => checkRemainder(plan, planFolder)),
        withSecrets('witnesses', async () => checkWitnesses(plan, { secret })),
        withSecrets('mail server', async () => [await checkMail(plan)]),
        withSecrets('monitoring', async () => [await checkMonitoring(plan, secret)]),
        withSecrets('report folder', async () => [await checkReports(plan, planFolder)]),
      ]);
      return groups.flat();
    },
  };
}

/** Nobody is let in there, and nobody is to be. */
function isFenced(plan: Plan, fenced: string): AccessCheck {
  return ok({ what: 'PostgreSQL, to look', steps: stepsThatReach('database as observer'), as: plan.estate.database.observer.user }, fenced);
}

/** A secret or file that this worker lacks is a finding, not the end of the check. */
async function withSecrets(what: string, check: () => Promise<readonly AccessCheck[]>): Promise<readonly AccessCheck[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === 'secret-missing')
      return [lacking({ what, steps: ['every step that uses it'], as: 'this worker' }, words(error))];
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return [lacking({ what, steps: ['every step that uses it'], as: 'this worker' }, words(error))];
    throw error;
  }
}

async function readAuthority(plan: Plan, planFolder: string): Promise<string | undefined> {
  const { caFile } = plan.estate.service;
  return caFile === undefined ? undefined : readFile(path.resolve(planFolder, caFile), 'utf8');
}
