/** Goal: what an estate lacks is told to people, programs and the monitoring, once or for as long as somebody watches. Method: the command line against a dev server and a model. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AccessCheck } from '../../activities/access/port.ts';
import type { Activities } from '../../activities/index.ts';
import { runCli } from '../../client/cli/program.ts';
import type { EstateCheck } from '../../client/index.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { planFolder, Stage } from './support.ts';

const wellDone: AccessCheck = { what: 'site agent over SSH', steps: ['fence-site'], result: 'ok', as: 'recovery', detail: 'answers' };
const lacking: AccessCheck = { what: 'heartbeat', steps: ['fence-site'], result: 'lacking', as: 'dr_observer', detail: 'The youngest row is 90 s old.' };

/** The model with an answer to the estate check. */
class CheckedEstate extends FakeEstate {
  found: readonly AccessCheck[] = [wellDone];

  override activities(): Activities {
    return {
      ...super.activities(),
      checkSiteAccess: async ({ site }) => ({ site, checks: site === 'us-east-1' ? this.found : [wellDone] }),
      checkSharedAccess: async () => [wellDone],
    };
  }
}

let stage: Stage;
let estate: CheckedEstate;
let folder: string;

beforeAll(async () => {
  stage = await Stage.open();
  folder = await mkdtemp(path.join(tmpdir(), 'dr-metrics-'));
});
afterAll(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  estate = new CheckedEstate(stage.plan);
});

describe('dr estate check', () => {
  it('ends with 0 only when nothing lacks, and tells programs the same', async () => {
    await stage.with(estate, async () => {
      expect((await stage.dr('estate', 'check', '--json')).code).toBe(0);
      estate.found = [wellDone, lacking];
      const { code, out } = await stage.dr('estate', 'check', '--json');
      expect(code).toBe(5);
      expect((JSON.parse(out) as EstateCheck).sites.find(({ site }) => site === 'us-east-1')?.checks).toEqual([wellDone, lacking]);
    });
  });

  it('writes its findings as metrics, and says when that fails', async () => {
    estate.found = [wellDone, lacking];
    const file = path.join(folder, 'dr.prom');
    await stage.with(estate, async () => {
      expect((await stage.dr('estate', 'check', '--metrics', file)).code).toBe(5);
      const text = await readFile(file, 'utf8');
      expect(text).toContain('dr_estate_findings{estate="erlmcp-production",site="us-east-1",result="lacking"} 1\n');
      expect(text).toContain('dr_estate_findings{estate="erlmcp-production",site="eu-central-1",result="lacking"} 0\n');
      expect(text).toMatch(/^dr_estate_checked_timestamp_seconds\{estate="erlmcp-production"\} \d{10}$/m);
      estate.found = [wellDone];
      const nowhere = await stage.dr('estate', 'check', '--metrics', path.join(folder, 'no', 'such', 'folder'));
      expect(nowhere.code).toBe(6);
      expect(nowhere.err).toContain('was not written (--metrics)');
    });
  });

  it('refuses a time that is none', async () => {
    expect(await stage.dr('estate', 'check', '--watch', 'often')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--watch: often is no number of seconds.') as string,
    });
  });

  it('watches: shows what changes and nothing else, outlives a look that fails, and ends with Ctrl-C', async () => {
    const [out, err]: [string[], string[]] = [[], []];
    let interrupt = (): void => undefined;
    estate.failOnce('loadPlan', ApplicationFailure.nonRetryable('The worker holds another plan.', 'plan-changed'));
    const watch = runCli(['estate', 'check', '--watch', '1'], {
      environment: { TEMPORAL_ADDRESS: stage.address, TEMPORAL_NAMESPACE: stage.namespace, DR_PLAN: planFolder },
      interactive: false,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      clear: () => undefined,
      redraw: () => undefined,
      onInterrupt: (listener) => {
        interrupt = listener;
        return () => undefined;
      },
    });
    await stage.with(estate, async () => {
      await until('the first look is shown', async () => out[0]);
      estate.found = [wellDone, lacking];
      await until('the change is shown', async () => out[1]);
      estate.found = [wellDone];
      await until('the way back is shown', async () => out[2]);
    });
    interrupt();
    expect(await watch).toBe(130);
    expect(out).toHaveLength(3);
    expect(err.join('')).toContain('The estate was not looked at: The worker holds another plan.');
    expect(out[1]).toContain('The youngest row is 90 s old.');
  });
});
