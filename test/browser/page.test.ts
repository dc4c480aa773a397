/** Goal: the report's page is read by any browser, on paper, and by people who see little or nothing. Method: headless Chromium judges pages of made-up reports. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../lab/setup/paths.ts';
import { renderPage } from '../../report/page/page.ts';
import type { Report } from '../../report/report.ts';
import { emptyReport, exampleReport, hostileReport } from '../report/example.ts';
import { faintTexts } from './contrast.ts';

const reports: readonly (readonly [string, Report])[] = [
  ['the example', exampleReport],
  ['a hostile report', hostileReport],
  ['an empty report', emptyReport],
  ['a report of an aborted dry run', { ...exampleReport, mode: 'dry-run', outcome: 'aborted' }],
];

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: program('chromium'), chromiumSandbox: false });
  folder = await mkdtemp(join(tmpdir(), 'dr-page-'));
});
afterAll(async () => browser?.close());

/** Opens the page; `asked` and `complaints` gather what it asks for, and what the browser says about it. */
async function open(report: Report, colorScheme: 'light' | 'dark' = 'light'): Promise<{ page: Page; asked: string[]; complaints: string[] }> {
  const file = join(folder, 'report.html');
  await writeFile(file, renderPage(report));
  const page = await browser.newPage({ colorScheme });
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.goto(pathToFileURL(file).href);
  return { page, asked, complaints };
}

/** What a strict parser says against the page; null when nothing. */
async function faultOf(page: Page, html: string): Promise<string | null> {
  const parse = `new DOMParser().parseFromString(${JSON.stringify(html)}, 'application/xhtml+xml').querySelector('parsererror')?.textContent ?? null`;
  return page.evaluate<string | null>(parse);
}

describe.each(reports)('%s as a page', (_name, report) => {
  it('is well-formed, asks for nothing but itself, and gives the browser no reason to complain', async () => {
    const { page, asked, complaints } = await open(report);
    expect(await faultOf(page, renderPage(report))).toBeNull();
    expect(await faultOf(page, renderPage(report).replace('</main>', ''))).not.toBeNull();
    expect(asked.filter((url) => url !== 'data:,')).toEqual([page.url()]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('has no text that is hard to read when it is %s', async (colorScheme) => {
    const { page } = await open(report, colorScheme);
    expect(await faintTexts(page, 4.5)).toEqual([]);
    await page.close();
  });
});

it('text that is hard to read is found', async () => {
  const page = await browser.newPage();
  await page.setContent('<body style="background:#fff"><p style="color:#999">faint</p><p style="color:#555">clear</p></body>');
  expect(await faintTexts(page, 4.5)).toEqual(['faint 2.8']);
  await page.close();
});

it('is read aloud by headings, named pictures and tables with headers', async () => {
  const { page } = await open(exampleReport);
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  expect(await page.getByRole('img', { name: /2 steps and 1 question/ }).count()).toBe(1);
  const tables = await page.getByRole('table').all();
  expect(tables.length).toBeGreaterThan(3);
  for (const table of tables) expect(await table.getByRole('columnheader').count()).toBeGreaterThan(2);
  await page.close();
});

it('fits a telephone without a page that moves sideways', async () => {
  const { page } = await open(exampleReport);
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  await page.close();
});
