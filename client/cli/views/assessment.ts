/** An assessment as people read it: what is recommended first. Pure. */
import { clockTime, formatSeconds } from '../../../plan/durations.ts';
import { explainLoss } from '../../../plan/rules/loss.ts';
import { forTerminal } from '../../../report/media/terminal.ts';
import type { AssessmentResult } from '../../../workflows/wire/messages.ts';
import { section, table } from './text.ts';

export function renderAssessment(found: AssessmentResult): string {
  const assessment = forTerminal(found);
  const since = assessment.failedSince ? `, failing since ${clockTime(assessment.failedSince)}` : '';
  return [
    `${assessment.from}: ${assessment.verdict}${since} (as of ${clockTime(assessment.at)})\n`,
    `Recommendation: ${assessment.recommendation}\n`,
    `Score ${assessment.score} → escalation level ${assessment.escalationLevel}\n`,
    section('Score', assessment.scoreParts),
    `The source document's rule would: ${assessment.sourceRuleAction}\n`,
    `Restart in place: ${assessment.restartInPlace.eligible ? 'possible' : 'not possible'}: ${assessment.restartInPlace.reason}\n`,
    'Seen from\n',
    `${table(
      ['observer', 'kind', 'verdict', 'detail'],
      assessment.vantages.map((vantage) => [vantage.observer, vantage.kind, vantage.verdict, vantage.detail]),
    )}\n`,
    section('Clocks', assessment.clocks ?? []),
    section('At the public name', assessment.records ?? []),
    'Targets\n',
    `${table(
      ['site', 'eligible', 'lag', 'estimated loss', 'estimated time', 'why'],
      assessment.targets.map((target) => [
        target.site,
        target.eligible ? 'yes' : 'no',
        target.lagBytes === 'unknown' ? 'unknown' : `${target.lagBytes} bytes`,
        explainLoss(target.estimatedLoss),
        formatSeconds(target.estimatedSeconds),
        target.reasons.join('; '),
      ]),
    )}\n`,
  ].join('');
}
