/** Goal: `dr restore points` shows of each store what can be restored, and what lacks, also beside a database that is well. Method: the view, on what hosts tell. */
import { expect, test } from 'vitest';
import { hasUsable, renderRestorePoints } from '../../client/cli/views/restore-points.ts';
import type { Snapshots } from '../../activities/restore/port.ts';

const at = '2026-11-30T10:00:00.000Z';
const of = (store: 'cache' | 'sessions' | 'application', ...snapshots: Extract<Snapshots, { found: true }>['snapshots']): Snapshots => ({
  site: 'dr',
  store,
  found: true,
  snapshots,
  unreadable: [],
  at,
});
const cut = { set: 'export-1', at: '2026-11-30T09:58:00.000000Z', bytes: 2_000_000, unusable: 'it has no SHA256SUMS.sig, and SESSIONS_KEY wants one' };
const whole = { set: 'release-7', at: '2026-11-29T10:00:00.000000Z', bytes: 40_000_000 };

test('each store has its versions with moment and size, the newest with its age, and what cannot be restored with the reason', () => {
  const unread: Snapshots = { site: 'dr', store: 'cache', found: false, reason: 'it does not answer' };
  const found = { at, planDigest: 'p', sites: [], snapshots: [unread, of('sessions', cut), of('application', whole)] };
  const text = renderRestorePoints({ ...found, sites: [{ site: 'dr', found: false, reason: 'no backups' }] }, { rpoSeconds: 300 });
  expect(text).toContain('The cache cannot be restored: it does not answer');
  expect(text).toMatch(/^.*sessions +as it was at \(UTC\) +size/m);
  expect(text).toMatch(/^.*export-1 +2026-11-30T09:58:00 +2\.0 MB +it has no SHA256SUMS\.sig/m);
  expect(text).toMatch(/^.*release-7 +2026-11-29T10:00:00 +40\.0 MB/m);
  expect(text).toContain('Newest: 2026-11-29T10:00:00.000000Z, 24 h 00 min ago.');
  expect(found.snapshots.map(hasUsable)).toEqual([false, false, true]);
});
