/** Detection, DNS, verification, monitoring, communication and reporting against the lab: every server in it is a real one. */
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCommunicationActivities } from '../../activities/communication/activities.ts';
import type { RunContext } from '../../activities/context.ts';
import type { FolderDependencies } from '../../activities/dependencies.ts';
import { createDetectionActivities } from '../../activities/detection/activities.ts';
import { createDnsActivities } from '../../activities/dns/activities.ts';
import { createHostsActivities } from '../../activities/hosts/activities.ts';
import { createMonitoringActivities } from '../../activities/monitoring/activities.ts';
import { createServicesActivities } from '../../activities/services/activities.ts';
import { createAgentPool, type AgentPool } from '../../activities/ssh/agent.ts';
import { createVerificationActivities } from '../../activities/verification/activities.ts';
import { compareCounts } from '../../activities/verification/counts.ts';
import { loadPlan } from '../../plan/load.ts';
import { judgeFailure } from '../../plan/rules/failure.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { resolveSecret } from '../../plan/secrets.ts';
import { startLab, type TestLab } from '../support/lab.ts';
import { until } from '../support/until.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const primary = 'us-east-1';
const secondary = 'eu-central-1';
const tertiary = 'ap-southeast-1';
const survivors = [secondary, tertiary, 'dr'];

/** What the lab's customers call. */
const functions = ['customer-api', 'session-management', 'payment-processing', 'analytics', 'admin-console'];

let lab: TestLab;
let folder: string;
let loaded: PlanSnapshot;
let pool: AgentPool;
let dependencies: FolderDependencies;

/** A run with this epoch. */
function run(epoch: number, runId = 'recovery/drivers'): RunContext {
  return { runId, execution: `${runId}@1`, planDigest: loaded.digest, epoch };
}

/** A run whose epoch stands at all survivors, as after its claim: three of five holders. */
async function holding(epoch: number): Promise<RunContext> {
  const { claimEpoch } = createHostsActivities(dependencies);
  await Promise.all(survivors.map((site) => claimEpoch({ run: run(epoch), site })));
  return run(epoch);
}

beforeAll(async () => {
  lab = await startLab('drivers');
  folder = join(lab.handle.directory, 'plan');
  loaded = await loadPlan(folder);
  const base = {
    planFolder: folder,
    planOf: async () => loaded.plan,
    secret: (reference: string) => resolveSecret(reference, folder, [dirname(folder)]),
    now: () => new Date(),
  };
  pool = createAgentPool(base);
  dependencies = dependenciesOf({ ...base, agent: (context, site) => pool.agent(context, site) });
}, 240_000);

afterAll(async () => {
  await pool?.close();
  await lab?.end();
}, 60_000);

function errorType(error: unknown): string | undefined {
  return (error as { type?: string }).type;
}

