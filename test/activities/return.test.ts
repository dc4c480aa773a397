/** What a site that was given up says of itself when it is back, through a real sshd with the site agent as forced command, at real servers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import type { RunContext } from '../../activities/context.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createDetectionActivities } from '../../activities/detection/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import type { Estate, Plan } from '../../plan/schema.ts';
import { TestEstate, sites, type TestSite } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const servers = new TestEstate(testNetwork());
const run: RunContext = { runId: 'failover/test', execution: 'failover/test@1', planDigest: 'as-it-is', epoch: 3 };
let estate: Estate;
let pool: AgentPool;
const plans = new Map<string, Estate>();

const dependencies: ActivityDependencies = dependenciesOf({
  planOf: async (digest) => ({ estate: plans.get(digest) }) as Plan,
  secret: async (reference) => (reference === 'env:TEST_PASSWORD' ? 'test-only' : readFileSync(reference.slice('file:'.length), 'utf8').trim()),
  agent: (context, site) => pool.agent(context, site),
  now: () => new Date(),
});
const detection = createDetectionActivities({ ...dependencies, planFolder: '.' });

beforeAll(async () => {
  await servers.start();
  const keys = Object.fromEntries(await Promise.all(sites.map(async (site) => [site, await servers.startSshd(site)] as const))) as Record<TestSite, string>;
  estate = servers.plan(keys);
  plans.set(run.planDigest, estate);
  pool = createAgentPool(dependencies);
});
afterAll(async () => {
  await pool?.close();
  await servers.stop();
});

test('a site that was given up is news when it answers and when its servers change, and none while it says the same', async () => {
  const look = (unlike?: string) => detection.awaitReturn({ run, site: 'north', everySeconds: 7, ...(unlike === undefined ? {} : { unlike }) });
  const well = await look();
  expect(well).toEqual({ answers: true, says: 'database standby, cache standby, service stopped' });
  await expect(look(well.says)).rejects.toMatchObject({ type: 'transient', category: 'BENIGN', nextRetryDelay: 7_000 });
  await servers.kill('redis-north');
  const halfWell = await look(well.says);
  expect(halfWell).toMatchObject({ answers: true, says: 'database standby, cache unknown, service stopped' });
  await servers.startRedis('north');
  const { agent, ...north } = estate.sites['north']!;
  const stranger = { ...north, agent: { ...agent, hostKey: estate.sites['east']!.agent.hostKey } };
  plans.set('stranger', { ...estate, sites: { ...estate.sites, north: stranger } });
  const untrusted = await detection.awaitReturn({ run: { ...run, planDigest: 'stranger' }, site: 'north', everySeconds: 7 });
  expect(untrusted, 'who is not the host of the plan is not tried').toEqual({ answers: false, says: 'its agent does not answer' });
});
