/** What a demo shows: what is lost, how people recover from it, and how the run is held against what the customers saw. */
import type { Answers } from '../orchestrator/recovery.ts';
import type { Stack } from '../orchestrator/stack.ts';
import type { CustomerFigures } from '../customers/figures.ts';
import type { Comparison, ReportView } from './compare.ts';

export interface Story {
  /** Before anything is lost; its lines are for people. */
  readonly prepare: (stack: Stack, say: (line: string) => void) => Promise<void>;
  /** Loses what the story is about; resolves with what happened, for people. */
  readonly lose: (stack: Stack) => Promise<string>;
  /** Words of `dr` that start the procedure. */
  readonly starts: readonly string[];
  /** What two demo commanders answer where nobody sits at a terminal. */
  readonly answers: Answers;
  readonly compare: (report: ReportView, figures: CustomerFigures, probeIntervalSeconds: number) => Comparison;
}
