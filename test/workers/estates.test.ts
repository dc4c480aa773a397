/** Goal: workers of several estates, and of several plans of one, get none but their own starts. Method: worker processes at one server, and starts by the client. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DrClient } from '../../client/index.ts';
import { findTemporal } from '../../lab/setup/paths.ts';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { searchAttributes } from '../../workflows/wire/search-attributes.ts';
import { root, startWorkerProcess, type WorkerProcess } from './support.ts';

let server: TestWorkflowEnvironment;
let client: DrClient;
let both: WorkerProcess;
let newer: WorkerProcess;
let plans: Readonly<Record<'erlmcp' | 'erlmcpNewer' | 'tickets', PlanSnapshot>>;
const folder = mkdtempSync(join(tmpdir(), 'dr-estates-'));

beforeAll(async () => {
  server = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: findTemporal() ?? '' }, searchAttributes: [...searchAttributes] },
  });
  client = new DrClient(server.client);
  const [erlmcp, tickets, changed] = [join(root, 'plan/erlmcp'), join(root, 'test/plans/tickets'), join(folder, 'newer')];
  cpSync(erlmcp, changed, { recursive: true });
  const file = join(changed, 'plan.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^(\s*title: ).*$/m, '$1A newer one'));
  plans = { erlmcp: await loadPlan(erlmcp), erlmcpNewer: await loadPlan(changed), tickets: await loadPlan(tickets) };
  [both, newer] = await Promise.all([
    startWorkerProcess({ TEMPORAL_ADDRESS: server.address, DR_PLAN: `${erlmcp}:${tickets}` }),
    startWorkerProcess({ TEMPORAL_ADDRESS: server.address, DR_PLAN: changed }),
  ]);
});
afterAll(async () => {
  await Promise.all([both?.kill(), newer?.kill()]);
  await server?.teardown();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a failover by this plan, asks the run for the plan that it took, and ends it. */
async function planTaken({ plan, digest }: PlanSnapshot): Promise<string | undefined> {
  const from = plan.sites.find(({ role }) => role === 'primary')?.id ?? '';
  const to = plan.sites.find(({ id, targetOf }) => id !== from && targetOf.includes('regionalFailover'))?.id ?? '';
  const { runId } = await client.start('regionalFailover', { estate: plan.estate.name, from, to, mode: 'live', startedBy: 'pager', planDigest: digest });
  try {
    return (await client.plan(runId))?.digest;
  } finally {
    await server.client.workflow.getHandle(runId).terminate('the test has seen it');
  }
}

it('each of eight starts reaches a worker with its plan, whichever worker is asked first', { timeout: 240_000 }, async () => {
  expect(plans.erlmcpNewer.digest).not.toBe(plans.erlmcp.digest);
  const asked = Array.from({ length: 8 }, (_none, index) => (index % 2 === 0 ? plans.erlmcp : plans.erlmcpNewer));
  const taken: (string | undefined)[] = [];
  for (const plan of asked) taken.push(await planTaken(plan));
  expect(taken).toEqual(asked.map(({ digest }) => digest));
  expect(await planTaken(plans.tickets), 'of another estate, by the process that serves both').toBe(plans.tickets.digest);
});

it('a start that expects a plan which no worker holds says which workers hold which', { timeout: 60_000 }, async () => {
  const refused = await planTaken({ ...plans.erlmcp, digest: 'f'.repeat(64) }).catch((error: unknown) => error as Error);
  expect(refused).toMatchObject({ kind: 'refused' });
  for (const [{ pid }, { digest }] of [[both, plans.erlmcp], [newer, plans.erlmcpNewer]] as const)
    expect((refused as Error).message).toMatch(new RegExp(`${pid}@\\S+ holds ${digest.slice(0, 12)}`)); // prettier-ignore
});

it('the health page names each estate with its plan', async () => {
  const { workers } = (await (await fetch(both.health)).json()) as { workers: unknown };
  // One process is of one release, and made it current for each of its estates.
  const release = expect.stringMatching(/^\d+\.\d+\.\d+-[0-9a-f]{8}$/);
  const common = { worker: 'RUNNING', release, currentRelease: release };
  expect(workers).toEqual([plans.erlmcp, plans.tickets].map(({ plan, digest }) => ({ estate: plan.estate.name, plan: digest, ...common })));
});
