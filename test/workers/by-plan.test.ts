/** Goal: the plan of the run chooses the driver of each capability. Method: the worker's own composition, for the plans of this repository; nothing answers at their addresses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunContext } from '../../activities/context.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import { createWorkerActivities } from '../../workers/activities.ts';
import { byPlan } from '../../workers/by-plan.ts';
import { createPlans } from '../../workers/plans.ts';

const folder = (name: string) => fileURLToPath(new URL(`../plans/${name}`, import.meta.url));
const run: RunContext = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: '', epoch: 1 };

describe('two plans at one worker', () => {
  const drivers = { agent: { setCapacity: async () => 'agent' }, 'auto-scaling': { setCapacity: async () => 'auto-scaling' } };
  const plans: Readonly<Record<string, Pick<Plan, 'estate'>>> = {
    one: { estate: {} as Plan['estate'] },
    other: { estate: { capacity: { driver: 'auto-scaling', sites: {} } } as unknown as Plan['estate'] },
  };
  const chosen = byPlan({ planOf: async (digest) => plans[digest] as Plan }, ({ estate }) => estate.capacity?.driver ?? 'agent', drivers);

  test.each([
    ['one', 'agent'],
    ['other', 'auto-scaling'],
  ])('a run of plan %s is served by the driver %s', async (planDigest, driver) => {
    const act = chosen.setCapacity as (input: { run: RunContext }) => Promise<string>;
    expect(await act({ run: { ...run, planDigest } })).toBe(driver);
  });
});

describe('the worker', () => {
  const secrets = mkdtempSync(join(tmpdir(), 'dr-by-plan-'));
  const key = `file:${join(secrets, 'key')}` as const;
  writeFileSync(join(secrets, 'key'), ssh2.utils.generateKeyPairSync('ed25519').private);
  afterAll(() => rmSync(secrets, { recursive: true }));

  /** The plan with every address on a port of this machine where nothing listens. */
  async function nowhere(name: string): Promise<Plan> {
    const { plan } = await loadPlan(folder(name));
    const { database, cache, capacity, ssh, sites } = plan.estate;
    const dead = { host: '127.0.0.1', port: 1 };
    const endpoint = 'http://127.0.0.1:1';
    const credentials = { accessKeyId: key, secretAccessKey: key };
    const at = <T extends object>(places: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(places).map(([site, place]) => [site, { ...place, endpoint }]));
    const agents = Object.entries(sites).map(([site, entry]) => [
      site,
      { ...entry, agent: { ...entry.agent, ...dead }, database: dead, ...(entry.cache ? { cache: dead } : {}) },
    ]);
    return {
      ...plan,
      estate: {
        ...plan.estate,
        database: {
          ...(database.driver === 'rds' ? { ...database, credentials, instances: at(database.instances) } : database),
          observer: { ...database.observer, password: key },
        },
        ...(cache?.driver === 'elasticache'
          ? { cache: { ...cache, credentials, observer: { ...cache.observer, password: key }, replicationGroups: at(cache.replicationGroups) } }
          : {}),
        ...(capacity?.driver === 'auto-scaling' ? { capacity: { ...capacity, credentials, sites: at(capacity.sites) } } : {}),
        ssh: { ...ssh, privateKey: key },
        sites: Object.fromEntries(agents),
      },
    };
  }

  test.each([
    {
      name: 'library',
      site: 'gent',
      other: 'lyon',
      capacity: /agent of gent|gent could not be reached/,
      follow: /database at lyon does not tell/,
      cache: /cache at lyon does not tell/,
      byAgent: ['database'],
      byReplication: /No heartbeat|nobody|not/,
    },
    {
      name: 'tickets',
      site: 'dublin',
      other: 'stockholm',
      capacity: /Reading the Auto Scaling group box-office-m6i/,
      follow: /RDS lets a replica follow its source only/,
      cache: /in a Global Datastore a replica follows whom ElastiCache lets it follow/,
      byAgent: [],
      byReplication: /no agent closes an RDS instance/,
    },
  ])('takes the drivers that the plan $name names', async ({ name, site, other, capacity, follow, cache, byAgent, byReplication }) => {
    const plan = await nowhere(name);
    const { activities, close } = createWorkerActivities({
      plans: createPlans({ plan, digest: 'd' }, async () => null),
      planFolder: secrets,
      secretFolders: [],
      workers: async () => [],
      clock: { now: () => new Date(), aheadSeconds: () => 0 },
    });
    try {
      await expect(activities.setCapacity({ run: { ...run, planDigest: 'd' }, site, percent: 100 })).rejects.toThrow(capacity);
      await expect(activities.followDatabase({ run: { ...run, planDigest: 'd' }, site, source: other })).rejects.toThrow(follow);
      const input = { run: { ...run, planDigest: 'd' }, site };
      await expect(activities.followCache({ ...input, source: other, withinSeconds: 1 })).rejects.toThrow(cache);
      expect((await activities.fenceByAgent(input)).servers.map(({ server }) => server)).toEqual(byAgent);
      expect(await activities.fenceDatabaseByReplication({ ...input, standbys: [] })).toMatchObject({
        proven: false,
        proof: expect.stringMatching(byReplication),
      });
    } finally {
      await close();
    }
  });
});
