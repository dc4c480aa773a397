import { resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPlan } from '../../../plan/load.ts';
import { judgeTarget, recommend, type RecommendationInput, type TargetFacts } from '../../../plan/rules/targets.ts';
import type { Plan } from '../../../plan/schema.ts';

let plan: Plan;
beforeAll(async () => {
  plan = (await loadPlan(resolve(import.meta.dirname, '../../../plan/erlmcp'))).plan;
});

const healthy: TargetFacts = { site: 'eu-central-1', refusals: [], remarks: [], database: 'standby', cache: 'replica', lagBytes: 0, lossSeconds: 0 };
const input: RecommendationInput = {
  from: 'us-east-1',
  verdict: 'failed',
  restartInPlace: { eligible: false, reason: 'its agent does not answer.' },
  targets: [
    { site: 'eu-central-1', eligible: true, reasons: [], lossSeconds: 0 },
    { site: 'ap-southeast-1', eligible: true, reasons: [], lossSeconds: 0 },
  ],
};

describe('a target', () => {
  test('that is a healthy standby is eligible without remarks', () => {
    expect(judgeTarget(plan, 'us-east-1', healthy)).toEqual({ site: 'eu-central-1', eligible: true, reasons: [] });
  });

  test.each([
    [{ site: 'us-east-1' }, 'It is the failed site itself.'],
    [{ site: 'dr' }, 'The plan does not make it a target of a regional failover.'],
    [{ site: 'nowhere' }, 'The plan has no such site.'],
    [
      { agentTrouble: 'eu-central-1 is not who the plan says: the host shows another key.' },
      'Its site agent cannot be used: eu-central-1 is not who the plan says: the host shows another key.',
    ],
    [
      { database: 'unreachable' as const, unseen: { database: 'password authentication failed' } },
      'Its database could not be read: password authentication failed.',
    ],
    [{ database: 'primary' as const }, 'Its database is a primary, and no run has promoted it: two writers would be possible.'],
    [{ primaryElsewhere: 'ap-southeast-1' }, 'The database at ap-southeast-1 is a primary: two writers would be possible. Fail over there, or fence it first.'],
    [
      { heartbeatElsewhere: 'ap-southeast-1' },
      'The newest heartbeat comes from ap-southeast-1, so that is the primary: start a failover from ap-southeast-1, not from us-east-1.',
    ],
    [
      { begunElsewhere: 'ap-southeast-1' },
      "A promotion was begun at ap-southeast-1 and may still take effect: fail over there. When it is certain that it will not, its note must go first: promotion.begun in the agent's state folder there, or the tag dr-promotion of its DB instance.",
    ],
    [{ cache: 'unreachable' as const, unseen: { cache: 'no answer within 2 s' } }, 'Its cache could not be read: no answer within 2 s.'],
    [
      { cache: 'primary' as const },
      'Its cache is a primary, and no run has promoted it: two writers would be possible. Let it follow its primary again, also one that is lost (Redis: REPLICAOF); what it took since is lost then.',
    ],
    [
      { cache: 'untold' as const },
      'Its cache is a primary, and nobody tells who made it one: its agent or API gave no answer that can be used. Mend that, then assess again.',
    ],
    [
      { cachePrimaryElsewhere: 'ap-southeast-1' },
      'The cache at ap-southeast-1 is a primary: two writers would be possible. Fail over there, or: Let it follow its primary again, also one that is lost (Redis: REPLICAOF); what it took since is lost then.',
    ],
  ])('with %j is not eligible', (facts, reason) => {
    const verdict = judgeTarget(plan, 'us-east-1', { ...healthy, ...facts });
    expect(verdict.eligible).toBe(false);
    expect(verdict.reasons).toContain(reason);
  });

  test('beside a site that does not tell whether a promotion was begun stays eligible, and says so: people decide', () => {
    const { eligible, reasons } = judgeTarget(plan, 'us-east-1', { ...healthy, untoldElsewhere: 'ap-southeast-1' });
    expect(eligible).toBe(true);
    expect(reasons).toEqual([
      'Whether an earlier run has begun to promote ap-southeast-1 is not known: its database answers, and neither its agent nor an API tells. If one has, two writers are possible.',
    ]);
  });

  test('beside a cache that does not tell who made it a primary stays eligible, and says so', () => {
    expect(judgeTarget(plan, 'us-east-1', { ...healthy, cacheUntoldElsewhere: 'ap-southeast-1' })).toMatchObject({
      eligible: true,
      reasons: [expect.stringContaining('The cache at ap-southeast-1 is a primary, and its agent or API does not tell by whom.')],
    });
  });

  test('whose cache alone an earlier run has promoted says that there is no way back', () => {
    const { reasons } = judgeTarget(plan, 'us-east-1', { ...healthy, cache: 'promoted' });
    expect(reasons).toEqual(['An earlier run has promoted its cache: this run goes on from there and cannot be taken back.']);
  });

  test('that an earlier run has promoted is eligible, with a remark: a new run goes on from there', () => {
    expect(judgeTarget(plan, 'us-east-1', { ...healthy, database: 'promoted', cache: 'promoted' })).toEqual({
      site: 'eu-central-1',
      eligible: true,
      reasons: ['An earlier run has promoted its database and cache: this run goes on from there and cannot be taken back.'],
    });
  });

  test('with a loss stays eligible, and says so: to accept it is up to people', () => {
    expect(judgeTarget(plan, 'us-east-1', { ...healthy, lossSeconds: 90, lagBytes: 20_000_000 })).toEqual({
      site: 'eu-central-1',
      eligible: true,
      reasons: ['It is 20000000 bytes behind; the plan allows 16777216.', 'Up to 90 s of work would be lost; people must accept that.'],
    });
  });
});

describe('the recommendation is the least drastic that can work', () => {
  test.each<[string, Partial<RecommendationInput>, string, string | undefined]>([
    ['a site that works is left alone', { verdict: 'alive' }, 'nothing', undefined],
    [
      'a restart in place comes before a failover',
      { restartInPlace: { eligible: true, reason: 'only the service is down.' } },
      'restart in place',
      'us-east-1',
    ],
    ['nobody moves while the observers disagree', { verdict: 'undecided' }, 'wait', undefined],
    ['the secondary comes before the tertiary', {}, 'regional failover', 'eu-central-1'],
    [
      'less loss comes before rank',
      {
        targets: [
          { site: 'eu-central-1', eligible: true, reasons: [], lossSeconds: 'unknown' },
          { site: 'ap-southeast-1', eligible: true, reasons: [], lossSeconds: 0 },
        ],
      },
      'regional failover',
      'ap-southeast-1',
    ],
    ['the DR site comes last', { targets: [] }, 'activate the DR site', 'dr'],
  ])('%s', (_title, change, action, site) => {
    const made = recommend(plan, { ...input, ...change });
    expect([made.action, made.site]).toEqual([action, site]);
  });

  test('never an ineligible site', () => {
    const target = fc.record({
      site: fc.constantFrom('eu-central-1', 'ap-southeast-1'),
      eligible: fc.boolean(),
      reasons: fc.constant([]),
      lossSeconds: fc.oneof(fc.nat(100), fc.constant('unknown' as const)),
    });
    fc.assert(
      fc.property(fc.uniqueArray(target, { selector: (entry) => entry.site }), (targets) => {
        const made = recommend(plan, { ...input, targets });
        if (made.action === 'regional failover') expect(targets.find((entry) => entry.site === made.site)?.eligible).toBe(true);
        else expect(targets.some((entry) => entry.eligible)).toBe(false);
      }),
    );
  });
});
