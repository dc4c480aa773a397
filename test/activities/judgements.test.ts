/** What the drivers judge by, apart from the servers that they ask. */
import { describe, expect, test } from 'vitest';
import { attempt, attemptToRead } from '../../activities/attempt.ts';
import { render } from '../../activities/communication/render.ts';
import { agreeOn, notMoved } from '../../activities/dns/authorities.ts';
import { failure } from '../../activities/errors.ts';
import { isCertificateFault } from '../../activities/probing/certificates.ts';
import { isNotReadyError } from '../../activities/probing/readiness.ts';
import { parseFields } from '../../activities/ssh/agent.ts';
import { readMetric } from '../../activities/verification/activities.ts';
import { judgeCounts } from '../../activities/verification/counts.ts';
import { judgeAnswer } from '../../activities/verification/probe.ts';
import type { BusinessFunction, Plan } from '../../plan/schema.ts';

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
    const reduced = 'Reduced, as the plan allows: No refunds.';
    expect(judge({ ...good, status: 'degraded' }, lenient)).toEqual({ status: 'degraded', differences: [reduced] });
    expect(judge({ ...good, status: 'degraded', written: null, readBack: null }, lenient), 'nothing was seen of it').toEqual({
      status: 'degraded',
      differences: [reduced, 'No write was read back: that it serves is its own word.'],
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

test('what is refused is put right as its sentence says, and the guard stays', () => {
  const refused = failure('refused', { happened: 'max_connections is 100 at west: set it to 150.', leftAs: 'west is as it was.' });
  expect(refused.message).toBe(
    'max_connections is 100 at west: set it to 150. west is as it was. HINT: Do what the sentence says, then choose retry. Do not change the guard.',
  );
});

describe('an error of a call', () => {
  const met = (code: string) => Object.assign(new Error(code), { code });

  test.each(['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER'])(
    '%s is a fault of the certificate, also within what fetch throws, and is not waited for',
    (code) => {
      for (const error of [met(code), new TypeError('fetch failed', { cause: met(code) })])
        expect([isCertificateFault(error), isNotReadyError(error)]).toEqual([true, false]);
    },
  );

  test('that nobody listens is waited for', () => {
    expect([isCertificateFault(met('ECONNREFUSED')), isNotReadyError(met('ECONNREFUSED'))]).toEqual([false, true]);
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
    expect(readMetric(text, 'uptime')).toBeUndefined();
  });
});

describe('authoritative servers', () => {
  const plan = { estate: { sites: { east: { publicAddress: '192.0.2.1' }, west: { publicAddress: '192.0.2.2' } } } } as unknown as Plan;
  const answer = (server: string, ...addresses: string[]) => ({ server, addresses, ttlSeconds: 30 });

  test('prove a route only when all that answer give the one address', () => {
    expect(agreeOn([], '192.0.2.2')).toBe(false);
    expect(agreeOn([answer('ns1:53', '192.0.2.2')], '192.0.2.2')).toBe(true);
    expect(agreeOn([answer('ns1:53', '192.0.2.2'), answer('ns2:53', '192.0.2.1')], '192.0.2.2')).toBe(false);
    expect(agreeOn([answer('ns1:53', '192.0.2.2', '192.0.2.1')], '192.0.2.2'), 'two addresses').toBe(false);
    expect(agreeOn([answer('ns1:53', '192.0.2.2'), answer('ns2:53')], '192.0.2.2'), 'one server knows no address').toBe(false);
  });

  test('that do not agree are named', () => {
    expect(notMoved(plan, 'west', 5, [answer('ns1:53', '192.0.2.2'), answer('ns2:53', '192.0.2.1', '192.0.2.2'), answer('ns3:53')])).toBe(
      'After 5 s not all authoritative servers give 192.0.2.2 of west alone: ns2:53 gives 192.0.2.1 and 192.0.2.2 (east and west), ns3:53 gives no address.',
    );
    expect(notMoved(plan, 'west', 5, [])).toBe('After 5 s no authoritative server answers; 192.0.2.2 of west was expected.');
  });
});

describe('an agent that is only asked', () => {
  const text = { happened: 'It went wrong.', leftAs: 'Nothing was sent to it.' };

  test.each(['host-key-changed', 'permanent', 'refused', 'transient'] as const)('and fails with %s gives a reason', async (type) => {
    expect(await attempt(() => Promise.reject(failure(type, text)))).toEqual({ ok: false, silent: false, reason: 'It went wrong. Nothing was sent to it.' });
  });

  test('and lacks a line gives a reason', async () => {
    const fields = parseFields('site-agent=4\nsite=east', 'identify at east');
    const read = await attemptToRead(
      async () => ({ reachable: true, fields }),
      (answer) => answer.get('epoch'),
    );
    expect(read).toEqual({ ok: false, silent: false, reason: 'The answer to identify at east has no line "epoch=". It was not used.' });
  });

  test.each(['stale-epoch', 'plan-changed', 'secret-missing'] as const)('and fails with %s ends the run', async (type) => {
    await expect(attempt(() => Promise.reject(failure(type, text)))).rejects.toMatchObject({ type });
  });
});
