/**
 * Takes each guard out, one at a time, in a copy of the repository, and looks whether the test that is named for it turns red; and whether the random schedules find it as well.
 * Writes the rows into docs/guards.md, and exits non-zero when a guard has no test that misses it. `npm run test:guards -- TEXT` takes out only the guards with this text in their name, and leaves the other rows.
 */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownTable } from 'markdown-table';
import { type Removal, removals } from './removals.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Enough to find what a schedule can find, and not much more. */
const schedulesMax = 500;
const schedules = { file: 'test/simulation/random-schedules.test.ts', title: 'breaks a safety rule' };
const pageFile = join(root, 'docs', 'guards.md');
/** Of these the agent and the restore's script are joined, which tests and the lab install. */
const agentParts = /^site-agent\/(parts|restore)\//;
const left = new Set(['node_modules', '.git', '.setup', '.lab', 'dist', 'coverage']);

interface Verdict {
  readonly removal: Removal;
  readonly named: 'red' | 'green' | 'not run';
  /** Schedules until the first violation; null when none was found. */
  readonly schedules: number | null;
}

async function main(): Promise<number> {
  const only = process.argv[2] ?? '';
  const copy = mkdtempSync(join(tmpdir(), 'dr-guards-'));
  try {
    cpSync(root, copy, { recursive: true, filter: (source) => source === root || !left.has(basename(source)) });
    for (const name of ['node_modules', '.setup']) symlinkSync(join(root, name), join(copy, name));
    const verdicts: Verdict[] = [];
    for (const removal of removals.filter(({ guard }) => guard.includes(only))) verdicts.push(await judge(copy, removal));
    writeFileSync(pageFile, page(verdicts, keptRows()));
    return verdicts.every(({ named }) => named === 'red') ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function judge(copy: string, removal: Removal): Promise<Verdict> {
  const file = join(copy, removal.file);
  const before = readFileSync(file, 'utf8');
  try {
    writeFileSync(
      file,
      removal.edits.reduce((text, edit) => edited(removal, text, edit), before),
    );
    joinAgent(copy, removal);
    const named = (await vitest(copy, removal.test.file, removal.test.title)).state;
    const random = /^(workflows|plan)\//.test(removal.file) ? await vitest(copy, schedules.file, schedules.title) : null;
    const found = random?.state === 'red' ? Number(/failed after (\d+) tests?/.exec(random.message)?.[1] ?? 1) : null;
    say(`${named === 'red' ? 'red  ' : 'GREEN'}  ${removal.guard}${found === null ? '' : ` (random schedules: after ${found})`}`);
    return { removal, named, schedules: found };
  } finally {
    writeFileSync(file, before);
    joinAgent(copy, removal);
  }
}

function joinAgent(copy: string, { file }: Removal): void {
  if (agentParts.test(file)) execFileSync('npm', ['run', '-s', 'site-agent'], { cwd: copy });
}

function edited({ guard, file }: Removal, text: string, { find, replace }: Removal['edits'][number]): string {
  const times = text.split(find).length - 1;
  if (times !== 1)
    throw new Error(`"${find}" stands ${times} times in ${file}, and must stand once to take out: ${guard}. Nothing was judged; fix test/guards/removals.ts.`);
  return text.replace(find, () => replace);
}

/** Runs the tests of a file whose titles contain `title`. */
function vitest(folder: string, file: string, title: string): Promise<{ readonly state: Verdict['named']; readonly message: string }> {
  const pattern = title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', file, '-t', pattern, '--reporter=json', '--retry=0'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: { ...process.env, DR_SCHEDULES: String(schedulesMax) }, maxBuffer: 256 * 1024 * 1024, timeout: 900_000 },
      (_error, out) => {
        const report = JSON.parse(out.slice(out.indexOf('{"numTotalTestSuites'))) as Results;
        const named = report.testResults
          .flatMap(({ assertionResults }) => assertionResults)
          .filter((result) => result.title.includes(title) || result.fullName.includes(title));
        const failed = named.find(({ status }) => status === 'failed');
        const state = failed ? 'red' : named.some(({ status }) => status === 'passed') ? 'green' : 'not run';
        resolve({ state, message: failed?.failureMessages.join('\n') ?? '' });
      },
    );
  });
}

interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The cells of the page as it is, by guard. */
function keptRows(): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(pageFile, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);
  return new Map(
    lines.map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [cells[0] ?? '', cells] as const;
    }),
  );
}

function page(verdicts: readonly Verdict[], kept: ReadonlyMap<string, readonly string[]>): string {
  const today = new Date().toISOString().slice(0, 10);
  const judged = new Map(
    verdicts.map(({ removal, named, schedules: found }) => [
      removal.guard,
      [removal.guard, `\`${removal.file}\``, named, `[${removal.test.title}](../${removal.test.file})`, found === null ? '–' : `after ${found}`, today],
    ]),
  );
  const rows = removals.flatMap(({ guard }) => {
    const row = judged.get(guard) ?? kept.get(guard);
    return row ? [row] : [];
  });
  return [
    '# Guards, and what misses them',
    '',
    `Each guard was taken out of a copy of the repository, and the test named here was run against it. The fifth column says after how many of ${schedulesMax} random schedules the simulation finds the same; a dash means`,
    'that it does not, since the model answers in place of what the guard judges, or the guard is not part of a workflow.',
    '',
    'Run by `npm run test:guards`, which fails when a guard can go without a test turning red; each row on its day.',
    '',
    markdownTable([['guard', 'taken out of', 'named test', 'which', 'random schedules', 'run on'], ...rows]),
    '',
  ].join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
