/** The workflows from their sources, for the tests that run them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bundleParts } from '../../workers/bundle.ts';
import { measured, measuring } from './coverage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = join(root, 'node_modules', '.cache', 'workflow-bundle');
/** What a bundle is made of: sources, and the packages of the lock file. */
const sources = ['workflows', 'plan', 'report', 'workers'];

/** The code of a bundle. It takes seconds to make, and a score of test files wants it: it is kept for as long as what it is made of stays the same. */
export async function bundleWorkflows(): Promise<{ readonly code: string }> {
  if (measuring) return make();
  return { code: readFileSync(await bundleFile(), 'utf8') };
}

/** The same as a file. */
export async function bundleFile(): Promise<string> {
  const file = join(kept, `${digestOfSources()}.js`);
  if (existsSync(file)) return file;
  const { code } = await make();
  const draft = `${file}.${process.pid}`;
  mkdirSync(kept, { recursive: true });
  for (const name of readdirSync(kept)) if (name.endsWith('.js') && name !== basename(file)) rmSync(join(kept, name), { force: true });
  writeFileSync(draft, code);
  renameSync(draft, file);
  return file;
}

function make(): Promise<{ readonly code: string }> {
  return bundleWorkflowCode(measured({ ...bundleParts(), logger: new DefaultLogger('ERROR') }));
}

function digestOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of sources)
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).toSorted())
      if (path.endsWith('.ts')) hash.update(`${folder}/${path}\n`).update(readFileSync(join(root, folder, path)));
  return hash.digest('hex').slice(0, 20);
}
