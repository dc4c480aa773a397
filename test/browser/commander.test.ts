/**
 * Goal: a commander needs nothing but a browser: finds the run, reads what is asked, votes, is refused in words, sees the end and its report.
 * Method: headless Chromium at the real Temporal UI; a real run by a real worker, which works on a model of an estate.
 * DR_SCREENSHOTS=1 renews the pictures of docs/images/.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTemporal, type TemporalServer } from '../../lab/orchestrator/temporal.ts';
import { program } from '../../lab/setup/paths.ts';
import { planFolder, runDr, Stage } from '../client/support.ts';
import { FakeEstate } from '../model/estate.ts';
import { TemporalUi } from './temporal-ui.ts';

let folder: string;
let server: TemporalServer;
let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-browser-'));
  server = await startTemporal(folder, { server: 0, ui: 0 });
  stage = await Stage.open(server.address);
  browser = await chromium.launch({ executablePath: program('chromium'), chromiumSandbox: false });
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
  await server?.stop();
});

/** What a person gets who types `dr …` in a shell that knows the server, its UI and the plan. */
const dr = (...argv: string[]) => runDr(argv, { TEMPORAL_ADDRESS: server.address, DR_TEMPORAL_UI: server.ui, DR_PLAN: planFolder });

async function picture(page: Page, name: string): Promise<void> {
  const into = process.env['DR_SCREENSHOTS'] ? fileURLToPath(new URL('../../docs/images', import.meta.url)) : folder;
  await page.screenshot({ path: join(into, `${name}.png`) });
}

async function openPage(viewport = { width: 1280, height: 960 }): Promise<Page> {
  const page = await browser.newPage({ viewport });
  page.setDefaultTimeout(20_000);
  return page;
}

/** The report as a page, on the screen of whoever asks in the morning. */
async function readReport(runId: string): Promise<void> {
  const file = join(folder, 'report.html');
  expect((await dr('report', '--run', runId, '--html', file)).err).toBe(`Wrote ${file}.\n`);
  const page = await openPage({ width: 1280, height: 1500 });
  await page.goto(pathToFileURL(file).href);
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('us-east-1 → eu-central-1');
  await picture(page, 'report');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'report-dark');
}

it('a commander finds the run, reads the question, votes by signal and update, is refused in words, and sees the end', async () => {
  const estate = new FakeEstate(stage.plan);
  estate.dead.add('us-east-1');
  await stage.with(estate, async () => {
    const started = await dr('failover', 'start', '--from', 'us-east-1', '--to', 'eu-central-1', '--as', 'carol-brown', '--detach');
    const runId = `recovery/${stage.plan.plan.estate.name}`;
    const ui = new TemporalUi(await openPage(), server.ui);
    await ui.findRun(stage.plan.plan.estate.name, runId);
    await picture(ui.page, 'run');

    const status = await dr('status');
    const link = /^In Temporal UI: (.*)$/m.exec(status.out)?.[1] ?? '';
    expect(started.out).toContain(`Watch it: ${link}`);
    await ui.page.goto(link);
    const asked = await ui.detailsThat(/Fail over .* from us-east-1 to eu-central-1\?/);
    expect(asked).toMatch(/RTO ends at \d\d:\d\d:\d\dZ/);
    expect(asked).toMatch(/Votes: none yet of 2 needed/);
    await picture(ui.page, 'gate');

    const vote = await ui.voteToCopy();
    await ui.send('a Signal', 'vote', vote);
    await ui.detailsThat(/your-id, vote by signal: your-id is not among those who decide here\. They are: jane-smith/);
    await ui.send('a Signal', 'vote', { ...vote, who: 'jane-smith', reason: 'customers are down' });
    await ui.detailsThat(/Votes: approve 1 of 2 needed/);

    await ui.send('an Update', 'vote', { ...vote, who: 'carol-brown', reason: 'I started it' });
    const refusal = ui.dialog('an Update').getByText('carol-brown started this run and so does not vote in it.').first();
    await refusal.waitFor();
    expect(await ui.dialog('an Update').innerText()).not.toMatch(/ApplicationFailure|\.ts:/);
    await picture(ui.page, 'refusal');
    await ui.dialog('an Update').getByRole('button', { name: 'Cancel' }).last().click();
    await ui.send('an Update', 'vote', { ...vote, who: 'john-doe', reason: 'evidence read' });

    await ui.page.getByText('Completed', { exact: true }).first().waitFor();
    expect(await ui.detailsThat(/us-east-1 → eu-central-1: recovered/)).toMatch(/Left to do[^]*Changed/);
    await ui.page.getByText('Update successful').waitFor({ state: 'hidden' });
    await picture(ui.page, 'ended');
    await ui.page.goto(link.replace('user-metadata', 'history'));
    await ui.page.getByText('"outcome"').first().waitFor();
    await readReport(runId);
    expect((await stage.client.report(runId)).gates[0]?.votes.map(({ who, channel, result }) => `${who} ${channel} ${result}`)).toEqual([
      'your-id signal refused',
      'jane-smith signal counted',
      'carol-brown update refused',
      'john-doe update counted',
    ]);
  });
});
