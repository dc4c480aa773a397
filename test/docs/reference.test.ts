/** Goal: what is generated from the code is what is committed, and says something about every field. */
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { generatedFiles, type GeneratedFile } from '../../docs/generate/files.ts';
import { fieldsOf } from '../../docs/generate/plan-page.ts';
import { jsonSchemaOf } from '../../docs/generate/plan-schema.ts';
import { planSchema } from '../../plan/schema.ts';

const root = resolve(import.meta.dirname, '../..');
let files: readonly GeneratedFile[];

beforeAll(async () => {
  files = await generatedFiles();
});

/** One sentence for each file that is not what the code makes of it now. */
async function stale(generated: readonly GeneratedFile[]): Promise<readonly string[]> {
  const checked = generated.map(async ({ path, text }) => {
    const committed = await readFile(resolve(root, path), 'utf8').catch(() => '');
    return committed === text ? [] : [`${path} is stale. Run: npm run reference`];
  });
  return (await Promise.all(checked)).flat();
}

describe('generated files', () => {
  test('are committed as the code makes them', async () => {
    expect(await stale(files)).toEqual([]);
  });

  test('are seen to be stale', async () => {
    const changed = files.map(({ path, text }) => ({ path, text: text.replace('plan', 'plane') }));
    expect(await stale(changed)).toContain('docs/reference/plan.md is stale. Run: npm run reference');
    expect(await stale(changed)).toContain('plan/plan.schema.json is stale. Run: npm run reference');
  });

  test('are all that docs/reference holds', async () => {
    const present = (await readdir(resolve(root, 'docs/reference'))).map((name) => `docs/reference/${name}`);
    expect(present.toSorted()).toEqual(
      files
        .map(({ path }) => path)
        .filter((path) => path.startsWith('docs/reference/'))
        .toSorted(),
    );
  });
});

test('every field of the plan has a meaning', () => {
  const fields = Object.entries(jsonSchemaOf(planSchema).properties ?? {}).flatMap(([key, schema]) => fieldsOf(key, schema));
  expect(fields.length).toBeGreaterThan(150);
  expect(fields.filter(({ schema }) => !schema.description).map(({ path }) => path)).toEqual([]);
});
