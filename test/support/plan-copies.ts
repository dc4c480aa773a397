/** Copies of the repository's plan that a test may spoil. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { lintPlan, type PlanCheck } from '../../plan/lint.ts';

const root = resolve(import.meta.dirname, '../..');

export class PlanCopy {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async of(plan = 'plan/erlmcp'): Promise<PlanCopy> {
    const folder = await mkdtemp(join(tmpdir(), 'dr-plan-copy-'));
    await cp(join(root, plan), folder, { recursive: true });
    return new PlanCopy(folder);
  }

  /** Throws when the text does not stand there: the plan has changed. */
  async change(file: string, from: string | RegExp, to: string): Promise<void> {
    const before = await readFile(join(this.folder, file), 'utf8');
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${String(from)} does not stand in ${file}.`);
    await writeFile(join(this.folder, file), after);
  }

  check(): Promise<PlanCheck> {
    return lintPlan(this.folder);
  }

  /** The errors of the check, a line each: `file:line path: message`. */
  async errors(): Promise<readonly string[]> {
    const { findings } = await this.check();
    return findings.flatMap(({ level, file, line, path, message }) => (level === 'error' ? [`${file}:${line} ${path}: ${message}`] : []));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
