/** Goal: what was counted after a run is shown below its report, and below no other's. Method: a dev server, a real worker, a model of an estate whose lost site comes back. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRunWorkflowId } from '../../client/index.ts';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { Stage } from './support.ts';

let stage: Stage;
let folder: string;
let runId: string;
const lost = 'us-east-1';

beforeAll(async () => {
  stage = await Stage.open();
  runId = makeRunWorkflowId(stage.plan.plan.estate.name);
  folder = mkdtempSync(join(tmpdir(), 'dr-addendum-'));
});
afterAll(async () => {
  await stage?.clear(runId);
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = () => stage.dr('failover', 'start', '--from', lost, '--to', 'eu-central-1', '--as', 'carol-brown', '--detach');

async function gate(): Promise<string> {
  return until('the gate opens', async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' ? view.status.gate?.gate : undefined;
  });
}

it('a site that came back: its figure stands below the report of its run, in the page too, and not below that of a later run', async () => {
  const estate = new FakeEstate(stage.plan);
  estate.dead.add(lost);
  await stage.with(estate, async () => {
    expect((await start()).code).toBe(0);
    const id = await gate();
    for (const who of ['jane-smith', 'john-doe']) await stage.client.vote(runId, { gate: id, choice: 'approve', who, reason: 'seen' });
    const report = await stage.client.result(runId);
    expect(await stage.client.addendum(report)).toBeNull();

    Object.assign(estate.databases.get(lost) ?? {}, { bytes: 5_000 });
    estate.dead.clear();
    await stage.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(stage.plan.plan.estate.name, lost)).result();
    const figure = /The database at us-east-1 committed \d+ transactions beyond 0\/1000, where its standbys left it/;
    expect(await stage.client.addendum(report)).toMatchObject({ site: lost, text: expect.stringMatching(figure), counted: { rows: { whole: true } } });
    const page = join(folder, 'report.html');
    const shown = await stage.dr('report', '--html', page);
    expect(shown.out).toContain('- **Counted since:** see "Counted since, when the old site came back" at the end');
    expect(shown.out.slice(shown.out.indexOf('## Counted since'))).toMatch(figure);
    expect(await readFile(page, 'utf8')).toMatch(figure);
    expect(await stage.client.result(runId), 'what is stored does not change').toEqual(report);

    estate.dead.add(lost);
    expect((await start()).code).toBe(0);
    await gate();
    expect(await stage.client.addendum(report)).toBeNull();
  });
});
