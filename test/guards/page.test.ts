/** Goal: the page of guards is of the guards that there are, and each can still be taken out. Method: reads; `npm run test:guards` takes them out. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { removals } from './removals.ts';

const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');

test('docs/guards.md has a row for each guard, and no other', () => {
  const rows = read('docs/guards.md').split('\n').filter((line) => line.startsWith('| ')).slice(2); // prettier-ignore
  expect(rows.map((row) => row.split('|')[1]?.trim())).toEqual(removals.map(({ guard }) => guard));
});

test.each(removals)('$guard', ({ file, edits, test: named }) => {
  for (const { find } of edits) expect(read(file).split(find), `"${find}" stands once in ${file}`).toHaveLength(2);
  // A title with a number in it is made from a template.
  expect(read(named.titledIn ?? named.file)).toContain(named.title.split(/\d/)[0]);
});
