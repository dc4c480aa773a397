/** How the modes differ: the one place. Procedures never ask for the mode. */
import type { Mode } from '../../report/report.ts';

export interface ModeRules {
  /** `apply` carries changes out; `print` writes down what would be done and touches nothing. */
  readonly changes: 'apply' | 'print';
  /** `ask` waits for people; `show` writes down what would be asked and goes on. */
  readonly gates: 'ask' | 'show';
  /** Whether a site that is alive ends the run. */
  readonly failure: 'must be confirmed' | 'is only reported';
}

export const modes: Readonly<Record<Mode, ModeRules>> = {
  live: { changes: 'apply', gates: 'ask', failure: 'must be confirmed' },
  'dry-run': { changes: 'print', gates: 'show', failure: 'is only reported' },
};
