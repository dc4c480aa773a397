/** `dr estate check`: every path and permission that the steps of a run need, tried by looking. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { Plan } from '../../plan/schema.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { cacheLogin, databaseLogin } from '../probing/stores.ts';
import { checkAgent } from './agent.ts';
import { checkAutoScaling, checkElastiCache, checkRds } from './aws.ts';
import { lacking, serves, words } from './checks.ts';
import type { AccessActivities, AccessCheck } from './port.ts';
import { checkDnsApi, checkDnsServers } from './dns.ts';
import { checkDatabase } from './postgresql.ts';
import { checkCache } from './redis.ts';
import { checkService } from './service.ts';
import { checkMail, checkMonitoring, checkReports } from './shared.ts';

export function createAccessActivities(dependencies: FolderDependencies): AccessActivities {
  const { planOf, secret, planFolder } = dependencies;
  return {
    async checkSiteAccess({ run, site }) {
      const plan = await planOf(run.planDigest);
      const { cache, ssh } = plan.estate;
      const groups = await Promise.all([
        withSecrets('site agent over SSH', async () => checkAgent(plan, site, dependencies.agent(run, site), await secret(ssh.privateKey))),
        withSecrets('PostgreSQL, to look', async () => checkDatabase(plan, site, await databaseLogin(plan, secret))),
        withSecrets('Redis, to look', async () => (cache ? checkCache(plan, site, cache.observer.user, await cacheLogin(plan, secret)) : [])),
        withSecrets('RDS API', async () => checkRds(plan, site, { secret })),
        withSecrets('ElastiCache API', async () => checkElastiCache(plan, site, { secret })),
        withSecrets('Auto Scaling API', async () => checkAutoScaling(plan, site, { secret })),
        withSecrets('service', async () => (serves(plan, site) ? [await checkService(plan, site, await readAuthority(plan, planFolder))] : [])),
      ]);
      return { site, checks: groups.flat() };
    },

    async checkSharedAccess({ run }) {
      const plan = await planOf(run.planDigest);
      const groups = await Promise.all([
        withSecrets('Route 53 API', async () => checkDnsApi(plan, secret)),
        checkDnsServers(plan),
        withSecrets('mail server', async () => [await checkMail(plan)]),
        withSecrets('monitoring', async () => [await checkMonitoring(plan, secret)]),
        withSecrets('report folder', async () => [await checkReports(plan, planFolder)]),
      ]);
      return groups.flat();
    },
  };
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
