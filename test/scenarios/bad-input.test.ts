/**
 * Goal: bad input ends in a sentence that says what to do and in an exit code, and leaves the estate as it was. Method: the commands against a whole lab that is
 * well, and workers that were given copies of its plan with one thing wrong.
 */
import { existsSync, mkdtempSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../lab/ports.ts';
import { type Answer, type Background, programOf, run as runProgram, startBackground, waitFor } from '../../lab/orchestrator/programs.ts';
import { repositoryRoot } from '../../lab/paths.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Report } from '../../report/report.ts';
import { until } from '../support/until.ts';
import { type Drivers, openDrivers, readTraces, type Traces } from './drivers.ts';
import { failed, Scenarios, target } from './support.ts';

let scenarios: Scenarios;
let drivers: Drivers;
let before: Traces;
const minutes = 60_000;
const start = ['failover', 'start', '--from', failed, '--to', target, '--as', 'carol-brown', '--detach'];
/** A fingerprint of the right form that is no host's. */
/** Of a host that is none of the lab's. */
const otherKey = 'SHA256:1CbeLpNdDB/qUeGOpTPH7w6g2OWUKR+HdSyABCdo4Yk';

beforeAll(async () => {
  scenarios = await Scenarios.start('bad-input');
  drivers = await openDrivers(scenarios.stack.plan);
  await scenarios.reset();
}, 5 * minutes);
afterAll(async () => {
  await drivers?.close();
  await scenarios?.stop();
}, minutes);
beforeEach(async () => {
  before = await readTraces(scenarios, drivers);
});
afterEach(async () => {
  expect(await openRuns(), 'no run is left open').toEqual([]);
  expect(await readTraces(scenarios, drivers), 'nothing was changed').toEqual(before);
  expect(before.agents.join()).not.toContain('unreachable');
});

async function openRuns(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of scenarios.run().client.list({ query: 'ExecutionStatus = "Running"' })) ids.push(workflowId);
  return ids;
}

/** Two lines at most: what happened and what to do; never a stack. */
function expectRefused(answer: Answer, code: number, sentence: string): void {
  expect(answer.err).toContain(sentence);
  expect(answer.code).toBe(code);
  // On a busy machine it says before how long it has waited.
  const refusal = answer.err
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('Waiting for '));
  expect(refusal.length, answer.err).toBeLessThanOrEqual(2);
  expect(answer.err).not.toMatch(/^\s+at /m);
}

describe('a command line that makes no sense', () => {
  it.each([
    ['a misspelt site', start.with(3, 'us-east-l'), 2, '--from: the plan has no site us-east-l. Did you mean us-east-1?'],
    ['the failed site as its own target', start.with(5, failed), 2, 'us-east-1 cannot be recovered at itself.'],
    ['a site that no failover may target', start.with(5, 'dr'), 2, 'The plan does not let a regional failover go to dr.'],
    [
      'a vote of a stranger',
      ['vote', '--gate', 'activation-000000', '--choice', 'approve', '--as', 'mallory', '--reason', 'x'],
      2,
      'the plan knows no person mallory',
    ],
    [
      'a vote on a run that is not there',
      ['vote', '--gate', 'activation-000000', '--choice', 'approve', '--as', 'jane-smith', '--reason', 'x'],
      2,
      'There is no run',
    ],
  ] as const)('%s', async (_what, args, code, sentence) => {
    expectRefused(await scenarios.stack.dr(...args), code, sentence);
  });

  it('a dead Temporal address', async () => {
    const answer = await runProgram('client/cli/main', start, { ...scenarios.stack.environment, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expectRefused(answer, 4, 'Temporal does not answer at 127.0.0.1:1. Nothing was sent.');
  });

  it('a folder without PostgreSQL', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'dr-no-postgres-'));
    const answer = await runProgram('lab/cli/main', ['--lab', 'bad-input-other', 'up'], { DR_LAB_PG_BIN: empty });
    expectRefused(answer, answer.code || 1, 'The program "postgres" is missing. Nothing was changed. Install it with: apt-get install postgresql-15');
    await rm(empty, { recursive: true });
  });
});

describe('a stranger at a run that is open', () => {
  it('is refused by the run itself when the command has no plan to ask', { timeout: 2 * minutes }, async () => {
    await scenarios.start('--declared-failed', 'The people who pay see errors.');
    const run = scenarios.run().workflowId;
    const gate = await openGate();
    const { DR_PLAN: _without, ...environment } = scenarios.stack.environment;
    const vote = ['vote', '--run', run, '--gate', gate, '--choice', 'approve', '--as', 'mallory', '--reason', 'x'];
    expectRefused(await runProgram('client/cli/main', vote, environment), 3, 'mallory is not among those who decide here. They are: ');
    const { votes } = JSON.parse((await scenarios.stack.dr('status', '--json')).out).status.gate as { votes: { who: string; result: string }[] };
    expect(votes.filter(({ result }) => result === 'counted')).toEqual([]);
    for (const who of ['jane-smith', 'john-doe']) {
      expect((await scenarios.stack.dr('reject', '--gate', gate, '--as', who, '--reason', 'a test')).code).toBe(0);
    }
    expect((await scenarios.run().result()) as unknown).toMatchObject({ outcome: 'stood down' });
  });
});

