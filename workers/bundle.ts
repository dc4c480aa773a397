/** Makes the workflow bundle ahead of time, so that a worker starts without a bundler and every worker of a release runs the same code. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, Logger } from '@temporalio/worker';

/** A file of the workflows beside this one: compiled in `dist/`, a source when run from the sources. */
function workflowFile(name: string): string {
  const compiled = fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL(`../workflows/${name}.ts`, import.meta.url));
}

/** What a bundle is made of. The converter of payloads is the workflows' alone: activities and the client of a worker read as the SDK does. */
export function bundleParts(): Pick<BundleOptions, 'workflowsPath' | 'payloadConverterPath' | 'workflowInterceptorModules'> & {
  readonly workflowsPath: string;
} {
  return {
    workflowsPath: workflowFile('index'),
    payloadConverterPath: workflowFile('wire/payload-converter'),
    workflowInterceptorModules: [workflowFile('engine/interceptors')],
  };
}

/** Bundles the workflows; throws when they import what the sandbox refuses. */
export async function makeWorkflowBundle(logger?: Logger): Promise<string> {
  const { code } = await bundleWorkflowCode({ ...bundleParts(), ...(logger ? { logger } : {}) });
  return code;
}

/** Bundles the workflows into `file`. */
export async function writeWorkflowBundle(file: string, logger?: Logger): Promise<void> {
  await writeFile(file, await makeWorkflowBundle(logger));
}
