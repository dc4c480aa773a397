/** Goal: a procedure that was only added has conductor, gate, jobs, undo, report and dry run as every other. Method: the model of an estate, on a real worker. */
import { describe, expect, it } from 'vitest';
import { exitCodeOfReport } from '../../client/cli/verdict.ts';
import { renderView } from '../../client/cli/views/status.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import { viewOf } from '../../report/page/view.ts';
import { detailsOf } from '../../workflows/engine/details.ts';
import { reportQuery, statusQuery, voteSignal } from '../../workflows/wire/messages.ts';
import { starts } from '../../workflows/wire/starts.ts';
import { electorate, estate, openGate, plan, places, rig, startRun, useRuns, vote } from '../support/runs.ts';
import { warmUp } from '../driven/warm-up.ts';
import { warmUpFolder, warmUpPlan } from './warm-up-plan.ts';

useRuns(warmUp, warmUpPlan);

const start = (mode: 'live' | 'dry-run' = 'live') => startRun(warmUp, { mode });

describe('a procedure that was only added', () => {
  it('is conducted from its gate to its report, with its job', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'warm read');
      const report = await handle.result();
      expect(report).toMatchObject({ procedure: 'warmUp', outcome: 'done', exceptions: [], clock: { kind: 'planned', interruptionSeconds: 'none' } });
      expect(report.places).toEqual({ failed: [], source: places.target, target: places.target });
      expect([...estate.jobs.begun.values()]).toMatchObject([{ site: places.target, job: 'warm-caches' }]);
      expect(report.steps.map(({ id, result }) => `${id} ${result}`)).toEqual([
        'activation done',
        'claim-epoch done',
        'raise-capacity done',
        'warm-caches done',
        'store-report done',
      ]);
      expect(report.steps[0]).toMatchObject({ phase: 'deciding', evidence: 'profile read' });
      expect(report.timeline[0]?.text).toBe(`live run of warmUp at ${places.target}, started by pager.`);
      expect(report.gates).toMatchObject([{ decision: 'warm', answer: { value: 'read' } }]);
      expect(report.timeline.map(({ text }) => text)).toContain('Decided: warm read.');
      expect(renderMarkdown(report)).toContain('warm read, after');
      expect(renderMarkdown(report)).toContain('**Interruption:** none, in planned work');
      expect(renderPage(report)).toContain(places.target);
      expect(viewOf(report).outcome).toMatchObject({ text: 'done', tone: 'good' });
      expect(exitCodeOfReport(report)).toBe(0);
    });
  });

  it('changes nothing in a dry run, and says what it would', async () => {
    await rig.with(estate, async () => {
      const report = await (await start('dry-run')).result();
      expect(estate.changes().filter((name) => name !== 'storeReport')).toEqual([]);
      expect(report.summary).toBe(`Dry run: nothing was changed. A live run would make ${places.target} of ${plan.plan.estate.name} ready for full load.`);
      expect(report.changes).toContain(`Would run the job warm-caches at ${places.target}.`);
    });
  });

  it('is taken back when its job fails and people choose that', async () => {
    estate.jobs.courses = [{ seconds: 30, ends: 'failed' }];
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'warm all');
      await rig.env.sleep('1 minute');
      await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
      const report = await handle.result();
      expect(report.outcome).toBe('aborted');
      expect(report.steps.filter(({ result }) => result === 'undone').map(({ id }) => id)).toEqual(['raise-capacity']);
    });
  });

  it('stands down when people choose differently, and shows each entry that can be chosen', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      const status = await handle.query(statusQuery);
      expect(status.gate?.choices.map((line) => line.split(': ')[0])).toEqual(['warm read', 'warm all', 'reject']);
      expect(detailsOf(status)).toContain('planned work');
      expect(renderView({ state: 'running', runId: status.runId, status })).toContain(`warmUp ${places.target}`);
      for (const [index, choice] of ['warm read', 'warm all'].entries())
        await handle.signal(voteSignal, { gate: status.gate?.gate ?? '', choice, who: electorate[index] ?? '', reason: 'seen' });
      expect((await handle.result()).outcome).toBe('stood down');
      expect((await handle.query(reportQuery)).changes).toEqual([expect.stringMatching(/^Store a copy of the report/)]);
    });
  });

  it.each<[object, string]>([
    [{ at: 'nowhere' }, 'The plan has no site "nowhere".'],
    [{ from: 'us-east-1' }, 'Unrecognized key: "from"'],
  ])('refuses a wrong start: %j', async (wrong, sentence) => {
    await rig.with(estate, async () => {
      const handle = await startRun(warmUp, wrong);
      await expect(handle.result()).rejects.toMatchObject({ cause: { message: expect.stringContaining(sentence) as string } });
    });
  });
});

describe('the plan', () => {
  it('is linted by the catalogue: an unknown step, one that lacks, one that guards the data', async () => {
    const copy = await warmUpFolder();
    try {
      expect(await copy.errors()).toEqual([]);
      await copy.change('procedures.yaml', 'id: warm-caches', 'id: warm-cashes');
      const errors = (await copy.errors()).join('\n');
      expect(errors).toContain('No procedure carries out a step "warm-cashes".');
      expect(errors).toContain('The step "warm-caches" is missing');
    } finally {
      await copy.remove();
    }
  });
});

it('says in a sentence what it is about', () => {
  expect(starts.warmUp.aim('shop', { failed: [], source: 'b', target: 'b' }).toDo).toBe('make b of shop ready for full load');
});
