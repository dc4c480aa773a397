/** What is kept of a run: its steps, its timeline, what it changed and what fell short. Nobody else writes into these lists. */
import type { Step } from '../../plan/schema.ts';
import type { Phase, StepRecord, TimelineEntry } from '../../report/report.ts';

/** The record of a step that goes on: it is filled in until the step ends. */
export type OpenRecord = { -readonly [Field in keyof StepRecord]: StepRecord[Field] };

/** How a step ended. */
export interface StepEnd {
  readonly result: StepRecord['result'];
  /** What it found or changed, as a sentence. */
  readonly evidence: string;
  /** Part of its time in which people were asked, by when it began and ended; seconds. */
  readonly waitedSeconds: (from: string, to: string) => number;
}

export class RunRecord {
  private readonly kept = {
    steps: [] as OpenRecord[],
    timeline: [] as TimelineEntry[],
    changes: [] as string[],
    exceptions: [] as string[],
    leftovers: [] as string[],
  };
  private readonly now: () => string;
  private readonly changed: () => void;

  /** `now` in RFC 3339; `changed` is called whenever people should see something new. */
  constructor(now: () => string, changed: () => void) {
    this.now = now;
    this.changed = changed;
  }

  get steps(): readonly StepRecord[] {
    return this.kept.steps;
  }

  get timeline(): readonly TimelineEntry[] {
    return this.kept.timeline;
  }

  /** Changes made so far, or in a dry run those that would be made. */
  get changes(): readonly string[] {
    return this.kept.changes;
  }

  get exceptions(): readonly string[] {
    return this.kept.exceptions;
  }

  get leftovers(): readonly string[] {
    return this.kept.leftovers;
  }

  note(text: string): void {
    this.kept.timeline.push({ at: this.now(), text });
    this.changed();
  }

  /** Something did not go as planned, one sentence each. */
  except(...sentences: readonly string[]): void {
    this.kept.exceptions.push(...sentences);
  }

  /** The same, above all others. */
  exceptFirst(sentence: string): void {
    this.kept.exceptions.unshift(sentence);
  }

  /** Something is left for people to do; the same sentence stands once. */
  leaveOver(...sentences: readonly string[]): void {
    for (const sentence of sentences) if (!this.kept.leftovers.includes(sentence)) this.kept.leftovers.push(sentence);
  }

  /** What was left over is done. */
  leaveNot(sentence: string): void {
    const at = this.kept.leftovers.indexOf(sentence);
    if (at >= 0) this.kept.leftovers.splice(at, 1);
  }

  addChange(text: string): void {
    this.kept.changes.push(text);
  }

  /** What a step has changed, if it asked for a change: null when it failed. One that failed may have taken effect, and stands so until a repeat of it says what is. */
  noteChange({ name }: Step, what: string | null, asked: boolean): void {
    const inDoubt = `${name}: failed, and may have taken effect`;
    const others = this.changes.filter((change) => change !== inDoubt);
    if (!asked && others.length === this.changes.length) return;
    this.kept.changes.splice(0, Infinity, ...others, what === null ? inDoubt : `${name}: ${what}`);
  }

  begin({ id, name, critical }: Step, phase: Phase): OpenRecord {
    const record: OpenRecord = { id, name, phase, result: 'running', startedAt: this.now(), evidence: '', waitedForPeopleSeconds: 0, critical };
    this.kept.steps.push(record);
    this.changed();
    return record;
  }

  /** By it a step that goes on says what it does; what it finds in the end takes its place. */
  tellIn(record: OpenRecord): (what: string) => void {
    return (what) => {
      record.evidence = what;
      this.changed();
    };
  }

  end(record: OpenRecord, { result, evidence, waitedSeconds }: StepEnd): void {
    const endedAt = this.now();
    const durationSeconds = (Date.parse(endedAt) - Date.parse(record.startedAt)) / 1000;
    Object.assign(record, { result, evidence, endedAt, durationSeconds, waitedForPeopleSeconds: waitedSeconds(record.startedAt, endedAt) });
    this.kept.timeline.push({ at: endedAt, text: `${record.name}: ${result}. ${evidence}` });
    this.changed();
  }

  /** People chose to go on without a step that failed. */
  markSkipped(id: string): void {
    const failed = this.kept.steps.findLast((record) => record.id === id);
    if (failed) failed.result = 'skipped';
  }
}
