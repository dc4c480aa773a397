/** What a report alone tells of a run that has ended, whether it ran in the lab or in the simulation: a complete record in order, an honest outcome, and decisions by the right people. */
import { membersOf } from '../../plan/rules/people.ts';
import type { Plan } from '../../plan/schema.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { runbookOf } from '../driven/driven.ts';

/** One sentence for each violation. */
export function recordViolations(report: Report, plan: Plan): string[] {
  return [...completeRecord(report), ...honestOutcome(report), ...report.gates.flatMap((gate) => wronglyDecided(gate, report, plan))];
}

/** I5: every step and question has its end, the timeline tells of each step and of the end, and all is in the order of time. */
function completeRecord({ timeline, steps, gates, outcome }: Report): string[] {
  const told = (sentence: string) => timeline.some(({ text }) => text.startsWith(sentence));
  return [
    ...(inOrder(timeline.map(({ at }) => at)) ? [] : ['I5: the timeline of the report is not in the order of time.']),
    ...(inOrder(steps.map(({ startedAt }) => startedAt)) ? [] : ['I5: the steps of the report are not in the order of time.']),
    ...steps.filter((step) => step.result === 'running' || step.endedAt === undefined).map(({ name }) => `I5: "${name}" has no end in the report.`),
    ...steps
      .filter(({ startedAt, endedAt }) => endedAt !== undefined && Date.parse(endedAt) < Date.parse(startedAt))
      .map(({ name }) => `I5: "${name}" ended before it began.`),
    ...steps.filter(({ name }) => !told(`${name}: `)).map(({ name }) => `I5: "${name}" is not in the timeline.`),
    ...gates.filter((gate) => gate.closedAt === undefined).map((gate) => `I5: the question ${gate.gate} has no end in the report.`),
    ...(timeline.at(-1)?.text.startsWith(`Ended: ${outcome}.`) ? [] : ['I5: the timeline does not end with how the run ended.']),
  ];
}

const inOrder = (times: readonly string[]): boolean => times.every((time, at) => at === 0 || Date.parse(time) >= Date.parse(times[at - 1] ?? ''));

/** `recovered` means that: the target alone was seen to write, nothing was skipped, and no exception is hidden. */
function honestOutcome(report: Report): string[] {
  if (!report.outcome.startsWith('recovered')) return [];
  const plain = report.outcome === 'recovered';
  const writers = report.servers.observed.filter((server) => server.server === 'database' && server.state === 'writer').map(({ site }) => site);
  return [
    ...(plain && writers.join() !== report.places.target ? [`The report says recovered, and it saw as writers: ${writers.join(', ') || 'none'}.`] : []),
    ...(plain && report.steps.some((step) => step.result === 'skipped') ? ['A skipped step yields plain "recovered".'] : []),
    ...(plain === (report.exceptions.length === 0) ? [] : [`The report says ${report.outcome}, with ${report.exceptions.length} exceptions.`]),
  ];
}

/** Only people of the plan's electorate count, never the starter, and what people decided has a quorum of distinct people. */
function wronglyDecided(gate: GateRecord, report: Report, plan: Plan): string[] {
  const terms = runbookOf(plan, report.procedure).gates.find((candidate) => gate.gate.startsWith(candidate.id));
  const may = new Set(membersOf(plan, terms?.electorate ?? []).filter((person) => person !== report.startedBy));
  const counted = gate.votes.filter((vote) => vote.result === 'counted');
  const last = new Map(counted.map((vote) => [vote.who, vote.choice.split(' ')[0]]));
  const agreeing = [...last.values()].filter((choice) => choice === gate.decision).length;
  const byPeople = !/^(expired|stopped|not asked|settled)/.test(gate.decision);
  return [
    ...counted.filter((vote) => !may.has(vote.who)).map((vote) => `A vote of ${vote.who} counted on ${gate.gate}.`),
    ...(byPeople && agreeing < (terms?.quorum ?? 2) ? [`${gate.gate} was decided "${gate.decision}" by ${agreeing} people.`] : []),
  ];
}
