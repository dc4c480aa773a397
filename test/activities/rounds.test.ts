import { describe, expect, test } from 'vitest';
import { judgeReports } from '../../activities/detection/activities.ts';
import { judgeHealth } from '../../activities/detection/checks.ts';
import { judgeRound, watch, type Round } from '../../activities/detection/rounds.ts';
import type { Observation, Vantage } from '../../activities/detection/port.ts';

function observations(...ok: [Observation['check'], boolean][]): Observation[] {
  return ok.map(([check, good]) => ({ check, ok: good, sentAt: '2026-02-02T10:00:00Z', detail: '' }));
}

describe('a round', () => {
  test.each<[string, [Observation['check'], boolean][], Vantage['verdict']]>([
    [
      'everything answers',
      [
        ['service', true],
        ['ssh', true],
        ['database', true],
      ],
      'alive',
    ],
    [
      'service and database are silent',
      [
        ['service', false],
        ['ssh', true],
        ['database', false],
      ],
      'failed',
    ],
    [
      'only the service is down',
      [
        ['service', false],
        ['database', true],
      ],
      'impaired',
    ],
    [
      'probes fail and replication still brings messages',
      [
        ['service', false],
        ['database', false],
        ['replication', true],
      ],
      'impaired',
    ],
    [
      'a link that replicates is quiet while all answers',
      [
        ['service', true],
        ['database', true],
        ['cache-link', false],
      ],
      'alive',
    ],
    ['nothing could be asked', [], 'blind'],
  ])('where %s', (_title, checks, verdict) => {
    expect(judgeRound(observations(...checks))).toBe(verdict);
  });
});

describe('a watch', () => {
  const watching = (verdicts: readonly Vantage['verdict'][], holdSeconds: number, failingSince?: string) => {
    let made = 0;
    const look = async (): Promise<Round> => {
      const verdict = verdicts[Math.min(made++, verdicts.length - 1)] ?? 'failed';
      return { sentAt: new Date(), verdict, observations: [], detail: verdict, ...(failingSince === undefined ? {} : { failingSince }) };
    };
    return watch({ kind: 'orchestrator', observer: 'test', holdSeconds, intervalMilliseconds: 20, graceMilliseconds: 100, look });
  };

  test('ends at the first healthy round', async () => {
    expect(await watching(['failed', 'alive'], 60)).toMatchObject({ verdict: 'alive', rounds: 2 });
  });

  test('holds failure for the whole time', async () => {
    const vantage = await watching(['failed'], 0.1);
    expect(vantage.verdict).toBe('failed');
    expect(vantage.heldSeconds).toBeGreaterThanOrEqual(0.1);
    expect(vantage.rounds).toBeGreaterThanOrEqual(4);
  });

  test('goes on for a row that began late, so that it can reach the hold time', async () => {
    const vantage = await watching(['impaired', 'failed'], 0.1);
    expect(vantage.verdict).toBe('failed');
    expect(vantage.heldSeconds).toBeGreaterThanOrEqual(0.1);
  });

  test('gives up on a row that never lasts', async () => {
    const flapping = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'failed' : 'impaired') as Vantage['verdict']);
    const vantage = await watching(flapping, 0.1);
    expect(vantage.verdict === 'failed' ? vantage.heldSeconds : 0).toBeLessThan(0.1);
  });

  test("takes the start of the row from the observer's own record", async () => {
    const since = new Date(Date.now() - 30_000).toISOString();
    const vantage = await watching(['failed'], 0, since);
    expect(vantage.failingSince).toBe(since);
    expect(vantage.heldSeconds).toBeGreaterThan(29);
  });

  test('of one round is what that round saw', async () => {
    expect(await watching(['blind'], 0)).toMatchObject({ verdict: 'blind', rounds: 1 });
  });
});

describe('the reports of the DNS provider´s checkers', () => {
  const now = new Date('2026-02-02T10:01:00Z');
  const report = (secondsAgo: number, healthy: boolean) => ({
    healthy,
    checkedAt: new Date(now.getTime() - secondsAgo * 1000),
    text: healthy ? 'Success' : 'Failure',
  });

  test('fail since the youngest of them: one old report fills no hold time', async () => {
    const round = judgeReports([report(55, false), report(2, false), report(1, false)], now, 10);
    expect(round).toMatchObject({ verdict: 'failed', failingSince: '2026-02-02T10:00:59.000Z' });
    const vantage = await watch({
      ...{ kind: 'health-check', observer: 'test', holdSeconds: 0, intervalMilliseconds: 20, graceMilliseconds: 0 },
      look: async () => round,
    });
    expect(vantage.heldSeconds).toBeLessThanOrEqual(1);
  });

  test('are healthy by the provider´s own share, and blind when all are old', () => {
    expect(judgeReports([report(1, true), report(1, false), report(1, false), report(1, false), report(1, false)], now, 10).verdict).toBe('alive');
    expect(judgeReports([report(61, false)], now, 10).verdict).toBe('blind');
  });
});

describe('health', () => {
  test.each([
    [200, '{"status":"healthy"}', true],
    [200, '{"status":"unhealthy"}', false],
    [200, 'OK', true],
    [200, '{}', true],
    [503, '{"status":"healthy"}', false],
  ])('HTTP %i with %s: %s', (status, body, ok) => {
    expect(judgeHealth(status, body).ok).toBe(ok);
  });
});
