/** `npm run reference`: writes every generated file anew. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generatedFiles } from './files.ts';
import { fromRoot } from './sources.ts';

for (const { path, text } of await generatedFiles()) {
  await mkdir(dirname(fromRoot(path)), { recursive: true });
  await writeFile(fromRoot(path), text);
}
