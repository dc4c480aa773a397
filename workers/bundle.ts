/** Makes the workflow bundle ahead of time, so that a worker starts without a bundler and every worker of a release runs the same code. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';

/** The workflows beside this file: compiled ones in `dist/`, sources when run from the sources. */
export function workflowsPath(): string {
  const compiled = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
}

/** Bundles the workflows; throws when they import what the sandbox refuses. */
export async function makeWorkflowBundle(logger?: Logger): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: workflowsPath(), ...(logger ? { logger } : {}) });
  return code;
}

/** Bundles the workflows into `file`. */
export async function writeWorkflowBundle(file: string, logger?: Logger): Promise<void> {
  await writeFile(file, await makeWorkflowBundle(logger));
}
