/** Goal: a finished report is kept whole, and a page that cannot be made costs nothing but the page. Method: the activities at a folder of their own. */
import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createReportingActivities } from '../../activities/reporting/activities.ts';
import type { Plan, PlanSnapshot } from '../../plan/schema.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import { exampleReport } from '../report/example.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const run = { runId: 'recovery/example', execution: 'recovery/example@1', planDigest: 'as-it-is', epoch: 1 };
const loadedPlan = { digest: 'a'.repeat(64), plan: {} } as PlanSnapshot;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-reports-'));
});

function activities(page: () => Promise<string>) {
  return createReportingActivities(
    dependenciesOf({
      planOf: async () => ({ estate: { reports: { directory: 'reports' } } }) as Plan,
      secret: () => Promise.reject(new Error('no secret is needed')),
      agent: () => {
        throw new Error('no agent is needed');
      },
      now: () => new Date(),
      planFolder: folder,
      loadedPlan,
      workers: async () => [{ process: '4711@desk', planDigest: 'b'.repeat(64) }],
      renderPage: page,
    }),
  );
}

test('a report is stored as Markdown, JSON and a page, and a repeat leaves it', async () => {
  const { storeReport } = activities(async () => renderPage(exampleReport));
  const stored = await storeReport({ run, report: exampleReport });
  expect(await storeReport({ run, report: exampleReport })).toEqual(stored);
  expect(stored.path).toContain('-recovery-example-1-epoch-7.md');
  const as = (ending: string) => readFile(stored.path.replace(/md$/, ending), 'utf8');
  expect(await as('md')).toBe(renderMarkdown(exampleReport));
  expect(JSON.parse(await as('json'))).toEqual(exampleReport);
  expect(await as('html')).toBe(renderPage(exampleReport));
  expect(stored.pageNotMade).toBeUndefined();
});

test('a page that cannot be drawn is noted with what to do, and the report is stored without it', async () => {
  const { storeReport } = activities(() => Promise.reject(new Error('no room for the axis')));
  const stored = await storeReport({ run, report: exampleReport });
  expect(await readFile(stored.path, 'utf8')).toBe(renderMarkdown(exampleReport));
  expect(stored.pageNotMade).toMatch(
    /^The page .*\.html was not made: no room for the axis\. Markdown and JSON are stored\. HINT: The report itself is kept\. .*dr report --html FILE$/,
  );
  expect((await readdir(join(folder, 'reports'))).map((name) => name.split('.').at(-1)).toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    'json',
    'md',
  ]);
});

test('a page that cannot be written is noted as well', async () => {
  const { storeReport } = activities(async () => 'page');
  const name = (await storeReport({ run, report: exampleReport })).path.split('/').at(-1)?.replace(/md$/, 'html') ?? '';
  folder = await mkdtemp(join(tmpdir(), 'dr-reports-'));
  await mkdir(join(folder, 'reports', name), { recursive: true });
  const stored = await activities(async () => 'page').storeReport({ run, report: exampleReport });
  expect(stored.pageNotMade).toContain('was not made: EISDIR');
});

test('a run that expects another plan is refused', async () => {
  const { loadPlan } = activities(async () => '');
  expect(await loadPlan({})).toBe(loadedPlan);
  await expect(loadPlan({ expectedDigest: 'f'.repeat(64) })).rejects.toMatchObject({ type: 'plan-changed' });
});

test('a run that expects another plan is told who holds which, and asks another worker only when one says that it has it', async () => {
  const { loadPlan } = activities(async () => '');
  expect(await loadPlan({})).toBe(loadedPlan);
  expect(await loadPlan({ expectedDigest: loadedPlan.digest })).toBe(loadedPlan);
  const failed = async (expectedDigest: string) => loadPlan({ expectedDigest }).catch((error: unknown) => error as { type: string; message: string });
  expect(await failed('c'.repeat(64))).toMatchObject({
    type: 'plan-changed',
    message: expect.stringContaining('this worker holds aaaaaaaaaaaa. Workers here: 4711@desk holds bbbbbbbbbbbb.'),
  });
  expect(await failed('b'.repeat(64))).toMatchObject({ type: 'transient' });
});
