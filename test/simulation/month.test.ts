/**
 * Goal: the child that waits for a lost site may wait for weeks; what it leaves behind is bounded, and the site is fenced soon after it can be.
 * Method: the real workflow on the simulated server, thirty days of virtual time with the plan's own poll interval.
 */
import { ApplicationFailure } from '@temporalio/common';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seconds } from '../../plan/durations.ts';
import type { FenceOnReturnInput, FenceOnReturnResult } from '../../workflows/children/fence-on-return.ts';
import { FakeEstate } from '../model/estate.ts';
import type { Execution } from './execution.ts';
import type { SimulatedServer } from './server.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import { Simulations } from './simulation.ts';

const workflowId = 'fence-on-return';
const monthSeconds = 30 * 24 * 3600;

let simulations: Simulations;
let estate: FakeEstate;
let refused = false;
let server: SimulatedServer;
let pollSeconds: number;
let site: string;

beforeAll(async () => {
  simulations = await Simulations.create(regionalFailover);
  site = simulations.places.source;
  pollSeconds = seconds(simulations.snapshot.plan.estate.detection.probeInterval);
});

beforeEach(() => {
  refused = false;
  estate = new FakeEstate(simulations.snapshot);
  const all = estate.activities() as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
  server = simulations.server({
    act: async (name, input) => {
      if (name === 'awaitReturn' && refused) throw ApplicationFailure.nonRetryable('awaitReturn was asked for by a workflow that may not do it.', 'no-lock');
      return all[name]?.(input);
    },
    fate: () => ({ fate: 'done', milliseconds: 100 }),
    asked: () => undefined,
    told: () => undefined,
    observe: () => undefined,
  });
  const run = { runId: 'recovery/e', execution: 'recovery/e@1', planDigest: simulations.snapshot.digest, epoch: 1 };
  const input: FenceOnReturnInput = { run, snapshot: simulations.snapshot, site, pollSeconds };
  server.start('fenceOnReturn', workflowId, input);
});

/** Lets time go by, at most so long; ends early when the child has ended. */
async function pass(timeSeconds: number): Promise<void> {
  const until = server.now + timeSeconds * 1000;
  while (server.open(workflowId) && (server.nextAt ?? Infinity) <= until) await server.step();
  if (server.open(workflowId)) server.jump(Math.max(0, until - server.now));
}

const tries = () => estate.changed('fenceByAgent').length;
const events = () => server.executions.reduce((sum, execution) => sum + execution.events, 0);
const longest = () => Math.max(...server.executions.map((execution) => execution.events));
const ended = () => server.executions.at(-1)?.closed as (Execution['closed'] & { result?: FenceOnReturnResult }) | null | undefined;

describe('a month of waiting for a lost site', () => {
  it('whose host answers while its cache is down: tries, events and each history are bounded', { timeout: 300_000 }, async () => {
    estate.agentCloses = ['database'];
    await pass(monthSeconds);
    expect(ended()).toBeNull();
    expect(tries()).toBeLessThan(1_000);
    expect(events()).toBeLessThan(20_000);
    expect(longest()).toBeLessThan(2_000);

    const before = server.now;
    estate.agentCloses = null; // the cache has been started
    await pass(3_600);
    expect(ended()).toMatchObject({ how: 'completed', result: { outcome: 'fenced' } });
    expect((server.now - before) / 1000, 'what changed is seen at the next look, not at the next try').toBeLessThan(3 * pollSeconds);
  });

  it('that is silent: next to nothing is written, and it is fenced as soon as it answers', { timeout: 300_000 }, async () => {
    estate.dead.add(site);
    await pass(monthSeconds);
    expect(ended()).toBeNull();
    expect(tries()).toBe(0);
    expect(events()).toBeLessThan(1_000);

    const before = server.now;
    estate.dead.delete(site);
    await pass(3_600);
    expect(ended()).toMatchObject({ how: 'completed', result: { outcome: 'fenced' } });
    expect((server.now - before) / 1000).toBeLessThan(3 * pollSeconds);
  });

  it('whose looks are refused looks again at its usual interval first, then more and more seldom, and fences when it may', { timeout: 300_000 }, async () => {
    estate.dead.add(site);
    await pass(24 * 3600);
    refused = true;
    await pass(2 * pollSeconds);
    refused = false;
    estate.dead.delete(site);
    const before = server.now;
    await pass(3_600);
    expect(ended()).toMatchObject({ how: 'completed', result: { outcome: 'fenced' } });
    expect((server.now - before) / 1000).toBeLessThan(3 * pollSeconds);
  });

  it('whose looks are refused all the time writes little', { timeout: 300_000 }, async () => {
    refused = true;
    await pass(monthSeconds);
    expect(ended()).toBeNull();
    expect(events()).toBeLessThan(20_000);
    expect(longest()).toBeLessThan(2_000);
  });

  it('ends at once when it is told to, however long it would still wait', async () => {
    estate.agentCloses = ['database'];
    await pass(24 * 3600);
    const before = server.now;
    const child = server.open(workflowId);
    if (child) server.cancel(child);
    await pass(3_600);
    expect(ended()).toMatchObject({ how: 'completed', result: { outcome: 'superseded' } });
    expect((server.now - before) / 1000).toBeLessThan(1);
  });
});
