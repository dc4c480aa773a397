/** The rule that decides whether a lost primary can still acknowledge: examples, and a model that tries every way in which it could. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assumptions,
  cacheFenceHoldsAfterSeconds,
  judgeCacheFence,
  judgeDatabaseFence,
  parseSynchronousNames,
  type DatabaseFenceFacts,
  type PrimaryHeartbeat,
} from '../../../plan/rules/fence-proof.ts';

const lostAt = '2026-11-24T12:00:10.000Z';
const heartbeat: PrimaryHeartbeat = {
  writtenAt: '2026-11-24T12:00:08.000Z',
  synchronousStandbyNames: 'ANY 1 ("ap-southeast-1")',
  synchronousCommit: 'on',
  overrides: [],
  standbys: ['ap-southeast-1=quorum', 'eu-central-1=async'],
};
const facts: DatabaseFenceFacts = { heartbeat, lostAt, heartbeatMaxAgeSeconds: 10, left: ['ap-southeast-1', 'eu-central-1'] };

function judge(change: Partial<DatabaseFenceFacts>, row: Partial<PrimaryHeartbeat> = {}): string {
  const verdict = judgeDatabaseFence({ ...facts, heartbeat: { ...heartbeat, ...row }, ...change });
  return verdict.proven ? 'proven' : verdict.reason;
}

describe('the database', () => {
  test('is fenced when the one standby that each commit waits for has left', () => {
    const verdict = judgeDatabaseFence(facts);
    expect(verdict).toEqual({
      proven: true,
      proof:
        'each commit waits for 1 of ap-southeast-1 (synchronous_commit on, no weaker role or database), and ap-southeast-1 left; the primary said so 2 s before it was lost',
    });
    expect(judge({ left: ['ap-southeast-1'] })).toBe('proven');
    const told = judgeDatabaseFence({ ...facts, heartbeat: { ...heartbeat, settingsAgeSeconds: 7 } });
    expect(told).toMatchObject({ proof: expect.stringMatching(/said so 2 s before it was lost, with the settings that it had loaded 7 s before that$/) });
    expect(judge({}, { synchronousCommit: 'remote_apply', overrides: ['role:app=remote_write', 'file:synchronous_commit=on'] })).toBe('proven');
  });

  test.each<[string, Partial<DatabaseFenceFacts>, Partial<PrimaryHeartbeat>, RegExp]>([
    ['the synchronous standby has not left', { left: ['eu-central-1'] }, {}, /^ap-southeast-1 may still follow/],
    [
      'one of two candidates has not left',
      { left: ['ap-southeast-1'] },
      { synchronousStandbyNames: 'ANY 1 ("ap-southeast-1", "eu-central-1")' },
      /^eu-central-1 may still follow/,
    ],
    [
      'the next in a priority list would take over',
      { left: ['ap-southeast-1'] },
      { synchronousStandbyNames: '"ap-southeast-1", "eu-central-1"' },
      /^eu-central-1 may still follow/,
    ],
    ['the heartbeat was old when the primary was lost', {}, { writtenAt: '2026-11-24T11:59:59.000Z' }, /was 11 s old .* the plan allows 10 s/],
    ['the heartbeat is from after the loss', {}, { writtenAt: '2026-11-24T12:01:00.000Z' }, /clocks of the sites do not agree/],
    ['replication is asynchronous', {}, { synchronousStandbyNames: '' }, /waits for no standby/],
    ['any standby is taken', {}, { synchronousStandbyNames: 'ANY 1 (*)' }, /takes any standby/],
    ['the setting cannot be read', {}, { synchronousStandbyNames: 'ANY (ap' }, /cannot be read/],
    ['the server commits locally', {}, { synchronousCommit: 'local' }, /synchronous_commit is local/],
    ['the server does not even wait for its disk', {}, { synchronousCommit: 'off' }, /synchronous_commit is off/],
    ['a role commits locally', {}, { overrides: ['role:batch=local'] }, /^role:batch=local lets some sessions/],
    ['a database does not wait', {}, { overrides: ['role:app=on', 'database:app=off'] }, /^database:app=off/],
    [
      'its files hold another setting than it runs with',
      {},
      { overrides: ['file:synchronous_standby_names=changed'] },
      /^synchronous_standby_names is another in the files of the primary, which takes it at its next reload$/,
    ],
    ['a setting is not known', {}, { synchronousCommit: 'quorum_apply' }, /synchronous_commit is quorum_apply/],
    ['the standby was not synchronous yet', {}, { standbys: ['ap-southeast-1=async'] }, /no standby that has left was synchronous/],
    ['the standby was not connected', {}, { standbys: [] }, /none was connected/],
    ['two standbys have one name', {}, { standbys: ['ap-southeast-1=quorum', 'ap-southeast-1=quorum'] }, /more than one standby calls itself ap-southeast-1/],
  ])('is not proven fenced when %s', (_, change, row, reason) => {
    expect(judge(change, row)).toMatch(reason);
  });

  test('is fenced by names as PostgreSQL compares them, told as it writes them', () => {
    const verdict = judgeDatabaseFence({
      ...facts,
      heartbeat: { ...heartbeat, synchronousStandbyNames: 'FIRST 1 ("DB=1", db_Tromso, DB_TROMSO)', standbys: ['db=1=async', 'Db_tromso=sync'] },
      left: ['db_tromso', 'Db=1'],
    });
    expect(verdict).toMatchObject({ proven: true, proof: expect.stringContaining('waits for 1 of DB=1, db_Tromso (') });
  });

  test('is not proven fenced without a heartbeat', () => {
    const { heartbeat: _, ...rest } = facts;
    expect(judgeDatabaseFence(rest)).toMatchObject({ proven: false, reason: expect.stringContaining('no standby holds a heartbeat') });
  });

  test('a proof never stands while the standbys that stayed could acknowledge', () => {
    const names = ['a', 'b', 'c', 'd'];
    const subset = fc.subarray(names);
    const fresh = fc.record({
      method: fc.constantFrom('ANY', 'FIRST'),
      candidates: fc.subarray(names, { minLength: 1 }),
      count: fc.integer({ min: 1, max: 4 }),
      left: subset,
      connected: subset,
      commit: fc.constantFrom('on', 'off', 'local', 'remote_write', 'remote_apply'),
      override: fc.option(fc.constantFrom('on', 'off', 'local')),
    });
    fc.assert(
      fc.property(fresh, ({ method, candidates, count, left, connected, commit, override }) => {
        const row: PrimaryHeartbeat = {
          ...heartbeat,
          synchronousStandbyNames: `${method} ${count} (${candidates.join(', ')})`,
          synchronousCommit: commit,
          overrides: override === null ? [] : [`role:x=${override}`],
          standbys: connected.map((name) => `${name}=${candidates.includes(name) ? (method === 'ANY' ? 'quorum' : 'sync') : 'async'}`),
        };
        const proven = judgeDatabaseFence({ ...facts, heartbeat: row, left }).proven;
        // The model: whoever has not left may be, or come to be, connected; a weak session needs nobody.
        const mayFollow = names.filter((name) => !left.includes(name));
        const mayConfirm = candidates.filter((name) => mayFollow.includes(name)).length;
        const weak = [commit, override ?? 'on'].some((value) => value === 'off' || value === 'local');
        const canAcknowledge = weak || mayConfirm >= count;
        return !(proven && canAcknowledge);
      }),
      { numRuns: 2000 },
    );
  });

  test('more standbys leaving never takes a proof away, an older heartbeat never gives one', () => {
    const names = ['ap-southeast-1', 'eu-central-1', 'x'];
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (left, more, age, older) => {
        const at = (seconds: number) => ({ writtenAt: new Date(Date.parse(lostAt) - seconds * 1000).toISOString() });
        const proven = judge({ left }, at(age)) === 'proven';
        if (proven) expect(judge({ left: [...new Set([...left, ...more])] }, at(age))).toBe('proven');
        else expect(judge({ left }, at(age + older))).not.toBe('proven');
      }),
    );
  });
});

describe('the cache', () => {
  const cache = {
    heartbeat: { writtenAt: heartbeat.writtenAt, minReplicasToWrite: 1, minReplicasMaxLagSeconds: 2, replicas: 2 },
    lostAt,
    heartbeatMaxAgeSeconds: 10,
  };
  const judged = (row: Partial<typeof cache.heartbeat>, left = 2, leftAt = lostAt) => {
    const verdict = judgeCacheFence({ ...cache, heartbeat: { ...cache.heartbeat, ...row }, leftAt: Array.from({ length: left }, () => leftAt) });
    return verdict.proven ? 'proven' : verdict.reason;
  };

  test('is fenced when fewer replicas are left than it asks for', () => {
    expect(judged({})).toBe('proven');
    expect(judged({ minReplicasToWrite: 2 }, 1)).toBe('proven');
    expect(judged({}, 1)).toMatch(/^1 of its 2 replicas may still follow/);
    expect(judged({ replicas: 1 }, 1, '2026-11-24T11:59:00.000Z'), 'the one that left was not the one that is counted').toMatch(
      /^1 of its 1 replicas may still follow/,
    );
    expect(judged({ replicas: 0 }, 0)).toBe('proven');
    expect(judged({ minReplicasToWrite: 0 })).toMatch(/asks for no replica/);
    expect(judged({ minReplicasMaxLagSeconds: 0 })).toMatch(/never counts a replica as lost/);
    expect(judged({ writtenAt: '2026-11-24T11:59:00.000Z' })).toMatch(/70 s old/);
    const { heartbeat: _, ...rest } = cache;
    expect(judgeCacheFence({ ...rest, leftAt: [lostAt, lostAt] }).proven).toBe(false);
  });

  test('notices that its replicas left only after its maximum lag and 2 s', () => {
    expect(cacheFenceHoldsAfterSeconds(10)).toBe(12);
  });
});

describe('a proof by replication', () => {
  test.each([
    ['database', 'nobody changes east while it is cut off'],
    ['database', 'no client there lowers synchronous_commit for its own session'],
    ['database', 'or cancels a COMMIT that waits'],
    ['cache', 'nobody changes east while it is cut off'],
  ] as const)('of the %s takes for granted that %s', (server, sentence) => {
    expect(assumptions[server]('east')).toContain(sentence);
  });
});

describe('synchronous_standby_names', () => {
  test.each([
    ['', 'none'],
    ['ANY 1 ("ap-southeast-1")', { method: 'ANY', count: 1, names: ['ap-southeast-1'] }],
    ['any 2 (a, "b c", d)', { method: 'ANY', count: 2, names: ['a', 'b c', 'd'] }],
    ['FIRST 1 (a,b)', { method: 'FIRST', count: 1, names: ['a', 'b'] }],
    ['2 (a, b)', { method: 'FIRST', count: 2, names: ['a', 'b'] }],
    ['a, b', { method: 'FIRST', count: 1, names: ['a', 'b'] }],
    ['*', { method: 'FIRST', count: 1, names: ['*'] }],
    ['"say ""hi"""', { method: 'FIRST', count: 1, names: ['say "hi"'] }],
    ['ANY 0 (a)', 'unreadable'],
    ['ANY 1 ()', 'unreadable'],
    ['a,', 'unreadable'],
    ['ap-southeast-1', 'unreadable'],
  ])('%s', (text, expected) => {
    expect(parseSynchronousNames(text)).toEqual(expected);
  });
});