describe('verification', () => {
  test('a healthy function writes, reads back, is fresh and agrees with its standby', async () => {
    const { verifyFunction } = createVerificationActivities(dependencies);
    for (const id of ['customer-api', 'session-management', 'payment-processing', 'analytics', 'admin-console']) {
      expect(await verifyFunction({ run: run(0), site: primary, function: id, reference: tertiary, withinSeconds: 5 })).toMatchObject({
        function: id,
        status: 'ok',
        differences: [],
      });
    }
  });

  test('a function that cannot write has failed, one that may be reduced is degraded', async () => {
    const { verifyFunction } = createVerificationActivities(dependencies);
    expect(await verifyFunction({ run: run(0), site: secondary, function: 'payment-processing', withinSeconds: 5 })).toMatchObject({
      status: 'failed',
      differences: ['It answers HTTP 503: PostgreSQL at this site only reads.', 'Its data was not compared, since it is not ready.'],
      waitsFor: 'HTTP 503: PostgreSQL at this site only reads',
    });
    expect(await verifyFunction({ run: run(0), site: secondary, function: 'analytics', reference: tertiary, withinSeconds: 5 })).toMatchObject({
      status: 'degraded',
    });
  });

  test('a service that loads for 12 s is waited for, by its health and by each verification, and is well in the end', async () => {
    const { awaitService } = createServicesActivities(dependencies);
    const { verifyFunction, verifyUptime } = createVerificationActivities(dependencies);
    const asked = { run: run(0), site: secondary };
    await lab.call('fault/inject', { name: 'slow-start', site: secondary });
    try {
      await lab.call('unit/text', { site: secondary, verb: 'start', unit: 'erlmcp' });
      const refused = expect.stringMatching(/ECONNRE(FUSED|SET)/) as string;
      expect(await awaitService({ ...asked, withinSeconds: 1 })).toMatchObject({ status: 'failed', waitsFor: refused });
      expect(await verifyFunction({ ...asked, function: 'analytics', reference: tertiary, withinSeconds: 0 })).toMatchObject({
        status: 'failed',
        waitsFor: refused,
      });
      expect(await verifyUptime({ ...asked, withinSeconds: 0 })).toMatchObject({ ok: false, waitsFor: refused });
      expect(await awaitService({ ...asked, withinSeconds: 30 })).toMatchObject({ status: 'ok' });
      expect(await verifyUptime({ ...asked, withinSeconds: 5 })).toMatchObject({ ok: true });
    } finally {
      await lab.call('fault/heal', { name: 'slow-start', site: secondary });
    }
  });

  test('the uptime grows', async () => {
    expect(await createVerificationActivities(dependencies).verifyUptime({ run: run(0), site: primary, withinSeconds: 5 })).toMatchObject({ ok: true });
  });

  test('a customer reaches the site that DNS gives, and no other', async () => {
    const { verifyAsCustomer } = createVerificationActivities(dependencies);
    const there = await verifyAsCustomer({ run: run(0), site: primary, functions, withinSeconds: 5 });
    expect(there.functions.map((verdict) => verdict.status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(there.remarks).toEqual([]);
    const elsewhere = await verifyAsCustomer({ run: run(0), site: secondary, functions, withinSeconds: 0 });
    expect(elsewhere.functions.every((verdict) => verdict.status === 'failed' && verdict.differences[0]?.includes('No resolver of the plan'))).toBe(true);
    expect(elsewhere).toMatchObject({ found: false, remarks: [expect.stringMatching(/ gives \S+, not /), expect.stringMatching(/ gives \S+, not /)] });
  });

  test('a customer who finds the site by one resolver is served, and the other one is named', async () => {
    await lab.call('fault/inject', { name: 'resolver-silent', site: primary });
    try {
      const verdict = await createVerificationActivities(dependencies).verifyAsCustomer({ run: run(0), site: primary, functions, withinSeconds: 30 });
      expect(verdict.functions.every(({ status }) => status === 'ok')).toBe(true);
      expect(verdict.remarks).toEqual([expect.stringMatching(/^The resolver \S+ did not answer /)]);
    } finally {
      await lab.call('fault/heal', { name: 'resolver-silent', site: primary });
    }
  });

  test('a watch over a healthy service ends without a relapse', async () => {
    expect(await createVerificationActivities(dependencies).watchService({ run: run(0), site: primary, functions, forSeconds: 2, routed: true })).toMatchObject(
      {
        relapsed: false,
      },
    );
  });

  test('stale answers with status 200 are seen', async () => {
    await lab.call('fault/inject', { name: 'stale-answers', site: primary });
    try {
      const verdict = await createVerificationActivities(dependencies).verifyFunction({
        run: run(0),
        site: primary,
        function: 'customer-api',
        reference: tertiary,
        withinSeconds: 5,
      });
      expect(verdict.status).toBe('failed');
      expect(verdict.differences[0]).toMatch(/^It read back .* instead of dr-0-customer-api-/);
      expect(
        await createVerificationActivities(dependencies).watchService({ run: run(0), site: primary, functions, forSeconds: 20, routed: false }),
      ).toMatchObject({
        relapsed: true,
        rounds: 2,
      });
    } finally {
      await lab.call('fault/heal', { name: 'stale-answers', site: primary });
    }
  });

  test('rows that are gone from a standby are counted and named', async () => {
    const { plan } = loaded;
    const probe = plan.estate.functionProbes.find((entry) => entry.function === 'payment-processing')!;
    expect(await compareCounts(dependencies, run(0), { site: secondary, reference: tertiary }, probe)).toEqual({ differences: [], remarks: [] });
    await lab.call('fault/inject', { name: 'lose-rows', site: secondary, options: { table: 'payments', rows: 10 } });
    const compared = await compareCounts(dependencies, run(0), { site: secondary, reference: tertiary }, probe);
    expect(compared.differences).toEqual([expect.stringMatching(/^10 rows of payments are missing: \d+ here, \d+ at ap-southeast-1\.$/)]);
  });

  test('sessions that are gone from a replica are counted and named', async () => {
    const { plan } = loaded;
    const probe = plan.estate.functionProbes.find((entry) => entry.function === 'session-management')!;
    await createVerificationActivities(dependencies).verifyFunction({
      run: run(0),
      site: primary,
      function: 'session-management',
      reference: tertiary,
      withinSeconds: 5,
    });
    await lab.call('fault/inject', { name: 'flush-sessions', site: secondary });
    const compared = await compareCounts(dependencies, run(0), { site: secondary, reference: tertiary }, probe);
    expect(compared.differences).toEqual([expect.stringMatching(/^\d+ keys session:\* are missing: \d+ here, \d+ at ap-southeast-1\.$/)]);
  });
});

describe('routing', () => {
  test('the route is read from the authoritative server, with the TTL that it serves', async () => {
    expect(await createDnsActivities(dependencies).readRoute({ run: run(0) })).toMatchObject({
      site: primary,
      addresses: [lab.addresses.seen(primary, 'customers')],
      ttlSeconds: 5,
    });
  });

  test('the prepared records lead to the secondary only', async () => {
    const refused = await createDnsActivities(dependencies)
      .throwSwitch({ run: run(1), from: primary, to: tertiary, switchSites: [secondary, tertiary] })
      .catch((error: unknown) => error);
    expect(errorType(refused)).toBe('refused');
  });

  test('a thrown switch moves the route by the data plane', async () => {
    const dns = createDnsActivities(dependencies);
    const early = await dns.throwSwitch({ run: run(1), from: primary, to: secondary, switchSites: [secondary, tertiary] }).catch((error: unknown) => error);
    expect((early as Error).message).toContain('No switch was thrown.');
    await holding(1);
    const thrown = await dns.throwSwitch({ run: run(1), from: primary, to: secondary, switchSites: [secondary, tertiary] });
    expect(thrown).toMatchObject({ changed: true, thrownAt: [secondary, tertiary] });
    expect(await dns.throwSwitch({ run: run(1), from: primary, to: secondary, switchSites: [secondary, tertiary] })).toMatchObject({ changed: false });
    expect(await dns.proveRoute({ run: run(1), to: secondary, withinSeconds: 15 })).toMatchObject({ moved: true, site: secondary, ttlSeconds: 5 });
    expect((await lab.call<{ mutatingCalls: unknown[] }>('route53/state')).mutatingCalls).toHaveLength(0);
  });

  test('an older run cannot throw a switch', async () => {
    const stale = await createDnsActivities(dependencies)
      .throwSwitch({ run: run(0, 'recovery/old'), from: primary, to: secondary, switchSites: [secondary, tertiary] })
      .catch((error: unknown) => error);
    expect(errorType(stale)).toBe('stale-epoch');
  });

  test('a route that does not move is a value, with what is served', async () => {
    const proof = await createDnsActivities(dependencies).proveRoute({ run: run(1), to: tertiary, withinSeconds: 0 });
    expect(proof).toMatchObject({ moved: false });
    expect(proof.moved ? '' : proof.detail).toContain(`gives ${lab.addresses.seen(secondary, 'customers')} (eu-central-1)`);
  });

  test('the record changes together with the epoch; a repeat changes nothing', async () => {
    const dns = createDnsActivities(dependencies);
    const early = await dns.changeRecord({ run: run(2), to: tertiary }).catch((error: unknown) => error);
    expect((early as Error).message).toContain('Epoch 2 of this run is confirmed by 0 of its 5 holders, and 3 are needed');
    await holding(2);
    expect(await dns.changeRecord({ run: run(2), to: tertiary })).toMatchObject({ changed: true });
    expect(await dns.proveRoute({ run: run(2), to: tertiary, withinSeconds: 10 })).toMatchObject({ moved: true });
    expect(await dns.changeRecord({ run: run(2), to: tertiary })).toMatchObject({ changed: false });
    const { served } = await lab.call<{ served: { type: string; values: string[] }[] }>('route53/state');
    expect(served.find((set) => set.type === 'TXT')?.values).toEqual(['"epoch=2 run=recovery/drivers@1"']);
  });

  test.each([
    ['an older epoch', 1, 'recovery/drivers'],
    ['the same epoch of another run', 2, 'recovery/other'],
  ])('a change under %s is refused and leaves the record', async (_title, epoch, runId) => {
    const dns = createDnsActivities(dependencies);
    const refused = await dns.changeRecord({ run: run(epoch, runId), to: primary }).catch((error: unknown) => error);
    expect(errorType(refused)).toBe('stale-epoch');
    expect(await dns.readRoute({ run: run(epoch, runId) })).toMatchObject({ site: tertiary });
  });

  test('a newer run that has only reached the agents keeps an older one from changing a record', async () => {
    const dns = createDnsActivities(dependencies);
    const { claimEpoch } = createHostsActivities(dependencies);
    await Promise.all(survivors.map((site) => claimEpoch({ run: run(3, 'recovery/newer'), site })));
    const refused = await dns.changeRecord({ run: run(2), to: primary }).catch((error: unknown) => error);
    expect(errorType(refused)).toBe('stale-epoch');
    expect((refused as Error).message).toMatch(/^The agent of \S+ holds epoch 3/);
  });

  test('a run claims the zone once; an older one is refused, and a silent API is a value', async () => {
    const dns = createDnsActivities(dependencies);
    expect(await dns.claimZone({ run: run(4) })).toEqual({ reachable: true, epoch: 4, holder: 'recovery/drivers@1' });
    expect(await dns.claimZone({ run: run(4) })).toMatchObject({ epoch: 4 });
    expect(await dns.readZoneEpoch({ run: run(1) })).toEqual({ reachable: true, epoch: 4, holder: 'recovery/drivers@1' });
    expect(errorType(await dns.claimZone({ run: run(3) }).catch((error: unknown) => error))).toBe('stale-epoch');
    await lab.call('route53/control-plane', { available: false });
    try {
      expect(await dns.claimZone({ run: run(5) })).toMatchObject({ reachable: false, reason: expect.stringContaining('no answer in time') });
    } finally {
      await lab.call('route53/control-plane', { available: true });
    }
  });

  test('a change whose reply was lost is found done by the next attempt', async () => {
    const dns = createDnsActivities(dependencies);
    await holding(5);
    await lab.call('route53/lose-replies', { count: 1 });
    expect(errorType(await dns.changeRecord({ run: run(5), to: primary }).catch((error: unknown) => error))).toBe('transient');
    expect(await dns.proveRoute({ run: run(5), to: primary, withinSeconds: 10 })).toMatchObject({ moved: true });
    expect(await dns.changeRecord({ run: run(5), to: primary })).toMatchObject({ changed: false });
  });

  test('throttling and a silent control plane are transient', async () => {
    const dns = createDnsActivities(dependencies);
    await holding(6);
    // One is for the zone as a holder of the epoch, which the agents make up for.
    await lab.call('route53/throttle', { count: 2 });
    expect(errorType(await dns.changeRecord({ run: run(6), to: primary }).catch((error: unknown) => error))).toBe('transient');
    await lab.call('route53/control-plane', { available: false });
    try {
      expect(errorType(await dns.changeRecord({ run: run(6), to: primary }).catch((error: unknown) => error))).toBe('transient');
      expect(await createDetectionActivities(dependencies).watchHealthCheck({ run: run(6), site: primary, holdSeconds: 0 })).toMatchObject({
        verdict: 'blind',
      });
    } finally {
      await lab.call('route53/control-plane', { available: true });
    }
  });
});

describe('people and monitoring', () => {
  test('monitoring is told once', async () => {
    const { updateMonitoring } = createMonitoringActivities(dependencies);
    const input = { run: run(1), from: primary, to: secondary };
    expect(await updateMonitoring(input)).toMatchObject({ changed: true, after: 'failover_active from us-east-1 to eu-central-1' });
    expect(await updateMonitoring(input)).toMatchObject({ changed: false });
    expect(await lab.call('monitoring/state')).toMatchObject({
      posts: 1,
      refused: 0,
      status: { status: 'failover_active', from: primary, to: secondary, run: 'recovery/drivers' },
    });
  });

  test('stakeholders get the rendered template; a missing value is visible, and a repeat carries the same id', async () => {
    const { notifyStakeholders } = createCommunicationActivities(dependencies);
    const values = { status: 'recovered', from: primary, to: secondary, loss: 'proven 0' };
    const first = await notifyStakeholders({ run: run(1), values });
    expect(first.recipients).toContain('jsmith@erlmcp.com');
    expect((await notifyStakeholders({ run: run(1), values })).messageId).toBe(first.messageId);
    const another = { ...run(1), execution: 'recovery/drivers@2' };
    expect((await notifyStakeholders({ run: another, values })).messageId).not.toBe(first.messageId);
    const { messages } = await lab.call<{ messages: { number: number; subject: string }[] }>('mail/list');
    expect(messages[0]?.subject).toBe('Failover from us-east-1 to eu-central-1: recovered');
    const { source } = await lab.call<{ source: string }>('mail/read', { number: messages[0]?.number });
    expect(source).toContain('[unknown: failedSince]');
    expect(source).toContain(`Message-ID: ${first.messageId}`);
  });
});

describe('detection', () => {
  const looks = (site: string, holdSeconds: number) => {
    const { watchFromOrchestrator, watchFromSite, watchHealthCheck } = createDetectionActivities(dependencies);
    const input = { run: run(4), site, holdSeconds };
    return Promise.all([
      watchFromOrchestrator(input),
      watchFromSite({ ...input, observer: secondary }),
      watchFromSite({ ...input, observer: tertiary }),
      watchHealthCheck(input),
    ]);
  };

  test('everybody sees a healthy site at once, however long they would have watched', async () => {
    const vantages = await looks(primary, 30);
    expect(vantages.map((vantage) => [vantage.observer, vantage.verdict])).toEqual([
      ['orchestrator', 'alive'],
      [secondary, 'alive'],
      [tertiary, 'alive'],
      ['route53', 'alive'],
    ]);
    expect(judgeFailure(vantages, 30)).toMatchObject({ verdict: 'alive' });
  });

  test('the health check of the primary says nothing about another site', async () => {
    const seen = await createDetectionActivities(dependencies).watchHealthCheck({ run: run(1), site: secondary, holdSeconds: 0 });
    expect(seen).toMatchObject({
      verdict: 'blind',
      detail: expect.stringContaining('watches us-east-1 only, the primary of the plan; for eu-central-1 that is expected'),
    });
  });

  test('a site that only the orchestrator cannot reach is not failed', async () => {
    await lab.call('cut', { site: primary, only: ['orchestrator'] });
    try {
      const vantages = await looks(primary, 2);
      expect(vantages.map((vantage) => vantage.verdict)).toEqual(['failed', 'alive', 'alive', 'alive']);
      expect(judgeFailure(vantages, 2)).toMatchObject({ verdict: 'undecided' });
    } finally {
      await lab.call('heal', { site: primary });
    }
  });

  test('an observer that is cut off itself is blind', async () => {
    await lab.call('cut', { site: secondary });
    try {
      const { watchFromSite } = createDetectionActivities(dependencies);
      expect(await watchFromSite({ run: run(4), site: primary, observer: secondary, holdSeconds: 0 })).toMatchObject({ verdict: 'blind' });
    } finally {
      await lab.call('heal', { site: secondary });
    }
  });

  test('a site cut off from all is failed, since the first failed look', async () => {
    const cutAt = Date.now();
    await lab.call('cut', { site: primary });
    const vantages = await looks(primary, 4);
    // The health check has a threshold of its own and may still say healthy: it sees the front only, and forbids nothing.
    expect(vantages.slice(0, 3).map((vantage) => vantage.verdict)).toEqual(['failed', 'failed', 'failed']);
    const judged = judgeFailure(vantages, 4);
    expect(judged.verdict).toBe('failed');
    const since = Date.parse(judged.failedSince ?? '') - cutAt;
    expect(since).toBeGreaterThan(-2_500);
    expect(since).toBeLessThan(2_500);
    expect(await createDetectionActivities(dependencies).watchHealthCheck({ run: run(4), site: primary, holdSeconds: 0 })).toMatchObject({ verdict: 'failed' });
  });

  test('a site cut off from sites and orchestrator is failed, although its front still answers the world', async () => {
    await lab.call('heal', { site: primary });
    await lab.call('cut', { site: primary, only: ['sites', 'orchestrator'] });
    // The health check must see first that its front is well again, and the survivors that their links are dead.
    const seen = await until(
      'the site has failed for all but its front',
      async () => {
        const judged = judgeFailure(await looks(primary, 4), 4);
        return judged.verdict === 'failed' && judged.reason.includes('route53') ? judged : undefined;
      },
      90,
    );
    expect(seen.reason).toContain('route53 still reached its front');
  });
});
