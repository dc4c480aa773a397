/** Goal: planned work is told as planned work, and not as an outage. */
import { describe, expect, it } from 'vitest';
import { away, awayTitle, clockParts, outageClock, stillAway } from '../../report/clock-words.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import type { PlannedClock, Report } from '../../report/report.ts';
import { exampleReport } from './example.ts';

const clock: PlannedClock = {
  kind: 'planned',
  begunAt: exampleReport.startedAt,
  decisionSeconds: 40,
  preparationSeconds: 50,
  interruptionSeconds: 12,
  totalSeconds: 102,
  peopleSeconds: 40,
};
const planned: Report = { ...exampleReport, procedure: 'failback', clock };

describe('planned work', () => {
  it('has an interruption, and no failure', () => {
    expect(awayTitle(clock)).toBe('Interruption');
    expect(away(clock)).toBe(`12 s in planned work since ${exampleReport.startedAt}`);
    expect(outageClock(planned)).toBeNull();
    const text = renderMarkdown(planned);
    expect(text).toContain('**Interruption:** 12 s in planned work');
    expect(text).not.toMatch(/Outage:|first failed observation/);
  });

  it.each(['none', 'not ended'] as const)('says that the interruption is %s', (interruptionSeconds) => {
    const other: PlannedClock = { ...clock, interruptionSeconds, totalSeconds: interruptionSeconds === 'none' ? 90 : 'not reached' };
    expect(stillAway(other)).toBe(interruptionSeconds === 'not ended');
    expect(away(other)).toMatch(interruptionSeconds === 'none' ? /^none, in planned work/ : /^not ended by this run, in planned work/);
  });

  it('has parts that make up its total', () => {
    expect(clockParts(clock).reduce((sum, { seconds }) => sum + seconds, 0)).toBe(clock.totalSeconds);
  });

  it('begins in the picture with the work', () => {
    const page = renderPage(planned);
    expect(page).toContain('begin of the work after');
    expect(page).not.toContain('first failure after');
  });
});
