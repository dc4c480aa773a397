import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '../../report/markdown.ts';
import { exampleReport, stoodDownReport } from './example.ts';

const text = renderMarkdown(exampleReport);

describe('a report for a tired commander', () => {
  test('begins with how it ended, what was lost, how long it took and which objective was missed', () => {
    expect(text.split('\n').slice(0, 7)).toEqual([
      '# RECOVERED WITH EXCEPTIONS: us-east-1 → eu-central-1',
      '',
      'eu-central-1 has taken over from us-east-1.',
      '',
      '- **Data lost:** proven 0: ap-southeast-1 was synchronous',
      '- **Outage:** 1 min 36 s since 2026-02-02T10:00:00.000Z',
      '- **Objectives:** **Analytics dashboard: RTO missed**',
    ]);
  });

  test('puts exceptions and leftovers before the figures, the details last', () => {
    const order = [
      '## Not as planned',
      '## Left to do',
      '## The clock',
      '## Functions',
      '## Decisions',
      '## Steps',
      '## Who can write',
      '## What was changed',
      '## Timeline',
    ];
    const found = order.map((title) => text.indexOf(title));
    expect(found.every((position) => position > 0)).toBe(true);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
  });

  test('shows target and achieved figure of each function, and the cost', () => {
    expect(text).toContain('| Customer API | 1 | ok | 1 min 36 s of 30 min 00 s, met | proven 0 of 15 min 00 s, met | 3.03 USD |');
    expect(text).toContain('| Analytics dashboard | 2 | degraded | 1 min 36 s of 1 min 00 s, missed | at most 2 s / 512 bytes of 1 h 00 min, met | 0.76 USD |');
    expect(text).toContain('Cost of the outage together: 3.79 USD.');
    expect(text).toContain('- Analytics dashboard: Drill-down is missing.');
  });

  test('keeps refused votes on the record, and says that identities are asserted', () => {
    expect(text).toContain('**Fail over now?** approve, after 40 s (gate activation-3f9c2a, quorum 2 of 3, identity: asserted)');
    expect(text).toContain('- 10:00:30.0Z jane-smith: approve, "customers are down" (counted)');
    expect(text).toContain('- 10:00:40.0Z mallory: approve (refused: mallory may not vote here.)');
  });

  test('shows predicted beside observed writers', () => {
    expect(text).toContain('| us-east-1 | database | fenced | fenced | by replication |');
  });

  test('of a dry run says what would have been changed', () => {
    const dry = renderMarkdown({ ...exampleReport, mode: 'dry-run' });
    expect(dry).toContain('(dry-run): us-east-1');
    expect(dry).toContain('## What would have been changed');
  });

  test('of a run that stood down before it moved anything says that nothing was lost and no objective was measured', () => {
    const short = renderMarkdown(stoodDownReport);
    expect(short).toContain('- **Data lost:** nothing by this run: nothing was moved');
    expect(short).toContain('- **Objectives:** not measured: nothing was moved');
    expect(short).toContain('| Customer API | 1 | not verified | not measured, target 30 min 00 s | not measured, target 15 min 00 s | – |');
    expect(short).not.toMatch(/unknown|RTO not reached/);
  });

  test('leaves out what has nothing to say', () => {
    const short = renderMarkdown({
      ...exampleReport,
      clock: null,
      exceptions: [],
      leftovers: [],
      functions: [],
      gates: [],
      steps: [],
      servers: { predicted: [], observed: [] },
    });
    expect(short).not.toMatch(/Not as planned|Left to do|The clock|## Functions|Decisions|Steps|Who can write/);
    expect(short).toContain('no failure is on record');
  });
});
