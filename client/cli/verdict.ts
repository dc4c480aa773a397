/** Is a finished run good news? Pure. */
import { judgeRpo, judgeRto } from '../../plan/rules/objectives.ts';
import type { FunctionRecord, Report } from '../../report/report.ts';
import { endedWell } from '../../report/verdict.ts';
import type { RunView } from '../client.ts';
import { exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** 0 for a plain recovery within every objective and for a dry run that came to its end; 5 otherwise. */
export function exitCodeOfReport(report: Report): ExitCode {
  const inTime = report.mode === 'dry-run' || missedObjectives(report).length === 0;
  return endedWell(report) && inTime ? exitCodes.ok : exitCodes.notGood;
}

export function exitCodeOfView(view: RunView): ExitCode {
  if (view.state === 'ended') return exitCodeOfReport(view.report);
  if (view.state === 'unattended') return exitCodes.unavailable;
  return view.state === 'broken' ? exitCodes.notGood : exitCodes.ok;
}

/** One sentence for each function that was not back, or not with so little loss, in time. */
export function missedObjectives(report: Report): readonly string[] {
  return report.functions.flatMap((record) => [...missedRto(record), ...missedRpo(record)]);
}

function missedRto({ name, rtoSeconds }: FunctionRecord): string[] {
  const judgement = judgeRto(rtoSeconds.target, rtoSeconds.achieved);
  if (judgement === 'not reached') return [`${name}: not recovered`];
  return judgement === 'missed' ? [`${name}: RTO of ${rtoSeconds.target} s missed with ${rtoSeconds.achieved} s`] : [];
}

function missedRpo({ name, rpoSeconds }: FunctionRecord): string[] {
  const loss = rpoSeconds.achieved;
  if (loss.kind === 'unknown') return [`${name}: how much was lost is not known`];
  return loss.kind === 'at most' && judgeRpo(rpoSeconds.target, loss) === 'missed'
    ? [`${name}: RPO of ${rpoSeconds.target} s missed with up to ${loss.seconds} s`]
    : [];
}