describe('a plan with one thing wrong', () => {
  let copy: string;
  beforeEach(async () => {
    copy = join(scenarios.stack.plan, '..', 'plan-copy');
    await cp(scenarios.stack.plan, copy, { recursive: true });
  });
  afterEach(async () => rm(copy, { recursive: true, force: true }));

  async function change(from: string | RegExp, to: string): Promise<void> {
    const file = join(copy, 'estate.yaml');
    const text = await readFile(file, 'utf8');
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    await writeFile(file, changed);
  }

  /** Runs a command and the only worker on the copy, and puts the worker on the lab's own plan back. */
  async function withWorkerOnCopy(work: (dr: (...args: string[]) => Promise<Answer>) => Promise<void>): Promise<void> {
    await scenarios.stack.worker.stop();
    const environment = { ...scenarios.stack.environment, DR_PLAN: copy };
    const worker = await startWorkerOn(environment);
    try {
      await work((...args) => runProgram('client/cli/main', args, environment));
    } finally {
      await worker.stop();
      await scenarios.stack.startWorker();
    }
  }

  it.each([
    [
      'a host name with shell characters',
      /host: 127\.\d+\.2\.50/,
      "host: 'a;id'",
      /^estate\.yaml:\d+: error .*"a;id" does not fit: write a host name or an IP address/m,
    ],
    ['a misspelt key', 'holdTime', 'holdtime', /^estate\.yaml:\d+: error .*Write "holdTime" if that was meant/m],
    ['a duration without a unit', /holdTime: PT\d+S/, "holdTime: '3'", /^estate\.yaml:\d+: error .*"3" does not fit: write an ISO 8601 duration/m],
  ] as const)('%s: refused by check, start and worker', async (_what, from, to, line) => {
    await change(from, to);
    const check = await scenarios.stack.dr('plan', 'check', copy);
    expect(check.out).toMatch(line);
    expect(check.code).toBe(2);
    const started = await scenarios.stack.dr(...start, '--plan', copy);
    expect(started.code).toBe(2);
    expect(started.err).toContain('Mend the lines above, then check again: dr plan check');
    const worker = await runProgram('workers/main', [], { ...scenarios.stack.environment, DR_PLAN: copy });
    expect(worker.code).toBe(2);
    expect(worker.err).toContain('cannot be used; nothing was started.');
  });

  it('another plan than the worker holds', async () => {
    await change(/holdTime: PT\d+S/, 'holdTime: PT4S');
    expectRefused(await scenarios.stack.dr(...start, '--plan', copy), 3, 'plan');
  });

  it.each([
    ['the target', target],
    ['a site that takes no part', 'dr'],
  ])('a host key of %s that is not the plan´s is told, site and fingerprints', { timeout: 2 * minutes }, async (_what, site) => {
    const { plan } = await loadPlan(copy);
    const real = plan.estate.sites[site]?.agent.hostKey ?? '';
    await change(real, otherKey);
    await withWorkerOnCopy(async (dr) => {
      const check = await dr('estate', 'check');
      expect(check.out).toContain(`${site} is not who the plan says: the host shows the key ${real}, the plan has ${otherKey}.`);
      expect(check.code).toBe(5);
    });
  });

  it('a host key of the target that is not the plan´s stops a failover before it changes anything', { timeout: 2 * minutes }, async () => {
    const { plan } = await loadPlan(copy);
    await change(plan.estate.sites[target]?.agent.hostKey ?? '', otherKey);
    await withWorkerOnCopy(async (dr) => {
      await dr(...start, '--declared-failed', 'The people who pay see errors.');
      await until('the run has ended', async () => ((await scenarios.run().describe()).status.name === 'COMPLETED' ? true : undefined), 60);
      const ended = await dr('report', '--json');
      const report = JSON.parse(ended.out) as Report;
      expect(report.outcome).toBe('stood down');
      expect(JSON.stringify(report)).toContain(`${target} is not who the plan says`);
      expect(report.summary).toContain(`${target} cannot take over`);
      expect(ended.code).not.toBe(0);
    });
  });

  it('a missing secret is named, with what to do', { timeout: 2 * minutes }, async () => {
    await change('password: file:../secrets/database-observer', 'password: env:NOT_SET_ANYWHERE');
    await withWorkerOnCopy(async (dr) => {
      const check = await dr('estate', 'check');
      expect(check.out).toContain('The environment variable NOT_SET_ANYWHERE is not set. Set it for this process');
      expect(check.code).toBe(5);
    });
  });
});

async function openGate(): Promise<string> {
  return until(
    'a gate opens',
    async () => (JSON.parse((await scenarios.stack.dr('status', '--json')).out) as { status?: { gate?: { gate: string } | null } }).status?.gate?.gate,
    60,
  );
}

async function startWorkerOn(environment: Record<string, string>): Promise<Background> {
  const port = await freePort(0);
  const bundle = join(repositoryRoot(), 'dist', 'workflow-bundle.js');
  const log = join(scenarios.stack.options.folder, 'worker-on-copy.log');
  const worker = startBackground([process.execPath, ...programOf('workers/main')], log, {
    ...environment,
    DR_HEALTH_ADDRESS: `127.0.0.1:${port}`,
    DR_LOG_LEVEL: 'warn',
    ...(existsSync(bundle) ? { DR_WORKFLOW_BUNDLE: bundle } : {}),
  });
  await waitFor(
    'The worker',
    async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
    60_000,
    () => (worker.ended() ? `look in ${log}` : null),
  );
  return worker;
}
