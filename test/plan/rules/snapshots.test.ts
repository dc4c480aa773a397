/** Goal: of the snapshots of a store the right one goes with a moment, and no loss is counted too small. Method: by hand. */
import { describe, expect, test } from 'vitest';
import { heldUntil, type Snapshot, snapshotFor, snapshotStores, usableSnapshots } from '../../../plan/rules/snapshots.ts';
import { restore } from '../../../plan/schema/restore.ts';
import type { Plan } from '../../../plan/schema.ts';

const at = (second: number): string => `2026-11-30T07:43:0${second}.000000Z`;
const of = (set: string, second: number, unusable?: string): Snapshot => ({ set, at: at(second), bytes: 1, ...(unusable === undefined ? {} : { unusable }) });

describe('the snapshot that goes with a moment', () => {
  const all = [of('c', 6), of('a', 2), of('b', 4), of('d', 5, 'it is cut off')];

  test('is the newest that is not after it and can be restored', () => {
    expect(snapshotFor(all, at(5))?.set).toBe('b');
    expect(snapshotFor(all, at(4))?.set).toBe('b');
    expect(snapshotFor(all, '2026-11-30T07:43:03.999999Z')?.set).toBe('a');
    expect(snapshotFor(all, '2026-11-30T07:43:06Z')?.set).toBe('c');
  });

  test('is none where all are younger', () => {
    expect(snapshotFor(all, at(1))).toBeNull();
    expect(snapshotFor([], at(1))).toBeNull();
  });
});

test('those that can be restored are told oldest first', () => {
  expect(usableSnapshots([of('c', 6), of('a', 2), of('d', 5, 'it is cut off')]).map(({ set }) => set)).toEqual(['a', 'c']);
});

test('what was written in the second before its moment may be missing in it', () => {
  expect(heldUntil(of('a', 2))).toBe('2026-11-30T07:43:01.000Z');
});

test('what a plan restores comes in the order in which it is made current', () => {
  const plan = (restore: object) => ({ estate: { restore } }) as Pick<Plan, 'estate'>;
  expect(snapshotStores(plan({ application: {}, cache: {}, sessions: {} }))).toEqual(['cache', 'sessions', 'application']);
  expect(snapshotStores(plan({ database: {} }))).toEqual([]);
  expect(snapshotStores({ estate: {} } as Pick<Plan, 'estate'>)).toEqual([]);
});

test.each([
  ['s3://app-backup', true],
  ['s3://app-backup/releases/of-the-app', true],
  ['file:///mnt/backups/app', true],
  ['s3://', false],
  ['file://', false],
  ['file://mnt', false],
  ['https://app-backup.s3.amazonaws.com', false],
  ['s3://app-backup/', false],
  ["s3://app'$(reboot)", false],
])('a place of versions: %s', (from, isOne) => {
  const { success } = restore.shape.application.safeParse({ backup: 'application', from });
  expect(success).toBe(isOne);
});
