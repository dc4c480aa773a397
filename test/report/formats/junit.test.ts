import { describe, expect, test } from 'vitest';
import { renderJUnit } from '../../../report/formats/junit.ts';
import type { Report, StepRecord } from '../../../report/report.ts';
import { exampleReport, stoodDownReport } from '../example.ts';

interface Case {
  readonly name: string;
  /** `passed`, `skipped`, or the element and its type, such as `failure critical step`. */
  readonly verdict: string;
  readonly text: string;
}

/** Cases of a file, read from its text. */
function casesOf(report: Report, ended = true): readonly Case[] {
  const xml = renderJUnit({ ...report, open: !ended });
  return [...xml.matchAll(/<testcase [^>]*name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g)].map(([, name = '', text = '']) => {
    const verdict = /<(failure|error|skipped)(?: message="[^"]*" type="([^"]*)")?/.exec(text);
    return { name, verdict: verdict ? [verdict[1], verdict[2]].filter(Boolean).join(' ') : 'passed', text };
  });
}

function verdicts(report: Report, ended = true): Record<string, string> {
  return Object.fromEntries(casesOf(report, ended).map(({ name, verdict }) => [name, verdict]));
}

function step(result: StepRecord['result'], change: Partial<StepRecord> = {}): StepRecord {
  return { ...exampleReport.steps[0]!, id: result.replace(' ', '-'), name: result, result, evidence: `it was ${result}`, ...change };
}

const good: Report = { ...exampleReport, outcome: 'recovered', exceptions: [], leftovers: [] };

describe('a JUnit file of a run', () => {
  test('has a case for the outcome, each step, and each RTO and RPO', () => {
    expect(verdicts(exampleReport)).toEqual({
      Outcome: 'failure recovered with exceptions',
      'Confirm the failure': 'passed',
      'Tell the monitoring': 'skipped',
      'Customer API: RTO 30 min 00 s': 'passed',
      'Customer API: RPO 15 min 00 s': 'passed',
      'Analytics dashboard: RTO 1 min 00 s': 'failure objective missed',
      'Analytics dashboard: RPO 1 h 00 min': 'passed',
    });
  });

  test('says which run it was, in each suite', () => {
    const xml = renderJUnit(exampleReport);
    const suites = xml.split('<testsuite ').slice(1);
    expect(suites).toHaveLength(3);
    for (const suite of suites) {
      expect(suite).toContain('<property name="run" value="recovery/example"/>');
      expect(suite).toContain('<property name="epoch" value="7"/>');
      expect(suite).toContain(`<property name="plan digest" value="${'ab'.repeat(32)}"/>`);
      expect(suite).toContain('<property name="outcome" value="recovered with exceptions"/>');
    }
  });

  test('tells results and optional steps apart', () => {
    const steps = [
      step('done'),
      step('undone'),
      step('skipped'),
      step('would do'),
      step('running'),
      step('failed'),
      step('failed', { name: 'optional', critical: false }),
    ];
    const { Outcome, ...found } = verdicts({ ...good, steps, functions: [] });
    expect(Outcome).toBe('passed');
    expect(found).toEqual({
      done: 'passed',
      undone: 'passed',
      skipped: 'skipped',
      'would do': 'skipped',
      running: 'error running',
      failed: 'failure critical step',
      optional: 'failure optional step',
    });
  });

  test('numbers the attempts of a step', () => {
    const steps = [step('failed', { id: 'x', name: 'Promote' }), step('done', { id: 'x', name: 'Promote' })];
    expect(casesOf({ ...good, steps, functions: [] }).map(({ name }) => name)).toEqual(['Outcome', 'Promote', 'Promote (attempt 2)']);
  });

  test('an unknown loss is an error, an RTO that was not reached a failure', () => {
    const [entry] = exampleReport.functions;
    const functions = [
      {
        ...entry!,
        rtoSeconds: { target: 60, achieved: 'not reached' as const },
        rpoSeconds: { target: 60, achieved: { kind: 'unknown' as const, reason: 'x' } },
      },
    ];
    expect(verdicts({ ...good, functions, steps: [] })).toMatchObject({
      'Customer API: RTO 1 min 00 s': 'failure objective missed',
      'Customer API: RPO 1 min 00 s': 'error loss unknown',
    });
  });

  test.each<readonly [string, Partial<Report>, boolean]>([
    ['a dry run', { mode: 'dry-run', outcome: 'stood down' }, true],
    ['a run without a failure on record', { clock: null }, true],
    ['a run that stood down before it moved anything', stoodDownReport, true],
    ['a run that is still open', {}, false],
  ])('%s has met and missed no objective', (_what, change, ended) => {
    const objectives = casesOf({ ...good, ...change }, ended).filter(({ name }) => /RTO|RPO/.test(name));
    expect(objectives.map(({ verdict }) => verdict)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
  });

  test('the outcome of an open run is open; a dry run that came to its end is good', () => {
    expect(verdicts(good, false).Outcome).toBe('skipped');
    expect(verdicts({ ...good, mode: 'dry-run', outcome: 'stood down' }).Outcome).toBe('passed');
    expect(verdicts({ ...good, outcome: 'stood down' }).Outcome).toBe('failure stood down');
  });

  test('stays XML whatever the evidence holds', () => {
    const xml = renderJUnit({ ...good, steps: [step('failed', { evidence: '<a> & "b" ]]> ]]> \u0000\u001b[31m' })] });
    expect(['\u0000', '\u001b'].filter((control) => xml.includes(control))).toEqual([]);
    expect(xml).toContain('message="&lt;a> &amp; &quot;b&quot; ]] > ]] > ⟨U+0000⟩⟨U+001B⟩[31m"');
    expect(xml.match(/<!\[CDATA\[/g)?.length).toBe(xml.match(/\]\]>/g)?.length);
  });
});
