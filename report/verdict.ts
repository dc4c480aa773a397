/** Is how a run ended good news? Objectives are judged apart. Pure. */
import type { Outcome, Report } from './report.ts';

/** True for a plain good end, and for a dry run that nothing would have stopped. */
export function endedWell({ mode, outcome, exceptions }: Pick<Report, 'mode' | 'outcome' | 'exceptions'>): boolean {
  return mode === 'dry-run' ? outcome === 'stood down' && exceptions.length === 0 : outcome === 'recovered' || outcome === 'done';
}

/** Whether a run came to the end that it was meant to come to, be it with exceptions. */
export function cameToItsEnd(outcome: Outcome): boolean {
  return ['recovered', 'done'].includes(outcome.replace(' with exceptions', ''));
}
