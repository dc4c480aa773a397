/** Goal: the pages of the zoo are of the shapes that there are. Method: reads; `npm run test:zoo` runs the shapes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { withTable } from './own-estate-table.ts';
import { inhabitants, nameOf } from './zoo.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the zoo', () => {
  test('has at least forty shapes, each by a name of its own', () => {
    expect(inhabitants.length).toBeGreaterThan(40);
    expect(new Set(inhabitants.map(nameOf)).size).toBe(inhabitants.length);
  });

  test('is whole on its page, and what came of each is what must come', () => {
    const page = read('docs/zoo.md');
    const rows = page.split('\n').map((line) => line.split(' | ').map((cell) => cell.replace(/^\|| \|$/g, '').trim()));
    const notAsItIs = inhabitants.filter(
      ({ name, like, expected: { comes } }) =>
        !rows.some((row) => row[0] === name && row[1] === like && row[2] === comes && row[3]?.startsWith(comes) === true),
    );
    expect(notAsItIs.map(nameOf)).toEqual([]);
  });

  test('stands in the guide to one´s own estate as it is', async () => {
    const guide = read('docs/own-estate.md');
    expect(await format(withTable(guide), { parser: 'markdown', printWidth: 160, singleQuote: true })).toBe(guide);
  });
});
