/** A lab context without a supervisor, for tests of single parts. Each test file takes an index of its own, above those that labs are given. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabAddresses } from '../../lab/addresses.ts';
import type { LabContext } from '../../lab/component.ts';
import { repositoryRoot } from '../../lab/paths.ts';

export interface TestContext extends LabContext {
  readonly lines: string[];
  /** Removes its files. */
  remove(): void;
}

export function testContext(index: number): TestContext {
  const directory = mkdtempSync(join(tmpdir(), 'dr-lab-part-'));
  const lines: string[] = [];
  return {
    name: 'part',
    directory,
    repository: repositoryRoot(),
    addresses: new LabAddresses(index),
    log: (line) => void lines.push(line),
    lines,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Asks until `probe` gives something, at most `withinMs`; then fails with `what`. */
export async function eventually<Result>(
  what: string,
  withinMs: number,
  probe: () => Promise<Result | undefined | false> | Result | undefined | false,
): Promise<Result> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
