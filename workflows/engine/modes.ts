/** How the modes differ: the one place. Procedures never ask for the mode. */
import type { Mode } from '../../report/report.ts';

export interface ModeRules {
  /** `apply` carries changes out; `print` writes down what would be done and touches nothing. */
  readonly changes: 'apply' | 'print';
  /** `ask` waits for people; `show` writes down what would be asked and goes on. */
  readonly gates: 'ask' | 'show';
}

export const modes: Readonly<Record<Mode, ModeRules>> = {
  live: { changes: 'apply', gates: 'ask' },
  'dry-run': { changes: 'print', gates: 'show' },
};
