/** Where the plan skeleton lies: in the package, beside the sources that are not compiled. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Walks up to the package, since this file runs from its sources and from `dist/`. */
export function skeletonFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('The package of dr is not complete: package.json is missing.');
    folder = parent;
  }
  return path.join(folder, 'plan', 'skeleton');
}
