/** What a procedure is: its runbook, and its own part of what people read. How it is started stands in a file of `wire/` that `wire/starts.ts` names, its steps in `plan/catalogue/`; everything else all procedures share. */
import type { ProcedureName, StepIdOf } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { Plan } from '../../plan/schema.ts';
import type { GoodEnd, Phase, Report } from '../../report/report.ts';
import type { RunStatus } from '../wire/messages.ts';
import type { StartInputs } from '../wire/starts.ts';
import type { Course } from './course.ts';
import type { Run } from './run.ts';

/** What a procedure adds to the status that all runs have. */
export type StatusPart = Pick<RunStatus, 'forecast' | 'rtoEndsAt' | 'failedSince' | 'loss' | 'lossOf'>;
/** What a procedure adds to the report that all runs have. */
export type ReportPart = Pick<Report, 'clock' | 'loss' | 'servers' | 'functions'>;

export interface ProcedureDefinition<Name extends ProcedureName, Facts> {
  readonly name: Name;
  /** Where a run of it is from its start on. */
  readonly firstPhase: Phase;
  /** Gate at which people decide whether it begins: by then nothing is changed, and silence there changes nothing. */
  readonly beginsAt: string;
  /** What its good end is called. */
  readonly goodEnd: GoodEnd;
  /** Throws `refused` for places that the plan does not have, or that cannot be right; nothing is touched by then. */
  readonly checkPlaces: (plan: Plan, places: Places) => void;
  /** What the run is to learn, before it has. */
  readonly newFacts: (input: StartInputs[Name]) => Facts;
  /** The runbook: one await is one step, or steps that run side by side. */
  readonly body: (run: Run<StepIdOf<Name>>, facts: Facts) => Promise<void>;
  /** Reads how the estate stands at the end of a run that did not come to its last step. */
  readonly readEnd: (run: Course, facts: Facts) => Promise<void>;
  readonly status: (run: Course, facts: Facts) => StatusPart;
  readonly report: (run: Course, facts: Facts) => ReportPart;
}
