/** What must hold after any schedule, in the words of the plan's safety rules; what a report alone tells is judged as in the lab (test/invariants/record.ts). Each sentence that comes back is a violation; none is the wish. */
import type { Plan } from '../../plan/schema.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { recordViolations } from '../invariants/record.ts';
import { isChange } from './estate.ts';
import type { Lived } from './simulation.ts';

export function violations(lived: Lived, plan: Plan): string[] {
  return [
    ...oneWriter(lived),
    ...lossAsStated(lived),
    ...appliedOnce(lived),
    ...neverStuck(lived),
    ...lived.reports.flatMap((report) => [...recordViolations(report, plan), ...routedAsTold(lived, report), ...changedOnceApproved(lived, report)]),
  ];
}

/** I1: two databases never acknowledge at once, unless people had accepted the risk of an unproven fence before. */
function oneWriter({ estate, gates }: Lived): string[] {
  return estate.splits
    .filter(({ at }) => !gates.some((gate) => acceptsRisk(gate) && Date.parse(gate.closedAt ?? '') <= at))
    .map(({ at, sites }) => `I1: at ${new Date(at).toISOString()} both ${sites.join(' and ')} acknowledge writes`);
}

const acceptsRisk = (gate: GateRecord): boolean => gate.gate.startsWith('accepted-risk') && gate.decision.startsWith('accept');

/**
 * I2: a loss that a report calls proven 0 or bounded is no greater. Where people went on without a proven fence, the report says from when on it assumes that nothing was
 * acknowledged any more; until then it is held to its word.
 */
function lossAsStated({ estate, reports, declared }: Lived): string[] {
  return reports
    .filter((report) => report.outcome.startsWith('recovered'))
    .flatMap((report) => {
      const unproven = report.gates.find((gate) => acceptsRisk(gate) && gate.question.includes('not proven fenced'));
      const assumed = unproven ? Date.parse(declared ? unproven.openedAt : (report.clock?.failedSince ?? '')) : Infinity;
      const lost = estate.lost().filter((row) => row.at <= assumed);
      const [first, last] = [lost[0], lost.at(-1)];
      if (!first || !last) return [];
      if (report.loss.kind === 'proven 0') return [`I2: ${lost.length} acknowledged rows are lost, and the report says proven 0`];
      const seconds = (last.at - first.at) / 1000;
      return report.loss.kind === 'at most' && seconds > report.loss.seconds
        ? [`I2: ${seconds} s of acknowledged rows are lost, and the report says at most ${report.loss.seconds} s`]
        : [];
    });
}

/** I3: nothing irreversible takes effect twice, however often it was tried. */
function appliedOnce({ estate, secondStarted }: Lived): string[] {
  const twice = [...estate.applied].filter(([what, times]) => times > 1 && /: (promoted|writer)$/.test(what) && !what.includes('us-east-1'));
  return [...twice.map(([what, times]) => `I3: ${what}, ${times} times`), ...(secondStarted ? ['I3: a second run was let in beside an open one'] : [])];
}

/** I4: a run ends, or waits for people and says so. */
function neverStuck({ stuck }: Lived): string[] {
  return stuck && !stuck.gate && !stuck.stopped ? [`I4: nothing happens any more in phase ${stuck.phase}: ${stuck.timeline.at(-1)?.text ?? ''}`] : [];
}

/** `recovered` also means that customers are at the target. */
function routedAsTold({ estate, reports }: Lived, report: Report): string[] {
  if (report !== reports.at(-1) || report.outcome !== 'recovered' || estate.route === report.to) return [];
  return [`The report says recovered, and customers are sent to ${estate.route}`];
}

/** Nothing is changed by a run before people have approved. */
function changedOnceApproved({ estate }: Lived, report: Report): string[] {
  const execution = estate.calls.find((call) => call.epoch === report.epoch && report.epoch > 0)?.execution;
  const own = estate.calls.filter((call) => isChange(call.name) && call.name !== 'storeReport' && call.execution === execution && execution !== undefined);
  const approved = report.gates.find((gate) => gate.gate.startsWith('activation') && gate.decision === 'approve');
  const early = own.filter((call) => !approved || Date.parse(call.at) < Date.parse(approved.closedAt ?? ''));
  return early.map((call) => `${call.name} was called at ${call.at}, before people had approved`);
}
