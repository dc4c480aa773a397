/** What a procedure is: how it may be started, its runbook, and its own part of what people read. Everything else all procedures share. */
import type { z } from 'zod';
import type { ProcedureName, StepIdOf } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import type { RunStatus, StartInput } from '../wire/messages.ts';
import type { Course } from './course.ts';
import type { Run } from './run.ts';

/** What a procedure adds to the status that all runs have. */
export type StatusPart = Pick<RunStatus, 'forecast' | 'rtoEndsAt' | 'failedSince' | 'loss'>;
/** What a procedure adds to the report that all runs have. */
export type ReportPart = Pick<Report, 'clock' | 'loss' | 'servers' | 'functions'>;

export interface ProcedureDefinition<Name extends ProcedureName, Input extends StartInput, Facts> {
  readonly name: Name;
  /** What may start it. Read before anything else is done. */
  readonly form: z.ZodType;
  readonly placesOf: (input: Input) => Places;
  /** Throws `refused` for places that the plan does not have, or that cannot be right; nothing is touched by then. */
  readonly checkPlaces: (plan: Plan, places: Places) => void;
  /** What the run is to learn, before it has. */
  readonly newFacts: (input: Input) => Facts;
  /** The runbook: one await is one step, or steps that run side by side. */
  readonly body: (run: Run<StepIdOf<Name>>, facts: Facts) => Promise<void>;
  /** Reads how the estate stands at the end of a run that did not come to its last step. */
  readonly readEnd: (run: Course, facts: Facts) => Promise<void>;
  /** What it does, as people say it: in the infinitive, and as done. */
  readonly aim: (run: Course) => { readonly toDo: string; readonly done: string };
  readonly status: (run: Course, facts: Facts) => StatusPart;
  readonly report: (run: Course, facts: Facts) => ReportPart;
}
