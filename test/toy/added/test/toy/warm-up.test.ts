/** Goal: a procedure that was only added has conductor, gate, jobs, undo, report, dry run and sweep as every other. Method: the model of an estate, on a real worker and on a simulated server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exitCodeOfReport } from '../../client/cli/verdict.ts';
import { renderView } from '../../client/cli/views/status.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import { viewOf } from '../../report/page/view.ts';
import type { Report } from '../../report/report.ts';
import { detailsOf } from '../../workflows/engine/details.ts';
import type { warmUp } from '../../workflows/procedures/warm-up.ts';
import { makeDryRunWorkflowId, makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import { reportQuery, type RunStatus, statusQuery, voteSignal } from '../../workflows/wire/messages.ts';
import { starts } from '../../workflows/wire/starts.ts';
import { createSandbox } from '../simulation/creator.ts';
import { type Fate, SimulatedServer } from '../simulation/server.ts';
import { FakeEstate } from '../model/estate.ts';
import { Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { at, warmUpFolder, warmUpPlan, who } from './warm-up-plan.ts';

let plan: PlanSnapshot;
let rig: Rig;
let estate: FakeEstate;
beforeAll(async () => {
  plan = await warmUpPlan();
  rig = await Rig.create();
});
afterAll(() => rig?.stop());
beforeEach(async () => {
  await rig.clock.read();
  estate = new FakeEstate(plan, rig.clock);
});

const input = (mode: 'live' | 'dry-run') => ({ estate: plan.plan.estate.name, at, mode, startedBy: 'pager' });

async function start(mode: 'live' | 'dry-run' = 'live') {
  const { name } = plan.plan.estate;
  const workflowId = mode === 'live' ? makeRunWorkflowId(name) : makeDryRunWorkflowId(name);
  return rig.keep(await rig.env.client.workflow.start<typeof warmUp>('warmUp', { taskQueue: taskQueueOf(name), workflowId, args: [input(mode)] }));
}

type Handle = Awaited<ReturnType<typeof start>>;

async function vote(handle: Handle, named: string, choice: string): Promise<void> {
  const gate = await until(`gate ${named} opens`, async () => {
    const { gate: open } = await handle.query(statusQuery);
    return open?.gate.startsWith(named) ? open : undefined;
  });
  for (const person of who) await handle.signal(voteSignal, { gate: gate.gate, choice, who: person, reason: 'seen' });
}

describe('a procedure that was only added', () => {
  it('is conducted from its gate to its report, with its job', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'activation', 'warm read');
      const report = await handle.result();
      expect(report).toMatchObject({ procedure: 'warmUp', outcome: 'done', exceptions: [], clock: { kind: 'planned', interruptionSeconds: 'none' } });
      expect(report.places).toEqual({ failed: [], source: at, target: at });
      expect([...estate.jobs.begun.values()]).toMatchObject([{ site: at, job: 'warm-caches' }]);
      expect(report.steps.map(({ id, result }) => `${id} ${result}`)).toEqual([
        'activation done',
        'claim-epoch done',
        'raise-capacity done',
        'warm-caches done',
        'store-report done',
      ]);
      expect(report.steps[0]).toMatchObject({ phase: 'deciding', evidence: 'profile read' });
      expect(report.timeline[0]?.text).toBe(`live run of warmUp at ${at}, started by pager.`);
      expect(report.gates).toMatchObject([{ decision: 'warm', answer: { value: 'read' } }]);
      expect(report.timeline.map(({ text }) => text)).toContain('Decided: warm read.');
      expect(renderMarkdown(report)).toContain('warm read, after');
      expect(renderMarkdown(report)).toContain('**Interruption:** none, in planned work');
      expect(renderPage(report)).toContain(at);
      expect(viewOf(report).outcome).toMatchObject({ text: 'done', tone: 'good' });
      expect(exitCodeOfReport(report)).toBe(0);
    });
  });

  it('changes nothing in a dry run, and says what it would', async () => {
    await rig.with(estate, async () => {
      const report = await (await start('dry-run')).result();
      expect(estate.changes().filter((name) => name !== 'storeReport')).toEqual([]);
      expect(report.summary).toBe(`Dry run: nothing was changed. A live run would make ${at} of ${plan.plan.estate.name} ready for full load.`);
      expect(report.changes).toContain(`Would run the job warm-caches at ${at}.`);
    });
  });

  it('is taken back when its job fails and people choose that', async () => {
    estate.jobs.courses = [{ seconds: 30, ends: 'failed' }];
    await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'activation', 'warm all');
      await rig.env.sleep('1 minute');
      await vote(handle, 'failed-step', 'undo');
      const report = await handle.result();
      expect(report.outcome).toBe('aborted');
      expect(report.steps.filter(({ result }) => result === 'undone').map(({ id }) => id)).toEqual(['raise-capacity']);
    });
  });

  it('stands down when people choose differently, and shows each entry that can be chosen', async () => {
    await rig.with(estate, async () => {
      const handle = await start();
      const status = await until('the gate opens', async () => {
        const seen = await handle.query(statusQuery);
        return seen.gate ? seen : undefined;
      });
      expect(status.gate?.choices.map((line) => line.split(': ')[0])).toEqual(['warm read', 'warm all', 'reject']);
      expect(detailsOf(status)).toContain('planned work');
      expect(renderView({ state: 'running', runId: status.runId, status })).toContain(`warmUp ${at}`);
      for (const [index, choice] of ['warm read', 'warm all'].entries())
        await handle.signal(voteSignal, { gate: status.gate?.gate ?? '', choice, who: who[index] ?? '', reason: 'seen' });
      expect((await handle.result()).outcome).toBe('stood down');
      expect((await handle.query(reportQuery)).changes).toEqual([expect.stringMatching(/^Store a copy of the report/)]);
    });
  });

  it.each([
    [{ at: 'nowhere' }, 'The plan has no site "nowhere".'],
    [{ at, from: 'us-east-1' }, 'Unrecognized key: "from"'],
  ])('refuses a wrong start: %j', async (wrong, sentence) => {
    await rig.with(estate, async () => {
      const { name } = plan.plan.estate;
      const handle = await rig.env.client.workflow.start('warmUp', {
        taskQueue: taskQueueOf(name),
        workflowId: makeRunWorkflowId(name),
        args: [{ ...input('live'), ...wrong }],
      });
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

describe('the sweep', () => {
  const fates: readonly Exclude<Fate, 'done'>[] = ['worker dies before', 'worker dies after', 'worker dies when completed', 'reply lost', 'late effect'];

  it('interrupted at every attempt of an activity, it ends the same and nothing takes effect twice', async () => {
    const sandbox = await createSandbox(plan);
    const calm = await live(sandbox, null);
    expect(calm.report?.outcome).toBe('done');
    expect(calm.attempts).toBeGreaterThan(8);
    const wrong: string[] = [];
    for (const fate of fates)
      for (let attempt = 0; attempt < calm.attempts; attempt += 1) {
        const lived = await live(sandbox, { attempt, fate });
        const { outcome } = lived.report ?? {};
        if (outcome !== 'done' || lived.jobs !== 1) wrong.push(`${fate} at ${attempt}: ${outcome} ${lived.report?.exceptions.join(' ')}, ${lived.jobs} jobs`);
      }
    expect(wrong).toEqual([]);
  });

  async function live(sandbox: Awaited<ReturnType<typeof createSandbox>>, at: { readonly attempt: number; readonly fate: Fate } | null) {
    const model = new FakeEstate(plan);
    model.jobs.courses = [{ seconds: 0 }];
    const activities = model.activities() as unknown as Record<string, (input: unknown) => Promise<unknown>>;
    const server: SimulatedServer = new SimulatedServer(
      sandbox,
      {
        act: async (name, given) => (name === 'watchJob' ? model.jobs.look((given as { id: string }).id) : activities[name]?.(given)),
        fate: ({ number }) => ({ fate: number === at?.attempt ? at.fate : 'done', milliseconds: 50 }),
        asked: () => undefined,
        told: () => undefined,
        observe: () => undefined,
      },
      Date.parse('2026-03-01T03:00:00Z'),
    );
    model.jobs.now = async () => server.now;
    const run = server.start('warmUp', makeRunWorkflowId(plan.plan.estate.name), input('live'));
    let voted = false;
    for (let events = 0; run && !run.closed && events < 5_000; events += 1) {
      if (!voted && run.activations > 0) {
        const { gate } = await run.query<RunStatus>(server.now, 'status');
        if (gate) for (const person of who) server.signal(run, 'vote', { gate: gate.gate, choice: 'warm read', who: person, reason: 'seen' });
        voted = gate !== null;
      }
      if (!(await server.step())) break;
    }
    const report = run?.closed?.how === 'completed' ? (run.closed.result as Report) : null;
    return { report, attempts: server.attempts, jobs: model.jobs.begun.size };
  }
});

it('says in a sentence what it is about', () => {
  expect(starts.warmUp.aim('shop', { failed: [], source: 'b', target: 'b' }).toDo).toBe('make b of shop ready for full load');
});
