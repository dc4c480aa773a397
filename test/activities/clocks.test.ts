/** Goal: times that a database or a host tells are read by the run's clock, whatever the clock that told them. */
import { describe, expect, test } from 'vitest';
import { commitByRunClock, heartbeatsByRunClock, senderClocks } from '../../activities/database/clocks.ts';
import { lastContact } from '../../activities/fencing/by-replication.ts';
import { parseFields } from '../../activities/ssh/agent.ts';
import type { Plan } from '../../plan/schema.ts';
import { heartbeatOf } from '../model/heartbeat.ts';

const plan = { estate: { detection: { clockSkewMax: 'PT2S' } } } as unknown as Plan;
const noon = Date.parse('2026-11-24T12:00:00.000Z');
const at = (seconds: number) => new Date(noon + seconds * 1000).toISOString();
const besides = { leftAs: '', diagnostics: '' };
const answer = (...lines: readonly string[]) =>
  parseFields(['site-agent=4', ...lines, ''].join('\n'), 'probe at west', besides, { askedAt: noon, answeredAt: noon + 3_000 });

describe('a time that a host tells', () => {
  test('is taken back by what its clock is ahead, counted from the question', () => {
    const fields = answer(`clock=${at(600)}`, `failing_since=${at(590)}`);
    expect(fields.aheadSeconds).toBe(597);
    expect(fields.at('failing_since')?.toISOString()).toBe(at(-10));
  });

  test('is put forward by what its clock is behind', () => {
    expect(
      answer(`clock=${at(-600)}`, `failing_since=${at(-610)}`)
        .at('failing_since')
        ?.toISOString(),
    ).toBe(at(-10));
  });

  test('is as told where the clock may be right, or is not told', () => {
    for (const fields of [answer(`clock=${at(2)}`, `left_at=${at(-10)}`), answer(`left_at=${at(-10)}`)])
      expect(fields.at('left_at')?.toISOString()).toBe(at(-10));
    expect(answer('left_at=').at('left_at')).toBeUndefined();
  });
});

describe('the last sign of a primary', () => {
  test.each([
    ['is the later of both', ['failing_since=' + at(-60), 'replication_age_seconds=20.000'], -20],
    ['is the last look that it answered where no replication came', ['failing_since=' + at(-60), 'replication_age_seconds='], -60],
    ['is now where a clock was set back since, and the age is none', ['failing_since=' + at(-60), 'replication_age_seconds=-599.-90'], 0],
    ['is now where the age lies in the future', ['failing_since=' + at(-60), 'replication_age_seconds=-599.000'], 0],
    ['is never later than now', ['failing_since=' + at(600), 'replication_age_seconds=20.000'], 0],
    ['is now where it still answers', ['failing_since=', 'replication_age_seconds=20.000'], 0],
  ])('%s', (_, lines, expected) => {
    expect(lastContact(answer(...lines), noon)).toBe(noon + expected * 1000);
  });
});

describe('the clock of a primary', () => {
  const status = answer('sender_clock=east 599', 'sender_clock=north -1');
  const clocks = senderClocks(plan, { site: 'west', aheadSeconds: 1, status });

  test('is what its standby has seen of it, and what that one is ahead itself', () => {
    expect(clocks).toEqual({ east: 600 });
    expect(senderClocks(plan, { site: 'west', aheadSeconds: -600, status })).toEqual({ west: -600, north: -601 });
    expect(senderClocks(plan, { site: 'west', aheadSeconds: 0 })).toEqual({});
  });

  test('dates its heartbeats and commits, and those of nobody else', () => {
    const told = [heartbeatOf('east', at(590), ['west']), heartbeatOf('west', at(-5), ['north'])];
    const heartbeats = heartbeatsByRunClock(told, clocks);
    expect(heartbeats.map(({ site, writtenAt }) => [site, writtenAt])).toEqual([
      ['east', at(-10)],
      ['west', at(-5)],
    ]);
    expect(commitByRunClock(at(591), 'west', heartbeats, clocks)).toBe(at(-9));
    expect(commitByRunClock(at(-4), 'north', heartbeats, clocks)).toBe(at(-4));
  });
});
