/** What the drivers judge by, apart from the servers that they ask. */
import { describe, expect, test } from 'vitest';
import { render } from '../../activities/communication/render.ts';
import { readMetric } from '../../activities/verification/activities.ts';
import { judgeCounts } from '../../activities/verification/counts.ts';
import { judgeAnswer } from '../../activities/verification/probe.ts';
import type { BusinessFunction } from '../../plan/schema.ts';

const strict = { id: 'payments' } as BusinessFunction;
const lenient = { id: 'payments', reducedFeatures: 'No refunds.' } as BusinessFunction;
const sentAt = Date.parse('2026-02-02T10:00:00Z');
const good = { function: 'payments', status: 'ok', written: 'T', readBack: 'T', asOf: '2026-02-02T10:00:00Z' };

describe('the answer of a probe', () => {
  const judge = (answer: object, businessFunction = strict) => judgeAnswer(businessFunction, 'T', JSON.stringify(answer), sentAt);

  test('is ok when the token was written, read back, and the data is fresh', () => {
    expect(judge(good)).toEqual({ status: 'ok', differences: [] });
  });

  test.each([
    [{ ...good, readBack: 'old' }, 'It read back old instead of T: what was written is not what it serves.'],
    [{ ...good, written: null }, 'It says that it wrote nothing, and was asked to write T.'],
    [{ ...good, asOf: '2026-02-02T09:59:00Z' }, 'Its newest data is of 2026-02-02T09:59:00Z, older than what was just written.'],
    [{ ...good, asOf: null }, 'Its newest data is of nothing, older than what was just written.'],
    [{ ...good, function: 'analytics' }, 'The answer is that of analytics.'],
    [{ ...good, status: 'degraded' }, 'It runs with reduced features, which the plan does not allow.'],
    [{ healthy: true }, 'Its answer is not the JSON that a probe gives.'],
  ])('%j has failed', (answer, difference) => {
    expect(judge(answer)).toEqual({ status: 'failed', differences: [difference] });
  });

  test('may be reduced where the plan allows it', () => {
    expect(judge({ ...good, status: 'degraded', written: null }, lenient)).toEqual({
      status: 'degraded',
      differences: ['Reduced, as the plan allows: No refunds.'],
    });
  });
});

describe('counts', () => {
  const judge = (before: number, after: number, reference: number, reached = true) =>
    judgeCounts([{ what: 'rows of t', before, after, reference }], 'ap', reached);

  test('that lie between the two of the target agree: writes went on meanwhile', () => {
    expect(judge(100, 105, 103)).toEqual({ differences: [], remarks: [] });
  });

  test('of a reference that has more prove a loss, even while it is behind', () => {
    expect(judge(90, 90, 100).differences).toEqual(['10 rows of t are missing: 90 here, 100 at ap.']);
    expect(judge(90, 90, 100, false).differences).toHaveLength(1);
  });

  test('of a reference that has less prove something only at the same position', () => {
    expect(judge(100, 100, 95).differences).toEqual(['5 rows of t are too many: 100 here, 95 at ap.']);
    expect(judge(100, 100, 95, false)).toEqual({ differences: [], remarks: ['ap has not reached the same position; only what it has more was compared.'] });
  });
});

describe('a template', () => {
  test('shows a missing value as such, escapes nothing, and calls nothing', () => {
    expect(render('{{a}} & {{b}} {{toString}}', { a: 'x < y' })).toBe('x < y & [unknown: b] [unknown: toString]');
  });
});

describe('a metric', () => {
  const text = '# TYPE up gauge\nup_total 3\nup{site="eu"} 12.5\n';
  test('is read with its labels, by its whole name', () => {
    expect(readMetric(text, 'up')).toBe(12.5);
    expect(() => readMetric(text, 'uptime')).toThrow('there is no metric uptime');
  });
});
