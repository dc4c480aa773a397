/** `dr report --pdf FILE`: the page, printed by a Chromium that is already on the machine. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Report } from '../../../report/report.ts';
import type { Io } from '../io.ts';
import { renderHtml } from './html.ts';

const startWithinMs = 30_000;
const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** There is no Chromium to print with. The message says how to get one. */
export class NoBrowserError extends Error {
  constructor(found: string) {
    super(`${found}: install it (apt-get install chromium), set DR_CHROMIUM to one, or print the page of dr report --html FILE`);
    this.name = 'NoBrowserError';
  }
}

/** Throws NoBrowserError when there is none, and what Playwright throws when it does not print. */
export async function renderPdf(report: Report, environment: Io['environment']): Promise<Uint8Array> {
  const executablePath = findChromium(environment);
  return print(await renderHtml(report), executablePath);
}

/** DR_CHROMIUM, else the first that the PATH has. */
function findChromium(environment: Io['environment']): string {
  const named = environment['DR_CHROMIUM'];
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = named ? [named] : programs.flatMap((program) => folders.map((folder) => path.join(folder, program)));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new NoBrowserError(named ? `DR_CHROMIUM names ${named}, which cannot be run` : 'there is no Chromium on the PATH');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Prints a page of ours: no script runs and no network is there, so that the missing sandbox (containers and root have none) guards nothing. */
async function print(page: string, executablePath: string): Promise<Uint8Array> {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, chromiumSandbox: false, timeout: startWithinMs });
  try {
    const context = await browser.newContext({ javaScriptEnabled: false, offline: true });
    const tab = await context.newPage();
    await tab.setContent(page, { timeout: startWithinMs });
    return await tab.pdf({
      preferCSSPageSize: true,
      printBackground: true,
      tagged: true,
      outline: true,
      displayHeaderFooter: true,
      headerTemplate: '<span></span>',
      footerTemplate,
    });
  } finally {
    await browser.close();
  }
}

const footerTemplate =
  '<div style="width:100%;padding:0 12mm;font:8px sans-serif;color:#55606e;text-align:right"><span class="title"></span> · <span class="pageNumber"></span> of <span class="totalPages"></span></div>';
