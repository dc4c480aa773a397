import { describe, expect, test } from 'vitest';
import { renderPage } from '../../report/page/page.ts';
import { courseOf } from '../../report/page/timeline-picture.ts';
import { objectivesOf } from '../../report/page/clock-picture.ts';
import { markEvery } from '../../report/page/scale.ts';
import type { Report } from '../../report/report.ts';
import { emptyReport, exampleReport, hostileReport, stoodDownReport } from './example.ts';
import { outageClock } from '../../report/clock-words.ts';

const page = renderPage(exampleReport);
/** What stands on the page, without marks and pictures. */
const textOf = (html: string): string =>
  html
    .replace(/^.*<body>/s, '')
    .replace(/<svg.*?<\/svg>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#x2F;', '/')
    .replace(/\s+/g, ' ');
const text = textOf(page);
const titles = (html: string): string[] => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1] ?? '');

describe('a page for a tired commander', () => {
  test('begins with how it ended, what was lost, how long it took, which objective was missed, and who can write', () => {
    expect(text.indexOf('recovered with exceptions')).toBeLessThan(150);
    expect(text).toContain('Data lost ✓ proven 0 ap-southeast-1 was synchronous');
    expect(text).toContain('Outage 1 min 36 s since 10:00:00.0Z, observed');
    expect(text).toContain('Objectives ✗ Analytics dashboard: RTO missed');
    expect(text).toContain('Can write now ✓ database: eu-central-1');
  });

  test('has its parts in the order in which they are needed', () => {
    expect(titles(page)).toEqual([
      'Not as planned', 'Left to do', 'What happened when', 'The clock', 'Functions', 'Decisions', 'Steps and their evidence', 'Who can write', 'What was changed',
      'Timeline', 'Where this comes from',
    ]); // prettier-ignore
  });

  test('shows target, achieved figure and verdict of each objective, and the cost', () => {
    expect(text).toContain('Customer API 1 ✓ ok 30 min 00 s 1 min 36 s ✓ met 15 min 00 s proven 0 ✓ met 3.03 USD');
    expect(text).toContain(
      'Analytics dashboard Drill-down is missing. 2 ! degraded 1 min 00 s 1 min 36 s ✗ missed 1 h 00 min at most 2 s / 512 bytes ✓ met 0.76 USD',
    );
    expect(text).toContain('Cost of the outage together 3.79 USD');
  });

  test('shows each vote with its reason, channel and verdict, and says that identities are asserted', () => {
    expect(text).toContain('Fail over now? approve, after 40 s (gate activation-3f9c2a, quorum 2 of 3, identity: asserted)');
    expect(text).toContain('10:00:30.0Z jane-smith approve customers are down update ✓ counted');
    expect(text).toContain('10:00:40.0Z mallory approve signal ✗ refused: mallory may not vote here.');
  });

  test('shows evidence of each step, predicted beside observed writers, changes, timeline and origin', () => {
    expect(text).toContain('Confirm the failure detecting ✓ done 10:00:10.0Z 4 s two kinds');
    expect(text).toContain('Tell the monitoring closing ! skipped (optional) 10:01:50.0Z – people: 5 s skipped by people');
    expect(text).toContain('eu-central-1 database writer ✓ writer a write was accepted');
    expect(text).toContain('database of eu-central-1 promoted to timeline 2');
    expect(text).toContain('10:00:10.2Z Started by alice-johnson.');
    expect(text).toContain(`Procedure regionalFailover, plan erlmcp 3.0.0, digest ${'ab'.repeat(32)}`);
    expect(text).toContain('Point of no return 2026-02-02T10:00:57.000Z');
  });
});

describe('its pictures', () => {
  test('say in words what they show', () => {
    const labels = [...page.matchAll(/role="img" aria-label="(.*?)"/g)].map((match) => match[1]);
    expect(labels).toHaveLength(3);
    expect(labels[0]).toContain('2 steps and 1 question over 2 min 00 s');
    expect(labels[0]).toContain('point of no return after 57 s');
    expect(labels[1]).toContain('Detection 14 s, Decision 40 s, Execution 8.4 s, Routing by data-plane 3.2 s, TTL that was served 30 s');
    expect(labels[2]).toContain('Analytics dashboard: 1 min 36 s of 1 min 00 s: missed');
  });

  test('put a question behind the step that asked it, and mark where the run could not go back', () => {
    const { rows, moments } = courseOf(exampleReport);
    expect(rows.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['step Confirm the failure', 'gate Fail over now?', 'step Tell the monitoring']);
    expect(rows[1]).toMatchObject({
      phase: 'detecting',
      from: 14,
      to: 54,
      votes: [
        { at: 30, counted: true },
        { at: 40, counted: false },
      ],
    });
    expect(moments.map(({ key, at }) => `${key} ${at}`)).toEqual(['failed 0', 'forward 57', 'served 95.6']);
  });

  test('leave a long silence before the run to the clock', () => {
    const late = { ...exampleReport, clock: { ...exampleReport.clock!, failedSince: '2026-02-02T08:00:00.000Z', totalSeconds: 7295.6 } };
    expect(courseOf(late)).toMatchObject({ from: exampleReport.startedAt, moments: [{ key: 'forward' }, { key: 'served' }] });
  });

  test('judge functions with the same target and figure in one row, the strictest first', () => {
    const twin = { ...exampleReport.functions[0]!, id: 'twin', name: 'Twin' };
    expect(objectivesOf({ ...exampleReport, functions: [...exampleReport.functions, twin] }).map(({ names, met }) => [names, met])).toEqual([
      [['Analytics dashboard'], false],
      [['Customer API', 'Twin'], true],
    ]);
  });

  test('mark an axis at round times', () => {
    expect([0.5, 6, 95, 600, 7200, 90_000, 9e6].map((seconds) => markEvery(seconds, 7))).toEqual([0.1, 1, 15, 120, 1800, 14_400, 1_814_400]);
  });
});

