/** Goal: schema and laws fit another organisation's plan, of two sites and without a cache. */
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findDanglingReferences } from '../../plan/lint/references.ts';
import { findProblems, lintPlan } from '../../plan/lint.ts';
import { loadPlan } from '../../plan/load.ts';
import { judgeTarget } from '../../plan/rules/targets.ts';
import type { Plan } from '../../plan/schema.ts';

const library = resolve(import.meta.dirname, '../plans/library');
let plan: Plan;

beforeAll(async () => {
  plan = (await loadPlan(library)).plan;
});

/** Errors of the laws after a change to the plan. */
function errors(change: (draft: Plan) => void): string[] {
  const draft = structuredClone(plan);
  change(draft);
  return findProblems(draft).flatMap((problem) => (problem.level === 'error' ? [problem.message] : []));
}

const cache: Plan['estate']['cache'] = {
  driver: 'redis',
  observer: { user: 'watch', password: 'env:WATCH' },
  replicaMaxLag: 'PT2S',
  writesWaitForReplicas: 1,
};

test('the plan of two sites without a cache can be used, and every warning is accepted in its own notes', async () => {
  const check = await lintPlan(library);
  expect(check.usable).toBe(true);
  expect(check.findings.map(({ rule, acceptedBy }) => ({ rule, acceptedBy }))).toEqual([
    { rule: 'epoch-quorum', acceptedBy: 'No witness of the epoch' },
    { rule: 'failed-site-not-needed', acceptedBy: 'One switch only' },
  ]);
});

describe('an estate without a cache', () => {
  test.each(['catch-up-cache', 'promote-cache'])('has no step %s', (id) => {
    const step = { id, name: 'x', bound: 'PT1S', critical: true, skippable: false };
    expect(errors((draft) => draft.procedures.regionalFailover.steps.push(step))).toContain(
      `"${id}" is for a cache, and estate.cache is absent. Remove the step, or describe the cache.`,
    );
  });

  test('needs both steps as soon as a cache is described, and its address at the targets', () => {
    const found = errors((draft) => (draft.estate.cache = cache));
    expect(found.filter((message) => message.includes('is missing, and the procedure cannot run'))).toHaveLength(2);
    expect(found.filter((message) => message.includes('and its cache has no address'))).toHaveLength(2);
  });

  test('has no cache at a site, and no keys to count', () => {
    const draft = structuredClone(plan);
    const [probe] = draft.estate.functionProbes;
    const gent = draft.estate.sites['gent'];
    if (!probe || !gent) throw new Error('The plan has changed.');
    probe.cacheKeys = ['session:*'];
    gent.cache = { host: 'cache.gent.library.example', port: 6379 };
    expect(findDanglingReferences(draft).map(({ path }) => path.join('.'))).toEqual(['estate.sites.gent.cache', 'estate.functionProbes.0.cacheKeys']);
    draft.estate.cache = cache;
    expect(findDanglingReferences(draft)).toEqual([]);
  });

  test('has targets that no cache rules out', () => {
    const facts = { site: 'gent', refusals: [], remarks: [], database: 'standby', lagBytes: 0, lossSeconds: 0 } as const;
    expect(judgeTarget(plan, 'lyon', facts)).toMatchObject({ eligible: true });
    expect(judgeTarget(plan, 'lyon', { ...facts, cache: 'unreachable' })).toMatchObject({
      eligible: false,
      reasons: ['Its cache could not be read: it was not asked.'],
    });
  });
});
