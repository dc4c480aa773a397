/** Goal: activities start, watch and cancel what the site's own agent runs, and call nothing by a name that it does not have. Method: the script itself in place of SSH. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunContext } from '../../activities/context.ts';
import type { ActivityDependencies, AgentAnswer, AgentClient } from '../../activities/dependencies.ts';
import { createJobsActivities, lookOf } from '../../activities/jobs/activities.ts';
import { parseFields } from '../../activities/ssh/agent.ts';

const run: RunContext = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: 'd', epoch: 1 };
let folder: string;
let reachable: boolean;

beforeEach(() => {
  reachable = true;
  folder = mkdtempSync('/var/tmp/dr-jobs-activities-');
  mkdirSync(join(folder, 'state'));
  cpSync(join(import.meta.dirname, '..', '..', 'site-agent', 'site-agent'), join(folder, 'site-agent'));
  const copy = `#!/bin/sh\necho "progress 5 10 copying" >"$DR_JOB_PROGRESS"\nuntil [ -f ${folder}/gate ]; do sleep 0.05; done\necho copied "$@"\n`;
  writeFileSync(join(folder, 'copy'), copy, { mode: 0o755 });
  writeFileSync(join(folder, 'agent.conf'), `SITE=west\nSTATE_DIR=${folder}/state\nJOB_copy=${folder}/copy\n`);
});
afterEach(async () => {
  reachable = true;
  await jobs.cancelJob({ run, site: 'west', id: 'x.1' });
  rmSync(folder, { recursive: true, force: true });
});

/** The agent as SSH would call it. */
function client(): AgentClient {
  const call = (words: readonly string[]) =>
    new Promise<AgentAnswer>((resolve) => {
      if (!reachable) return resolve({ reachable: false, reason: 'connection refused' });
      const env = { PATH: process.env['PATH'], SSH_ORIGINAL_COMMAND: words.join(' ') };
      return execFile(join(folder, 'site-agent'), [join(folder, 'agent.conf')], { env }, (_error, out) => {
        const now = Date.now();
        resolve({ reachable: true, fields: parseFields(out, words.join(' '), undefined, { askedAt: now, answeredAt: now }) });
      });
    });
  const change = (verb: string, ...args: readonly string[]) => call([verb, '--epoch', '1', '--run', run.execution, ...args]);
  return {
    ask: (verb, ...args) => call([verb, ...args]),
    tryChange: change,
    change: async (verb, ...args) => {
      const answer = await change(verb, ...args);
      if (!answer.reachable) throw new Error(answer.reason);
      return answer.fields;
    },
  };
}

const jobs = createJobsActivities({ agent: () => client(), now: () => new Date() } as unknown as ActivityDependencies);
const at = { run, site: 'west', id: 'x.1' };

describe('a job', () => {
  it('is started, looked at and waited for until it ends', async () => {
    expect(await jobs.watchJob({ ...at, withinSeconds: 0 })).toMatchObject({ state: 'none', site: 'west', id: 'x.1' });
    expect(await jobs.startJob({ ...at, job: 'copy', args: ['a', 'b'] })).toMatchObject({ before: 'none', after: 'running', source: 'site-agent west' });
    const look = await jobs.watchJob({ ...at, withinSeconds: 2 });
    expect(look).toMatchObject({ state: 'running', bytesDone: 5, bytesAll: 10, doing: 'copying' });
    expect(look).not.toHaveProperty('exitCode');
    const waits = jobs.watchJob({ ...at, withinSeconds: 60 });
    writeFileSync(join(folder, 'gate'), '');
    const done = await waits;
    expect(done).toMatchObject({ state: 'done', exitCode: 0, lastLine: 'copied a b' });
    expect(Date.parse(done.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(done.startedAt ?? ''));
  });

  it('that is cancelled says what it left', async () => {
    await jobs.startJob({ ...at, job: 'copy', args: [] });
    await jobs.watchJob({ ...at, withinSeconds: 1 });
    const cancelled = await jobs.cancelJob(at);
    expect(cancelled).toMatchObject({ before: 'running', after: 'cancelled' });
    expect(cancelled.remaining?.[0]).toMatch(/^What the job copy at west had written by then stays there as it is \(5 of 10 bytes;/);
    expect(await jobs.watchJob({ ...at, withinSeconds: 0 })).toMatchObject({ state: 'cancelled' });
  });

  it('at a site that does not answer is asked for again', async () => {
    reachable = false;
    await expect(jobs.watchJob({ ...at, withinSeconds: 5 })).rejects.toMatchObject({ type: 'transient', nonRetryable: false });
  });
});

it('a state that this release does not know is used for nothing', () => {
  const fields = parseFields('site-agent=4\nstate=paused\n', 'job-watch');
  expect(() => lookOf(fields, at, new Date())).toThrow(
    /^The agent of west calls the job x\.1 "paused"\. The job was left as it is\. HINT: Install the site agent/,
  );
});
