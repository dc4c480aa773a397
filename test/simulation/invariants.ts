/** What must hold after any schedule, in the words of the plan's safety rules. Each sentence that comes back is a violation; none is the wish. */
import { membersOf } from '../../plan/rules/people.ts';
import type { Plan } from '../../plan/schema.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { isChange } from './estate.ts';
import type { Lived } from './simulation.ts';

export function violations(lived: Lived, plan: Plan): string[] {
  return [
    ...oneWriter(lived),
    ...lossAsStated(lived),
    ...appliedOnce(lived),
    ...neverStuck(lived),
    ...lived.reports.flatMap((report) => [...completeRecord(report), ...honestOutcome(lived, report), ...decidedByPeople(lived, report, plan)]),
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

/** I5: the record is complete and in order. */
function completeRecord(report: Report): string[] {
  const times = report.timeline.map(({ at }) => Date.parse(at));
  return [
    ...(times.some((time, index) => index > 0 && time < (times[index - 1] ?? 0)) ? ['I5: the timeline is out of order'] : []),
    ...report.steps.filter((step) => step.result === 'running' || step.endedAt === undefined).map((step) => `I5: ${step.id} has no end on record`),
    ...report.gates.filter((gate) => gate.closedAt === undefined).map((gate) => `I5: ${gate.gate} was never closed`),
  ];
}

/** `recovered` means that: customers are at the target, which alone can write, nothing was skipped, and no exception is hidden. */
function honestOutcome({ estate, reports }: Lived, report: Report): string[] {
  if (report !== reports.at(-1) || !report.outcome.startsWith('recovered')) return [];
  const writers = report.servers.observed.filter((server) => server.server === 'database' && server.state === 'writer').map((server) => server.site);
  return [
    ...(report.outcome === 'recovered' && estate.route !== report.to ? [`The report says recovered, and customers are sent to ${estate.route}`] : []),
    ...(report.outcome === 'recovered' && writers.join() !== report.to
      ? [`The report says recovered, and it saw as writers: ${writers.join(', ') || 'none'}`]
      : []),
    ...(report.outcome === 'recovered' && report.steps.some((step) => step.result === 'skipped') ? ['A skipped step yields plain "recovered"'] : []),
    ...((report.outcome === 'recovered') === (report.exceptions.length === 0) ? [] : [`${report.outcome} with ${report.exceptions.length} exceptions`]),
  ];
}

/** Nothing is changed by a run before a quorum of distinct people, none of whom started it, has approved; and only people of the electorate count. */
function decidedByPeople({ estate }: Lived, report: Report, plan: Plan): string[] {
  const execution = estate.calls.find((call) => call.epoch === report.epoch && report.epoch > 0)?.execution;
  const own = estate.calls.filter((call) => isChange(call.name) && call.name !== 'storeReport' && call.execution === execution && execution !== undefined);
  const approved = report.gates.find((gate) => gate.gate.startsWith('activation') && gate.decision === 'approve');
  const early = own.filter((call) => !approved || Date.parse(call.at) < Date.parse(approved.closedAt ?? ''));
  return [
    ...early.map((call) => `${call.name} was called at ${call.at}, before people had approved`),
    ...report.gates.flatMap((gate) => wronglyDecided(gate, report, plan)),
  ];
}

function wronglyDecided(gate: GateRecord, report: Report, plan: Plan): string[] {
  const terms = plan.procedures.regionalFailover.gates.find((candidate) => gate.gate.startsWith(candidate.id));
  const may = new Set(membersOf(plan, terms?.electorate ?? []).filter((person) => person !== report.startedBy));
  const counted = gate.votes.filter((vote) => vote.result === 'counted');
  const last = new Map(counted.map((vote) => [vote.who, vote.choice.split(' ')[0]]));
  const agreeing = [...last.values()].filter((choice) => choice === gate.decision).length;
  const byPeople = !/^(expired|stopped|not asked|settled)/.test(gate.decision);
  return [
    ...counted.filter((vote) => !may.has(vote.who)).map((vote) => `A vote of ${vote.who} counted on ${gate.gate}`),
    ...(byPeople && agreeing < (terms?.quorum ?? 2) ? [`${gate.gate} was decided "${gate.decision}" by ${agreeing} people`] : []),
  ];
}
