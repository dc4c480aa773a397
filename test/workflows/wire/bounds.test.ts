/** Goal: what a run answers has a figure, whatever it has met, and what is left out is said. Method: reports and statuses without end. */
import { describe, expect, it } from 'vitest';
import { renderView } from '../../../client/cli/views/status.ts';
import { beginningWithin, reportBytesMax, statusBytesMax, within } from '../../../workflows/wire/bounds.ts';
import { exampleReport } from '../../report/example.ts';
import { exampleStatus } from '../engine/example-status.ts';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const many = <T>(count: number, entry: T): T[] => Array.from({ length: count }, () => entry);
const long = '€\u0000'.repeat(20_000);

describe('an answer', () => {
  it('that is small stays as it is', () => {
    expect(within(reportBytesMax, exampleReport)).toEqual(exampleReport);
  });

  it('that is too large is cut, keeps how it began and how it is now, and says what it lost', () => {
    const timeline = Array.from({ length: 20_000 }, (_, index) => ({ at: exampleReport.startedAt, text: `entry ${index}` }));
    const gate = exampleReport.gates[0]!;
    const cut = within(reportBytesMax, {
      ...exampleReport,
      timeline,
      exceptions: many(5_000, long),
      steps: many(5_000, { ...exampleReport.steps[0]!, evidence: long }),
      gates: many(3_000, { ...gate, votes: many(60, gate.votes[0]!) }),
    });
    expect(bytesOf(cut)).toBeLessThanOrEqual(reportBytesMax);
    expect(cut).toMatchObject({ outcome: exampleReport.outcome, runId: exampleReport.runId });
    expect([cut.timeline[0]?.text, cut.timeline.at(-1)?.text]).toEqual(['entry 0', 'entry 19999']);
    expect(cut.leftOut?.join('\n')).toMatch(/^\d+ entries of "timeline" were left out/m);
  });

  it('of a status is cut as well, and its page is about one screen', () => {
    const status = { ...exampleStatus, refused: many(500, long), exceptions: many(500, long), leftovers: many(500, long), changes: many(500, long), timeline: many(5_000, { at: exampleStatus.at, text: long }) }; // prettier-ignore
    const cut = within(statusBytesMax, status);
    expect(bytesOf(cut)).toBeLessThanOrEqual(statusBytesMax);
    expect(renderView({ state: 'running', runId: status.runId, status: cut }).split('\n').length).toBeLessThan(80);
  });

  it('keeps ids whole, however little is left of the texts', () => {
    const id = `recovery/${'e'.repeat(63)}@01a224e0-9254-747a-93d5-9f4b7b6c7569`;
    const cut = within(2_000, { id, at: exampleStatus.at, texts: many(5_000, long) });
    expect(cut).toMatchObject({ id, at: exampleStatus.at });
    expect(cut.texts[0]).toMatch(/^.{0,20} … \(\d+ more characters were left out\)$/s);
  });

  it('of bytes never ends within a character', () => {
    expect(Buffer.byteLength(beginningWithin(100, '€'.repeat(200)))).toBeLessThanOrEqual(100);
    expect(beginningWithin(100, 'short')).toBe('short');
  });
});
