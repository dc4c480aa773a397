/** A report as Markdown, for a commander who is tired: how it ended first, then what is not as it should be, then the figures, then the details. Pure. */
import { markdownTable } from 'markdown-table';
import { formatSeconds } from '../plan/durations.ts';
import { wayOf } from '../plan/rules/places.ts';
import { forMarkdown } from './media/markdown.ts';
import { away, awayTitle, clockParts } from './clock-words.ts';
import { type Clock, type FunctionRecord, type GateRecord, type Report, type StepRecord, titles, type VoteRecord } from './report.ts';
import {
  addendumLines, changedBeyond, changesTitle, dataLost, decided, ended, judged, money, objectives, oneLine, origin, recordedNote, refusalLines, rpoVerdict, rtoVerdict, secondsOr, serverRows, shortfalls, terms,
  timeOfDay, totalCost, type Verdict,
} from './words.ts'; // prettier-ignore

/** The whole report. Parts that have nothing to say are left out. */
export function renderMarkdown(recorded: Report): string {
  const report = forMarkdown(recorded);
  const parts = [
    heading(report),
    list(titles.exceptions, report.exceptions),
    list(titles.leftovers, report.leftovers),
    clockPart(report.clock),
    functionsPart(report),
    decisionsPart(report.gates),
    list('Said to the run, and come to nothing', refusalLines(report)),
    stepsPart(report.steps),
    serversPart(report),
    list(changesTitle(report), report.changes),
    list(
      'Timeline',
      report.timeline.map(({ at, text }) => `${timeOfDay(at)} ${text}`),
    ),
    list('Left out of this report', report.leftOut ?? []),
    originPart(report),
    list(titles.addendum, addendumLines(report)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(report: Report): string {
  const mode = report.mode === 'live' ? '' : ` (${report.mode})`;
  const verdict = objectives(report);
  const lost = dataLost(report);
  const lines = [
    `# ${ended(report).toUpperCase()}${mode}: ${wayOf(report.places)}`,
    '',
    report.summary,
    '',
    `- **Data lost:** ${lost.text}: ${lost.note}`,
    ...(report.addendum ? [`- **Counted since:** see "${titles.addendum}" at the end`] : []),
    `- **${awayTitle(report.clock)}:** ${away(report.clock)}`,
    `- **Objectives:** ${shortfalls(report).length === 0 ? verdict : `**${verdict}**`}`,
    `- **Run:** ${report.runId}, epoch ${report.epoch}, estate ${report.estate}, started by ${report.startedBy}`,
    `- **From** ${report.startedAt} **to** ${report.endedAt}`,
  ];
  return lines.join('\n');
}

function clockPart(clock: Clock | null): string {
  if (!clock) return '';
  const rows = [
    ...clockParts(clock).map(({ name, meaning, seconds }) => [`${name}: ${meaning}`, formatSeconds(seconds)]),
    ['**Total**', `**${secondsOr(clock.totalSeconds)}**`],
    ['Part of it spent waiting for people', formatSeconds(clock.peopleSeconds)],
  ];
  return `## The clock\n\n${table(['Part', 'Time'], rows)}`;
}

function functionsPart(report: Report): string {
  if (report.functions.length === 0) return '';
  const rows = report.functions.map((entry) => [
    entry.name,
    String(entry.tier),
    entry.status,
    verdict(rtoVerdict(report, entry)),
    verdict(rpoVerdict(report, entry)),
    entry.cost ? money(entry.cost) : '–',
  ]);
  const differences = report.functions.flatMap((entry) => entry.differences.map((difference) => `- ${entry.name}: ${difference}`));
  const remarks = differences.length === 0 ? '' : `\n\n${differences.join('\n')}`;
  return `## Functions\n\n${table(['Function', 'Tier', 'State', 'RTO', 'RPO', 'Cost of the outage'], rows)}${costTogether(report.functions)}${remarks}`;
}

function verdict({ achieved, target, judgement }: Verdict): string {
  return judgement === 'not measured' ? `not measured, target ${target}` : `${achieved} of ${target}, ${judgement}`;
}

function costTogether(functions: readonly FunctionRecord[]): string {
  const total = totalCost(functions);
  return total === '' ? '' : `\n\nCost of the outage together: ${total}.`;
}

function decisionsPart(gates: readonly GateRecord[]): string {
  if (gates.length === 0) return '';
  return `## Decisions\n\n${gates.map(decision).join('\n\n')}`;
}

function decision(gate: GateRecord): string {
  const beyond = changedBeyond(gate);
  return [`**${gate.question}** ${decided(gate)} (${terms(gate)})`, ...gate.votes.map(vote), ...(beyond === null ? [] : [`- ${beyond}`])].join('\n');
}

function vote(cast: VoteRecord): string {
  const { at, who, choice, reason } = cast;
  return `- ${timeOfDay(at)} ${who}: ${choice}${reason === '' ? '' : `, "${reason}"`} (${judged(cast)})`;
}

function stepsPart(steps: readonly StepRecord[]): string {
  if (steps.length === 0) return '';
  const rows = steps.map((step) => [
    step.name,
    step.critical ? step.result : `${step.result} (optional)`,
    step.durationSeconds === undefined ? '–' : formatSeconds(step.durationSeconds),
    step.waitedForPeopleSeconds > 0 ? formatSeconds(step.waitedForPeopleSeconds) : '–',
    step.evidence,
  ]);
  return `## Steps\n\n${table(['Step', 'Result', 'Time', 'Of it waiting for people', 'What it found or did'], rows)}`;
}

function serversPart(report: Report): string {
  const rows = serverRows(report).map(({ site, server, predicted, observed, how }) => [site, server, predicted, observed, how]);
  return rows.length === 0 ? '' : `## Who can write\n\n${table(['Site', 'Server', 'Predicted', 'Observed', 'How it is known'], rows)}`;
}

function originPart(report: Report): string {
  return `---\n\n${origin(report)}, digest \`${report.plan.digest}\`. ${recordedNote}`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${oneLine(line)}`).join('\n')}`;
}

/** A Markdown table; cells may hold any text. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(
    [titles, ...rows].map((cells) => cells.map(cell)),
    { alignDelimiters: false },
  );
}

/** Text that cannot leave its cell. */
function cell(text: string): string {
  return oneLine(text).replace(/(?<!\\)\|/g, '\\|');
}
