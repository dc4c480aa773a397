import { resolve } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../plan/load.ts';
import { judgeSeverity } from '../../../plan/rules/severity.ts';
import type { Plan } from '../../../plan/schema.ts';

let plan: Plan;
beforeAll(async () => {
  plan = (await loadPlan(resolve(import.meta.dirname, '../../../plan/erlmcp'))).plan;
});

test('a lone failure of the primary is level 1, where the source would have activated the DR site', () => {
  expect(judgeSeverity(plan, { primaryDown: true, dataLoss: false, networkOutage: false })).toEqual({
    score: 100,
    scoreParts: ['primary down: 100'],
    escalationLevel: 1,
    sourceRuleAction: 'activate the DR site',
  });
});

test.each([
  [false, false, false, 0, 0, 'regional failover'],
  [false, false, true, 30, 1, 'regional failover'],
  [false, true, false, 50, 1, 'activate the secondary site'],
  [true, false, true, 130, 2, 'activate the DR site'],
  [true, true, true, 180, 3, 'activate the DR site'],
])('primary down %s, data loss %s, network outage %s: score %i, level %i', (primaryDown, dataLoss, networkOutage, score, escalationLevel, sourceRuleAction) => {
  expect(judgeSeverity(plan, { primaryDown, dataLoss, networkOutage })).toMatchObject({ score, escalationLevel, sourceRuleAction });
});

test('more facts never lower score or level', () => {
  const facts = fc.record({ primaryDown: fc.boolean(), dataLoss: fc.boolean(), networkOutage: fc.boolean() });
  fc.assert(
    fc.property(facts, facts, (a, b) => {
      const less = judgeSeverity(plan, a);
      const more = judgeSeverity(plan, {
        primaryDown: a.primaryDown || b.primaryDown,
        dataLoss: a.dataLoss || b.dataLoss,
        networkOutage: a.networkOutage || b.networkOutage,
      });
      expect(more.score).toBeGreaterThanOrEqual(less.score);
      expect(more.escalationLevel).toBeGreaterThanOrEqual(less.escalationLevel);
    }),
  );
});

test('the order of the levels in the plan does not matter', () => {
  const turned = { severity: { ...plan.severity, sourceRule: [...plan.severity.sourceRule].reverse() }, escalation: [...plan.escalation].reverse() };
  const facts = fc.record({ primaryDown: fc.boolean(), dataLoss: fc.boolean(), networkOutage: fc.boolean() });
  fc.assert(
    fc.property(facts, (found) => {
      expect(judgeSeverity(turned, found)).toEqual(judgeSeverity(plan, found));
    }),
  );
});
