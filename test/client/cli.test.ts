/** Goal: people at a terminal get one sentence on what happened and one on what to do, and scripts an exit code. Method: the command line called in the process. */
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeRunWorkflowId } from '../../client/index.ts';
import type { RunView } from '../../client/index.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { planFolder, runDr, Stage } from './support.ts';

const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1', DR_PLAN: planFolder };
const start = ['failover', 'start', '--from', 'us-east-1', '--to', 'eu-central-1', '--as', 'jane-smith'];

describe('bad input is refused before anything is sent', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ['a misspelt site', start.with(3, 'us-east-l'), '--from: the plan has no site us-east-l. Did you mean us-east-1?'],
    ['the failed site as its own target', start.with(5, 'us-east-1'), 'us-east-1 cannot be recovered at itself.'],
    ['a site that no failover may target', start.with(5, 'dr'), 'The plan does not let a regional failover go to dr.'],
    [
      'a site that is not built from backups',
      ['coldstart', 'start', '--at', 'eu-central-1', '--as', 'jane-smith'],
      'The plan does not let a cold start build eu-central-1.',
    ],
    ['a stranger', start.with(7, 'jane-smit'), '--as: the plan knows no person jane-smit. Did you mean jane-smith?'],
    ['a mode that nobody starts by hand', [...start, '--mode', 'drill'], '--mode: there is no mode drill to start by hand.'],
    ['an empty declaration', [...start, '--declared-failed', ' '], '--declared-failed needs a reason.'],
    [
      'a time without a declaration',
      [...start, '--since', '2026-01-01T00:00:00Z'],
      '--since says since when a site is declared failed, and nobody declared it.',
    ],
    ['a time to come', [...start, '--declared-failed', 'x', '--since', '2999-01-01T00:00:00Z'], '--since: 2999-01-01T00:00:00Z is not a time in the past.'],
    ['a vote without a reason', ['approve', '--gate', 'g', '--as', 'jane-smith', '--reason', ''], '--reason is empty.'],
    ['a plan folder that is not there', ['plan', 'check', '--plan', '/nowhere'], 'There is no plan folder /nowhere.'],
    ['an unknown command', ['fialover'], "error: unknown command 'fialover'"],
    ['a missing option', ['failover', 'start', '--from', 'us-east-1'], "error: required option '--to <site>' not specified"],
  ];
  it.each(cases)('%s', async (_what, argv, sentence) => {
    const result = await runDr(argv, nowhere);
    expect(result.err.split('\n')[0]).toBe(sentence);
    expect(result.code).toBe(2);
    expect(result.out).toBe('');
  });

  it('no plan at all', async () => {
    const result = await runDr(['assess'], {});
    expect(result).toEqual({ code: 2, out: '', err: 'No plan is named.\nGive --plan FOLDER, or set DR_PLAN to the folder.\n' });
  });

  it('a dead Temporal address', async () => {
    const result = await runDr(start, nowhere);
    expect(result.code).toBe(4);
    expect(result.err).toBe('Temporal does not answer at 127.0.0.1:1. Nothing was sent.\nStart Temporal, or set TEMPORAL_ADDRESS to where it runs.\n');
  });
});

describe('dr plan and dr init', () => {
  it('a plan with an error is told by file, line and path', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dr-plan-'));
    await writeFile(path.join(folder, 'plan.yaml'), 'plan:\n  name: Shop!\n');
    const result = await runDr(['plan', 'check', folder], {});
    expect(result.code).toBe(2);
    expect(result.out).toMatch(/^plan\.yaml:2: error .*plan\.name/m);
    expect((await runDr([...start, '--plan', folder], nowhere)).code).toBe(2);
  });

  it('shows the plan for people and for programs', async () => {
    const people = await runDr(['plan', 'show'], { DR_PLAN: planFolder });
    expect(people.out).toContain('regionalFailover');
    const programs = await runDr(['plan', 'show', '--json'], { DR_PLAN: planFolder });
    expect(JSON.parse(programs.out)).toMatchObject({ plan: { plan: { name: 'erlmcp' } } });
  });

  it('writes a skeleton that can be used when it is filled in and not before, and never over files', async () => {
    const folder = path.join(await mkdtemp(path.join(tmpdir(), 'dr-init-')), 'plan');
    expect((await runDr(['init', folder], {})).code).toBe(0);
    const left = await runDr(['plan', 'check', folder], {});
    expect(left).toMatchObject({ code: 2, err: '' });
    await fillIn(folder);
    const check = await runDr(['plan', 'check', folder], {});
    expect(check.out).toContain('can be used');
    expect(check.code).toBe(0);
    const before = await readdir(folder);
    expect(before).toContain('plan.schema.json');
    expect((await runDr(['init', folder], {})).err).toContain('holds files already; nothing was written.');
    expect(await readdir(folder)).toEqual(before);
  });
});

