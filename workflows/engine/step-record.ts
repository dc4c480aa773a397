/** What is kept of a step from its begin on. Pure. */
import type { Step } from '../../plan/schema.ts';
import type { Phase, StepRecord } from '../../report/report.ts';

/** The record of a step that goes on: it is filled in until the step ends. */
export type OpenRecord = { -readonly [Field in keyof StepRecord]: StepRecord[Field] };

/** `startedAt` in RFC 3339. */
export function openRecord({ id, name, critical }: Step, phase: Phase, startedAt: string): OpenRecord {
  return { id, name, phase, result: 'running', startedAt, evidence: '', waitedForPeopleSeconds: 0, critical };
}

/** By it a step that goes on says what it does; what it finds in the end takes its place. */
export function tellIn(record: OpenRecord, onChange: () => void): (what: string) => void {
  return (what) => {
    record.evidence = what;
    onChange();
  };
}
