/** Goal: the pages of the zoo are of the shapes that there are. Method: reads; `npm run test:zoo` runs the shapes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { withTable } from './mine.ts';
import { inhabitants, nameOf } from './zoo.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the zoo', () => {
  test('has at least forty shapes, each by a name of its own', () => {
    expect(inhabitants.length).toBeGreaterThan(40);
    expect(new Set(inhabitants.map(nameOf)).size).toBe(inhabitants.length);
  });

  test('is whole on its page', () => {
    const page = read('docs/zoo.md');
    expect(inhabitants.filter(({ name }) => !page.includes(`| ${name} `)).map(nameOf)).toEqual([]);
    expect(page).not.toContain('not run');
  });

  test('stands in the guide to one´s own estate as it is', async () => {
    const guide = read('docs/own-estate.md');
    expect(await format(withTable(guide), { parser: 'markdown', printWidth: 160, singleQuote: true })).toBe(guide);
  });
});