describe('a page that may be sent to anybody', () => {
  test('asks for nothing from elsewhere and has no script', () => {
    for (const html of [page, renderPage(hostileReport)]) {
      expect(html).not.toMatch(/<script|<iframe|<object|<embed|<img|@import|url\(|\ssrc=|\son\w+="|xlink/i);
      expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual(['data:,']);
      expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
    }
  });

  test('shows hostile text as text, wherever it comes in', () => {
    const html = renderPage(hostileReport);
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('<b>');
    const shown = html.split('&lt;script&gt;alert(1)&lt;').length - 1;
    // Summary, exception, leftover, step, evidence, question, choice, reason, refusal, function, difference, writer, change, timeline; twice and more in pictures.
    expect(shown).toBeGreaterThanOrEqual(14);
    expect(html.replaceAll('{{summary}}', '')).not.toContain('{{');
    expect(html.split('{{summary}}').length - 1).toBeGreaterThanOrEqual(14);
  });

  test('is the same for the same report', () => {
    expect(renderPage(exampleReport)).toBe(page);
  });
});

describe('of other endings', () => {
  test('an empty report leaves out what has nothing to say', () => {
    const html = renderPage(emptyReport);
    expect(titles(html)).toEqual(['Where this comes from']);
    expect(textOf(html)).toContain('no failure is on record');
    expect(html).not.toContain('<svg');
  });

  test('a run that stood down before it moved anything has lost nothing, missed nothing, and marks nothing as bad', () => {
    const html = renderPage(stoodDownReport);
    const shown = textOf(html);
    expect(shown).toContain('Data lost nothing by this run nothing was moved');
    expect(shown).toContain('Objectives not measured: nothing was moved');
    expect(shown).toContain('30 min 00 s – not measured');
    expect(shown).not.toMatch(/unknown|RTO not reached|✗/);
  });

  test('a dry run says that nothing was changed, and what would have been', () => {
    const dry: Report = {
      ...exampleReport,
      mode: 'dry-run',
      outcome: 'stood down',
      steps: exampleReport.steps.map((step) => ({ ...step, result: 'would do' })),
    };
    const html = renderPage(dry);
    expect(textOf(html)).toContain('dry run: nothing was changed');
    expect(titles(html)).toContain('What would have been changed');
    expect(textOf(html)).toContain('a live run would do');
  });

  test('an aborted run shows that the outage goes on and what is unknown', () => {
    const aborted: Report = {
      ...exampleReport,
      outcome: 'aborted',
      pointOfNoReturnAt: null,
      steps: exampleReport.steps.map((step) => ({ ...step, phase: 'fencing' })),
      clock: { ...outageClock(exampleReport)!, totalSeconds: 'not reached', executionSeconds: 0, routingSeconds: 0, ttlSeconds: 0 },
      loss: { kind: 'unknown', reason: 'the run ended before the loss was counted' },
      functions: exampleReport.functions.map((entry) => ({ ...entry, status: 'not verified', rtoSeconds: { ...entry.rtoSeconds, achieved: 'not reached' } })),
      servers: { predicted: [], observed: [{ site: 'us-east-1', server: 'database', state: 'unknown', how: 'it does not answer' }] },
    };
    const shown = textOf(renderPage(aborted));
    expect(shown).toContain('Outage ✗ not ended by this run');
    expect(shown).toContain('Data lost ! unknown the run ended before the loss was counted');
    expect(shown).toContain('Can write now ✗ database: none, unknown at us-east-1');
    expect(shown).toContain('not reached ✗ not reached');
    expect(shown).toContain('Point of no return not passed');
  });

  test('a run that goes on is never shown as ended', () => {
    const shown = textOf(renderPage({ ...exampleReport, open: true, outcome: 'recovered', summary: 'The run goes on; it is deciding.' }));
    expect(shown).toContain('still open');
    expect(shown.slice(0, 200)).not.toContain('recovered');
  });
});
