/** Goal: of several sites that are believed lost each has to be, and each is told by its name. Method: what vantage points saw of two of them, judged as before anything is changed. */
import { expect, test } from 'vitest';
import type { Vantage } from '../../../activities/detection/port.ts';
import type { Course } from '../../../workflows/engine/course.ts';
import { newFacts, type RecoveryFacts } from '../../../workflows/estate/facts.ts';
import { mustBeFailed } from '../../../workflows/steps/detection.ts';

const [one, other] = ['site-a', 'site-b'];

const seenAs = (verdict: Vantage['verdict']): readonly Vantage[] =>
  (['orchestrator', 'site'] as const).map(
    (kind) =>
      ({
        kind,
        observer: `${kind} of ours`,
        verdict,
        heldSeconds: 30,
        observations: [{ check: 'database', ok: verdict === 'alive' }],
        detail: '',
      }) as unknown as Vantage,
  );

/** The judgement of two lost sites that were seen so; what was noted. */
function judged(seen: Readonly<Record<string, Vantage['verdict']>>, start: Pick<RecoveryFacts, 'declaredFailed'> = {}): string[] {
  const facts = newFacts([one, other], start);
  for (const lost of facts.lost) lost.vantages = seenAs(seen[lost.site] ?? 'blind');
  const notes: string[] = [];
  const run = { start: { startedBy: 'pager' }, rules: { changes: 'make' }, leftAs: 'Nothing was changed.', note: (text: string) => void notes.push(text) };
  mustBeFailed(run as unknown as Course, facts, { holdSeconds: 10 });
  return notes;
}

test('two that have failed are both gone on from', () => {
  expect(judged({ [one]: 'failed', [other]: 'failed' })).toEqual([]);
});

test.each([one, other])('one that is alive ends the run, whichever it is: %s', (alive) => {
  const seen = { [one]: 'failed', [other]: 'failed', [alive]: 'alive' } as const;
  expect(() => judged(seen)).toThrow(expect.objectContaining({ outcome: 'stood down', message: expect.stringContaining(`${alive} is alive.`) }));
});

test('one that nobody sees is not certain to have failed', () => {
  expect(() => judged({ [one]: 'failed', [other]: 'blind' })).toThrow(`It is not certain that ${other} has failed.`);
});

test('where a person has declared them failed, only what the probes deny is told', () => {
  const notes = judged({ [one]: 'failed', [other]: 'alive' }, { declaredFailed: { reason: 'smoke in the building' } });
  expect(notes).toEqual([expect.stringContaining(`pager declares ${other} failed against the probes: smoke in the building`)]);
});