/** What `dr init` leaves to be filled in, filled in. */
async function fillIn(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml'))) {
    const file = path.join(folder, name);
    const keys = ['1CbeLpNdDB/qUeGOpTPH7w6g2OWUKR', 'ZwujD9MuqrBGQMYOIzA8NiuOoGyy9N', 'aCAftZB6g4m9OTn/aV7+/60dTMH52a'];
    const text = (await readFile(file, 'utf8')).replace(/SHA256:(.)\1{29}/g, () => `SHA256:${keys.pop()}`).replace(/\bREPLACE\b/g, 'OURS');
    await writeFile(file, text);
  }
}

describe('with a server and a worker', () => {
  let stage: Stage;
  let estate: FakeEstate;
  let runId: string;

  beforeAll(async () => {
    stage = await Stage.open();
    runId = makeRunWorkflowId(stage.plan.plan.estate.name);
  });
  afterAll(async () => stage?.close());
  beforeEach(() => {
    estate = new FakeEstate(stage.plan);
    estate.dead.add('us-east-1');
  });
  afterEach(async () => stage.clear(runId));

  async function gate(): Promise<string> {
    return until('the gate opens', async () => {
      const view = JSON.parse((await stage.dr('status', '--json')).out) as RunView;
      return view.state === 'running' ? view.status.gate?.gate : undefined;
    });
  }

  it('a run is started, voted through, followed and reported', async () => {
    await stage.with(estate, async () => {
      const followed = stage.dr(...start.with(7, 'carol-brown'));
      const id = await gate();
      const status = await stage.dr('status');
      expect(status.out).toContain(`QUESTION ${id}, open until `);
      expect(status.out).toContain(`Vote: dr vote --run ${runId} --gate ${id} --choice 'approve' --as <person> --reason "<why>"`);
      const refused = await stage.dr('approve', '--gate', id, '--as', 'carol-brown', '--reason', 'mine');
      expect(refused).toMatchObject({ code: 3, out: '' });
      expect(refused.err).toContain(`Look at the open gate: dr status --run ${runId}\n`);
      const resumed = await stage.dr('resume', '--as', 'jane-smith', '--reason', 'nobody has stopped it');
      expect(resumed).toMatchObject({ code: 0, err: '' });
      expect(resumed.out).toMatch(new RegExp(`^Sent: .* Whether it goes on: dr status --run ${runId}\n$`));
      expect(await stage.dr('approve', '--gate', id, '--as', 'jane-smith', '--reason', 'seen')).toMatchObject({ code: 0, err: '' });
      expect((await stage.dr('vote', '--gate', id, '--choice', 'approve', '--as', 'john-doe', '--reason', 'seen')).code).toBe(0);
      const result = await followed;
      expect(result.out).toContain(`Started ${runId} (live).`);
      expect(result.out).toContain(`${runId}: recovered`);
      const report = await stage.dr('report');
      expect(report.out).toContain('recovered');
      const json = await stage.dr('report', '--json');
      expect(JSON.parse(json.out)).toMatchObject({ runId, places: { failed: ['us-east-1'], source: 'us-east-1', target: 'eu-central-1' } });
      expect(json.code).toBe(result.code);
      const file = path.join(await mkdtemp(path.join(tmpdir(), 'dr-export-')), 'run.xml');
      expect((await stage.dr('report', '--junit', file)).code).toBe(result.code);
      expect(await readFile(file, 'utf8')).toContain('<property name="outcome" value="recovered"/>');
      const lost = await stage.dr('report', '--json', '--cloudevents', path.join(file, 'run.json'));
      expect(lost.code).toBe(6);
      expect(JSON.parse(lost.out)).toEqual(JSON.parse(json.out));
    });
  });

  it('a second start is refused with the open run', async () => {
    await stage.with(estate, async () => {
      expect((await stage.dr(...start, '--detach')).code).toBe(0);
      const second = await stage.dr(...start, '--detach');
      expect(second).toMatchObject({
        code: 3,
        out: '',
        err: `The run ${runId} is open and holds the estate. Nothing was started.\nLook at it: dr status --run ${runId}\n`,
      });
    });
  });

  it('an assessment says what is recommended and what stands at the public name, and changes nothing', async () => {
    estate.records = { obstacles: ['It is a CNAME.'], differences: ['Its TTL is 300 s.'], beside: ['AAAA leads elsewhere.'] };
    await stage.with(estate, async () => {
      const result = await stage.dr('assess', '--from', 'us-east-1');
      expect(result.code).toBe(0);
      expect(result.out).toMatch(/^us-east-1: failed/);
      expect(result.out).toContain('Recommendation: ');
      expect(result.out).toContain('At the public name\n  No run can route customers: It is a CNAME.\n  Its TTL is 300 s.\n  AAAA leads elsewhere.\n');
    });
    expect(estate.changes()).toEqual([]);
  });
});
