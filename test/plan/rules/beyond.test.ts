/** The sentence about what only the old primary committed: never more than is known. */
import { expect, test } from 'vitest';
import { type CommittedRows, type CountedBeyond, describeBeyond, lsnOf } from '../../../plan/rules/beyond.ts';

const rows: CommittedRows = { transactions: 3, inserted: 1, updated: 2, deleted: 0, whole: true, customersOnly: true };
const say = (change: Partial<CountedBeyond>) => describeBeyond('east', { from: '0/A0', basis: 'branch', bytes: 345, rows, ...change });

test.each<[string, Partial<CountedBeyond>, RegExp]>([
  ['rows', {}, /^The database at east committed 3 transactions beyond 0\/A0, where the new primary branched off, .*: 1 row inserted, 2 changed, 0 deleted \(345 bytes of WAL/],
  ['not all of it was read', { rows: { ...rows, whole: false } }, /committed at least 3 transactions/],
  ['others could not be left out', { rows: { ...rows, customersOnly: false } }, /Heartbeats and pieces of long values are among them/],
  ['nothing', { rows: { ...rows, transactions: 0 } }, /committed no rows of customers beyond 0\/A0, .*: none is missing\.$/],
  ['nothing as far as was read', { rows: { ...rows, transactions: 0, whole: false } }, /at least 0 transactions/],
  ['it was not counted', { rows: { notCounted: 'The WAL is gone.' } }, /^What the database at east committed .* was not counted: The WAL is gone\. Keep its disk as it is/],
  ['it was not counted, and nothing was written', { bytes: 0, rows: { notCounted: 'The WAL is gone.' } }, /^The database at east wrote nothing beyond 0\/A0/],
])('%s', (_name, change, sentence) => {
  expect(say(change)).toMatch(sentence);
}); // prettier-ignore

test('a position is written as PostgreSQL writes it', () => {
  expect([0, 0xa0, 2 ** 32, 2 ** 32 + 0x5000060].map(lsnOf)).toEqual(['0/0', '0/A0', '1/0', '1/5000060']);
});
