/**
 * Goal: a second procedure adds files, and changes none but the registries. Method: a copy of the repository with the files of `added/` and the lines of `registrations.ts`; it compiles, and the
 * new procedure's own tests run there.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registrations } from './registrations.ts';

const root = resolve(import.meta.dirname, '../..');
const added = join(import.meta.dirname, 'added');
const left = new Set(['node_modules', '.git', '.setup', '.lab', 'dist', 'coverage']);
const minutes = 60_000;
const run = promisify(execFile);

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'dr-toy-'));
  cpSync(root, copy, { recursive: true, filter: (source) => source === root || !left.has(basename(source)) });
  // Packages are shared, what is kept beside them is not: another workflow bundle is made here.
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '.cache') symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name));
  for (const name of ['.setup', 'dist']) if (existsSync(join(root, name))) symlinkSync(join(root, name), join(copy, name));
  for (const path of addedFiles()) {
    if (existsSync(join(root, path))) throw new Error(`${path} is there already: a file that is added may take no other's place.`);
    cpSync(join(added, path), join(copy, path));
  }
  for (const { file, after, line } of registrations) {
    const parts = readFileSync(join(copy, file), 'utf8').split(after);
    if (parts.length !== 2) throw new Error(`"${after}" does not stand once in ${file}.`);
    writeFileSync(join(copy, file), parts.join(`${after}${line}`));
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function addedFiles(): string[] {
  return readdirSync(added, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
}

it('registers with nothing but lines in registries, none of them in the engine, the client or the report', () => {
  const files = [...new Set(registrations.map(({ file }) => file))];
  expect(files).toEqual(['plan/catalogue/names.ts', 'plan/catalogue/index.ts', 'workflows/wire/starts.ts', 'workflows/index.ts', 'workflows/wire/lending.ts']);
  expect(addedFiles().filter((path) => /^(workflows\/engine|client|report)\//.test(path))).toEqual([]);
});

it('the page on adding a procedure shows these lines', () => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  for (const { line } of registrations) for (const part of line.trim().split('\n')) expect(page).toContain(part);
});

it('compiles', { timeout: 5 * minutes }, async () => {
  await run('npx', ['tsc', '--noEmit', '-p', copy], { cwd: copy });
});

it('is conducted, asked, taken back, reported, rehearsed and swept', { timeout: 10 * minutes }, async () => {
  const { stdout } = await run('npx', ['vitest', 'run', 'test/toy/warm-up', 'test/toy/lent-lock', 'test/architecture.test.ts', '--retry', '0'], {
    cwd: copy,
    // Enough to see that the procedure is asked; what is asked is tried on the failover.
    env: { ...process.env, DR_SCHEDULES: '60' },
    maxBuffer: 1e8,
  }).catch((error: { readonly stdout: string }) => error);
  expect(stdout).toMatch(/\n\d+ passed, 0 failed\n/);
});
