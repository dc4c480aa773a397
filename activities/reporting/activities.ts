/** Copies of finished reports in the plan's report store, and the plan that this worker holds. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { currentContext } from '../task.ts';
import type { ReportingActivities } from './port.ts';

export interface ReportingDependencies extends FolderDependencies {
  /** The plan that the worker was started with. */
  readonly loadedPlan: PlanSnapshot;
  /** Workers of the estate, as they name themselves, and the plans that they hold. */
  readonly workers: () => Promise<readonly { readonly process: string; readonly planDigest: string }[]>;
  /** Makes the page of a report; loads the plotting library at its first call. */
  readonly renderPage: (report: Report) => Promise<string>;
}

/** How often a worker with the plan that a run expects is looked for: each try reaches any of them. */
const triesMax = 20;

export function createReportingActivities(dependencies: ReportingDependencies): ReportingActivities {
  return {
    async storeReport({ run, report }) {
      const plan = await dependencies.planOf(run.planDigest);
      const folder = resolve(dependencies.planFolder, plan.estate.reports.directory);
      // The execution begins with the run id, which alone would be the same for each run of an estate.
      const name = `${report.startedAt}-${run.execution}-epoch-${report.epoch}`.replace(/[^A-Za-z0-9]+/g, '-');
      const markdown = renderMarkdown(report);
      try {
        await mkdir(folder, { recursive: true });
        await keep(join(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`);
        await keep(join(folder, `${name}.md`), markdown);
      } catch (error) {
        const why = (error as NodeJS.ErrnoException).code ?? 'unknown error';
        throw failure(
          'permanent',
          { happened: `The report cannot be written to ${folder}: ${why}.`, leftAs: 'The run still holds it: dr report prints it.' },
          {},
          error,
        );
      }
      const pageNotMade = await keepPage(join(folder, `${name}.html`), () => dependencies.renderPage(report));
      const path = join(folder, `${name}.md`);
      return { path, sha256: createHash('sha256').update(markdown).digest('hex'), ...(pageNotMade === null ? {} : { pageNotMade }) };
    },

    async loadPlan({ expectedDigest }) {
      const { loadedPlan } = dependencies;
      if (expectedDigest === undefined || expectedDigest === loadedPlan.digest) return loadedPlan;
      const workers = await dependencies.workers();
      const held = workers.map(({ process, planDigest }) => `${process} holds ${planDigest.slice(0, 12)}`);
      // Another worker is asked at the next try; not for ever, since a worker's name is what it says of itself.
      const elsewhere = workers.some(({ planDigest }) => planDigest === expectedDigest) && (currentContext()?.info.attempt ?? 1) < triesMax;
      throw failure(
        elsewhere ? 'transient' : 'plan-changed',
        {
          happened: `The run expects the plan ${expectedDigest.slice(0, 12)}; this worker holds ${loadedPlan.digest.slice(0, 12)}. Workers here: ${held.join('; ') || 'none that say so'}.`,
          leftAs: 'Nothing was started.',
        },
        { expected: expectedDigest, held: loadedPlan.digest },
      );
    },
  };
}

/** The page is for comfort: why it is missing is a value, and the report is stored without it. */
async function keepPage(file: string, page: () => Promise<string>): Promise<string | null> {
  try {
    await keep(file, await page());
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('page-not-made', { happened: `The page ${file} was not made: ${why}.`, leftAs: 'Markdown and JSON are stored.' }, {}, error).message;
  }
}

/** An equal copy is left; a new one appears whole or not at all. */
async function keep(file: string, text: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return;
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text);
  await rename(draft, file);
}
