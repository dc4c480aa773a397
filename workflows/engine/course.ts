/** The course of a run: who started it, what it works on, where it is, and what holds it. What a run does stands in the files beside it. */
import { condition } from '@temporalio/workflow';
import { runbookIn } from '../../plan/rules/runbooks.ts';
import type { RunContext } from '../../activities/context.ts';
import { seconds } from '../../plan/durations.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan, PlanSnapshot, Procedure, ProcedureName, Step } from '../../plan/schema.ts';
import type { Mode, Phase } from '../../report/report.ts';
import { now } from './clock.ts';
import { RunEnding } from './endings.ts';
import { failure } from './failures.ts';
import { GateDesk } from './gate.ts';
import { modes, type ModeRules } from './modes.ts';
import { RunRecord } from './record.ts';
import { Refusals } from './refusals.ts';
import { StopSwitch } from './stop-switch.ts';
import type { UndoBody } from './step-body.ts';

/** Facts about the start of a run that never change. */
export interface RunStart {
  readonly runId: string;
  /** `<workflow id>@<run id>`. */
  readonly execution: string;
  readonly procedure: ProcedureName;
  readonly places: Places;
  readonly mode: Mode;
  readonly startedBy: string;
  readonly startedAt: string;
  /** Where the run is at its start. */
  readonly firstPhase: Phase;
  /** Gate at which people decide whether it begins. */
  readonly beginsAt: string;
}

/** A step that can be taken back, and how. */
export interface Undo extends UndoBody {
  readonly step: string;
}

/** The runbook that a plan has for a procedure. Throws `refused` where it has none: a start is checked for it before anything is touched. */
export function runbookOf(plan: Plan, name: ProcedureName): Procedure {
  const runbook = runbookIn(plan, name);
  if (runbook) return runbook;
  throw failure('refused', {
    happened: `The plan describes no procedure ${name}.`,
    leftAs: 'Nothing was changed.',
    next: `Write procedures.${name} into the plan, run dr plan check, and start again.`,
  });
}

export class Course {
  readonly start: RunStart;
  readonly rules: ModeRules;
  readonly desk: GateDesk;
  /** What was said to the run and came to nothing. */
  readonly refusals: Refusals;
  readonly record: RunRecord;
  readonly stopSwitch: StopSwitch;
  phase: Phase;
  epoch = 0;
  /** So many holders of the epoch suffice, by people's decision; null: a majority is needed. */
  holdersAccepted: number | null = null;
  /** When the run passed its point of no return; null while it can be taken back. */
  pointOfNoReturnAt: string | null = null;
  /** The plan that the run works on; null before it is loaded. */
  planSnapshot: PlanSnapshot | null = null;
  /** What can be taken back, the earliest first. */
  readonly undos: Undo[] = [];
  /** With what a branch of steps side by side has ended the run, while the others are still settled. */
  ending: { readonly error: unknown } | null = null;
  /** Called whenever something changed that people should see. */
  onChange: () => void = () => undefined;

  constructor(start: RunStart) {
    this.start = start;
    this.phase = start.firstPhase;
    this.rules = modes[start.mode];
    const changed = () => this.onChange();
    this.record = new RunRecord(now, changed);
    this.refusals = new Refusals(now, changed);
    this.desk = new GateDesk(this.refusals, now, changed);
    this.stopSwitch = new StopSwitch(this.refusals, (text) => this.note(text), now, changed);
  }

  use(snapshot: PlanSnapshot): void {
    this.planSnapshot = snapshot;
    this.stopSwitch.use(snapshot);
  }

  get places(): Places {
    return this.start.places;
  }

  get plan(): Plan {
    if (!this.planSnapshot) throw new RunEnding('failed', 'The run has no plan yet.', false);
    return this.planSnapshot.plan;
  }

  get procedure(): Procedure {
    return runbookOf(this.plan, this.start.procedure);
  }

  /** What activities are told about the run. */
  context(): RunContext {
    const { runId, execution } = this.start;
    const accepted = this.holdersAccepted === null ? {} : { holdersAccepted: this.holdersAccepted };
    return { runId, execution, planDigest: this.planSnapshot?.digest ?? '', epoch: this.epoch, ...accepted };
  }

  note(text: string): void {
    this.record.note(text);
  }

  /** Something did not go as planned, one sentence each: it stands first in the report. */
  except(...sentences: readonly string[]): void {
    this.record.except(...sentences);
  }

  /** Something is left for people to do; the same sentence stands once. */
  leaveOver(sentence: string): void {
    this.record.leaveOver(sentence);
  }

  /** What was left over is done. */
  leaveNot(sentence: string): void {
    this.record.leaveNot(sentence);
  }

  enter(phase: Phase): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.onChange();
  }

  /** The step as the plan has it. */
  planned(id: string): Step {
    const step = this.procedure.steps.find((candidate) => candidate.id === id);
    if (!step) {
      throw failure('permanent', {
        happened: `The plan's procedure ${this.start.procedure} has no step "${id}".`,
        leftAs: 'Nothing was changed by it.',
        next: 'Add the step to the plan, run dr plan check, and start again.',
      });
    }
    return step;
  }

  /** Bound of a step of the plan, in seconds. */
  boundOf(id: string): number {
    return seconds(this.planned(id).bound);
  }

  /** Steps of the plan that have not begun. */
  pendingSteps(): string[] {
    if (!this.planSnapshot) return [];
    const begun = new Set(this.record.steps.map((step) => step.id));
    return this.procedure.steps.filter((step) => !begun.has(step.id)).map((step) => step.id);
  }

  get forwardOnly(): boolean {
    return this.pointOfNoReturnAt !== null;
  }

  /** From here on nothing is taken back. A run that goes on where an earlier one ended may pass the point before it has changed anything. */
  passPointOfNoReturn(why: string): void {
    if (this.forwardOnly) return;
    this.pointOfNoReturnAt = now();
    this.undos.length = 0;
    this.note(why);
  }

  /** What an ending that takes back what it can leaves. */
  get leftAs(): string {
    if (this.forwardOnly) return 'Everything stays as it is.';
    return this.record.changes.length === 0 ? 'Nothing was changed.' : 'Everything done so far is taken back.';
  }

  get changedSoFar(): string {
    const { changes } = this.record;
    return changes.length === 0 ? 'Nothing has been changed so far.' : `Changed so far: ${changes.join(' · ')}`;
  }

  /** Who holds the run by the stop switch; null while nobody does. */
  get stopped(): StopSwitch['stopped'] {
    return this.stopSwitch.stopped;
  }

  /** The stop switch: waits while it is thrown; throws when a branch beside it has ended the run. A step waits here itself when what it knows may grow too old meanwhile. */
  async hold(where: string): Promise<void> {
    this.unlessEnding(() => undefined);
    if (!this.stopped) return;
    this.note(`Held ${where}: stopped by ${this.stopped.who}.`);
    // Who throws it again in the same moment in which it is lifted holds the run still.
    while (this.stopped) {
      await condition(() => this.stopped === null || this.ending !== null);
      this.unlessEnding(() => undefined);
    }
  }

  /** Does something unless a branch beside it has ended the run. */
  unlessEnding<R>(what: () => R): R {
    if (this.ending) throw this.ending.error;
    return what();
  }

  /** From here on nothing holds the run: it ends. */
  close(): void {
    this.ending = null;
    this.stopSwitch.close();
  }

  /** Time in which the run waited for people, counted once where questions wait side by side; seconds. */
  get peopleSeconds(): number {
    return this.desk.waitedSeconds(this.start.startedAt, now());
  }
}
