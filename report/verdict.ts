/** Is how a run ended good news? Objectives are judged apart. Pure. */
import type { Report } from './report.ts';

/** True for a plain recovery, and for a dry run that nothing would have stopped. */
export function endedWell({ mode, outcome, exceptions }: Pick<Report, 'mode' | 'outcome' | 'exceptions'>): boolean {
  return mode === 'dry-run' ? outcome === 'stood down' && exceptions.length === 0 : outcome === 'recovered';
}
