/** Is a finished run good news? Pure. */
import type { Report } from '../../report/report.ts';
import { endedWell } from '../../report/verdict.ts';
import { isMeasured, shortfalls } from '../../report/words.ts';
import type { RunView } from '../client.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** 0 for a plain good end within every objective and for a dry run that came to its end; 5 otherwise. */
export function exitCodeOfReport(report: Report): ExitCode {
  const inTime = report.mode === 'dry-run' || (isMeasured(report) && shortfalls(report).length === 0);
  return endedWell(report) && inTime ? exitCodes.ok : exitCodes.notGood;
}

export function exitCodeOfView(view: RunView): ExitCode {
  if (view.state === 'ended') return exitCodeOfReport(view.report);
  if (view.state === 'unattended') return exitCodes.unavailable;
  return view.state === 'broken' ? exitCodes.notGood : exitCodes.ok;
}
