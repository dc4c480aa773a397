/** What a step of a procedure is made of: looks, changes, and the way back from a change. */
import type { LookTools, StepTools } from './activity-proxies.ts';

/** What every step has. `Tools` is what it may call. */
interface Act<T, Tools> {
  readonly act: (tools: Tools) => Promise<T>;
  /** What was found, as a sentence for people. */
  readonly found: (result: T) => string;
  /** What the run goes on with when the step is skipped or, being optional, fails. Absent: it cannot be skipped. */
  readonly otherwise?: T;
}

/** A step that only looks. */
export type Look<T> = Act<T, LookTools>;

/** What a dry run prints in place of a step, and goes on with. */
export interface DryRun<T> {
  readonly would: string;
  readonly predicted: T;
}

/** A step that looks at what the changes before it did, so that a dry run has nothing to look at. */
export type LookAtChange<T> = Look<T> & DryRun<T>;

/** A step that changes something. */
export interface Alteration<T> extends Act<T, StepTools>, DryRun<T> {
  readonly changes: true;
  /** How it is taken back. Noted before the step is tried: a step that timed out may have worked. */
  readonly undo?: UndoBody;
}

export type StepBody<T> = Look<T> | LookAtChange<T> | Alteration<T>;

/** The way back from a step. */
export interface UndoBody {
  readonly would: string;
  /** Answers one sentence for each thing that could not be taken back. */
  readonly act: (tools: StepTools) => Promise<readonly string[]>;
}
