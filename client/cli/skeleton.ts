/** What `dr init` writes: it lies in the package, beside the sources that are not compiled. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The skeleton, and the JSON Schema to which its files point: with it beside them an editor checks and completes them. */
export function skeletonFiles(): { readonly folder: string; readonly schema: string } {
  const plan = path.join(packageFolder(), 'plan');
  return { folder: path.join(plan, 'skeleton'), schema: path.join(plan, 'plan.schema.json') };
}

/** Walks up to the package, since this file runs from its sources and from `dist/`. */
function packageFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('The package of dr is not complete: package.json is missing.');
    folder = parent;
  }
  return folder;
}
