/** Goal: a worker whose environment is wrong says everything that is wrong, and does not start. Method: the configuration alone, and health over HTTP. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { digestOf, loadPlan } from '../../plan/load.ts';
import type { Plan, PlanSnapshot } from '../../plan/schema.ts';
import { ConfigError, readWorkerConfig } from '../../workers/config.ts';
import { serveHealth } from '../../workers/health.ts';
import { createLogger, temporalLogger } from '../../workers/logger.ts';
import { createPlans } from '../../workers/plans.ts';
import { checkDeployments, StartError } from '../../workers/worker.ts';

const planFolder = fileURLToPath(new URL('../../plan/erlmcp', import.meta.url));

describe('the environment', () => {
  it('is read as it stands', () => {
    const config = readWorkerConfig({
      DR_PLAN: planFolder,
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'dr',
      DR_HEALTH_ADDRESS: '[::1]:9465',
    });
    expect(config).toMatchObject({
      planFolders: [planFolder],
      secretFolders: ['/etc/dr', '/run/secrets'],
      logLevel: 'info',
      temporal: { address: 'temporal.example:7233', namespace: 'dr' },
      healthAddress: { host: '::1', port: 9465 },
    });
  });

  it('is refused with all faults at once, each with what to write instead', () => {
    const wrong = {
      DR_PLAN: '/nowhere',
      DR_METRICS_ADDRESS: 'everywhere',
      DR_HEALTH_ADDRESS: '127.0.0.1:99999',
      DR_LOG_LEVEL: 'loud',
      DR_WORKFLOW_BUNDLE: '/nowhere.js',
      TEMPORAL_PROFILE: 'absent',
    };
    const faults = faultsOf(wrong);
    expect(faults.slice(0, 5)).toEqual([
      "DR_PLAN: /nowhere is not a folder; give the folder that holds the plan's YAML files.",
      'DR_METRICS_ADDRESS: write an address and a port, such as 127.0.0.1:9464.',
      'DR_HEALTH_ADDRESS: the port must be at most 65535.',
      'DR_LOG_LEVEL: write one of trace, debug, info, warn, error.',
      'DR_WORKFLOW_BUNDLE: /nowhere.js does not exist; run npm run build, or leave the variable out.',
    ]);
  });

  it('needs a plan', () => {
    expect(faultsOf({})).toEqual(['DR_PLAN: set it to the folder of the plan, such as ./plan/erlmcp.']);
  });
});

describe('plans by digest', () => {
  let loaded: PlanSnapshot;
  let older: PlanSnapshot;
  beforeAll(async () => {
    loaded = await loadPlan(planFolder);
    const plan = { ...loaded.plan, plan: { ...loaded.plan.plan, title: 'As it was before' } };
    older = { plan, digest: digestOf(plan) };
  });

  it('come from the worker, else from the run, which is asked once', async () => {
    let asked = 0;
    const plans = createPlans(loaded, async () => {
      asked += 1;
      return older;
    });
    expect(await plans.of(loaded.digest)).toBe(loaded.plan);
    expect([asked, plans.holds(loaded.digest), plans.holds(older.digest)]).toEqual([0, true, false]);
    expect(await plans.of(older.digest)).toEqual(older.plan);
    expect(await plans.of(older.digest)).toEqual(older.plan);
    expect(asked).toBe(1);
  });

  it.each<[string, () => PlanSnapshot | null]>([
    ['whose computed digest is another, whatever comes with it', () => ({ ...older, digest: 'c'.repeat(64) })],
    ['that is no plan', () => ({ plan: {} as Plan, digest: 'c'.repeat(64) })],
    ['that nobody tells', () => null],
  ])('are never taken for another: one %s', async (_name, told) => {
    const plans = createPlans(loaded, async () => told());
    await expect(plans.of('c'.repeat(64))).rejects.toThrow(`The plan cccccccccccc is not the one that this worker holds (${loaded.digest.slice(0, 12)})`);
  });

  it('are of this estate alone', async () => {
    const plan = { ...loaded.plan, estate: { ...loaded.plan.estate, name: 'other' } };
    const digest = digestOf(plan);
    await expect(createPlans(loaded, async () => ({ plan, digest })).of(digest)).rejects.toThrow('is not the one that this worker holds');
  });
});

describe('GET /health', () => {
  it('is 200 while the worker polls and reaches Temporal, and 503 with the reason otherwise', async () => {
    let healthy = true;
    const endpoint = await serveHealth({ host: '127.0.0.1', port: 0 }, async () => ({
      healthy,
      temporal: healthy ? 'reachable' : 'unreachable',
      workers: [{ estate: 'a', plan: 'b', worker: 'RUNNING', release: '1.0.0-abcdef12', currentRelease: '1.0.0-abcdef12' }],
      clockAheadSeconds: 0,
      stuck: [],
    }));
    const ask = (path: string) => fetch(`http://127.0.0.1:${endpoint.port}${path}`);
    try {
      expect((await ask('/health')).status).toBe(200);
      healthy = false;
      const sick = await ask('/health');
      expect(sick.status).toBe(503);
      expect(await sick.json()).toMatchObject({ temporal: 'unreachable' });
      expect((await ask('/')).status).toBe(404);
    } finally {
      await endpoint.close();
    }
    await expect(ask('/health')).rejects.toThrow();
  });
});

describe('logs', () => {
  it('are one JSON object a line, below the level silent', () => {
    const lines: string[] = [];
    const log = temporalLogger(createLogger('info', { write: (line: string) => void lines.push(line) }));
    log.debug('unheard');
    log.info('heard', { attempt: 2n });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'heard', attempt: '2', name: 'dr-worker' });
  });
});

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readWorkerConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

it('a server that keeps no releases apart is refused at the start, and one that does not answer is not taken for one', async () => {
  const server = (code: number | null) =>
    ({
      workflowService: {
        listWorkerDeployments: async () => {
          if (code !== null) throw Object.assign(new Error('from the server'), { code });
        },
      },
    }) as never;
  await checkDeployments(server(null), 'dr');
  for (const code of [9, 12])
    await expect(checkDeployments(server(code), 'dr')).rejects.toThrow(
      new StartError(
        'The Temporal server does not keep releases of workers apart (worker deployments). Use server 1.29.1 or newer, or turn system.enableDeploymentVersions on.',
      ),
    );
  await expect(checkDeployments(server(14), 'dr')).rejects.toThrow('from the server');
});
