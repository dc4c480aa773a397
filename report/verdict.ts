/** Is how a run ended good news? Objectives are judged apart. Pure. */
import type { Report } from './report.ts';

/** True for a plain recovery, and for a dry run that came to its end. */
export function endedWell({ mode, outcome }: Pick<Report, 'mode' | 'outcome'>): boolean {
  return mode === 'dry-run' ? outcome !== 'failed' && outcome !== 'aborted' : outcome === 'recovered';
}
