/** A report as Markdown, for a commander who is tired: how it ended first, then what is not as it should be, then the figures, then the details. Pure. */
import { formatSeconds } from '../plan/durations.ts';
import { describeLoss } from '../plan/rules/loss.ts';
import { judgeRpo, judgeRto } from '../plan/rules/objectives.ts';
import type { ClockSplit, FunctionRecord, GateRecord, Report, ServerRecord, StepRecord, VoteRecord } from './report.ts';

/** The whole report. Parts that have nothing to say are left out. */
export function renderMarkdown(report: Report): string {
  const parts = [
    heading(report),
    list('Not as planned', report.exceptions),
    list('Left to do', report.leftovers),
    clockPart(report.clock),
    functionsPart(report),
    decisionsPart(report.gates),
    stepsPart(report.steps),
    serversPart(report),
    list(report.mode === 'dry-run' ? 'What would have been changed' : 'What was changed', report.changes),
    list(
      'Timeline',
      report.timeline.map(({ at, text }) => `${time(at)} ${text}`),
    ),
    originPart(report),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(report: Report): string {
  const mode = report.mode === 'live' ? '' : ` (${report.mode})`;
  const lines = [
    `# ${report.outcome.toUpperCase()}${mode}: ${report.from} → ${report.to}`,
    '',
    report.summary,
    '',
    `- **Data lost:** ${describeLoss(report.loss)}`,
    `- **Outage:** ${report.clock ? outage(report.clock) : 'no failure is on record'}`,
    `- **Objectives:** ${objectives(report.functions)}`,
    `- **Run:** ${report.runId}, epoch ${report.epoch}, estate ${report.estate}, started by ${report.startedBy}`,
    `- **From** ${report.startedAt} **to** ${report.endedAt}`,
  ];
  return lines.join('\n');
}

function outage({ totalSeconds, failedSince, failedSinceBasis }: ClockSplit): string {
  const since = `since ${failedSince}${failedSinceBasis === 'asserted' ? ' (asserted by a person)' : ''}`;
  return totalSeconds === 'not reached' ? `not ended by this run, ${since}` : `${formatSeconds(totalSeconds)} ${since}`;
}

/** Which objectives were missed; the answer in one line. */
function objectives(functions: readonly FunctionRecord[]): string {
  const verdicts = functions.map((entry) => ({
    name: entry.name,
    rto: judgeRto(entry.rtoSeconds.target, entry.rtoSeconds.achieved),
    rpo: judgeRpo(entry.rpoSeconds.target, entry.rpoSeconds.achieved),
  }));
  if (verdicts.length === 0) return 'no function was served';
  const short = verdicts.flatMap(({ name, rto, rpo }) => [
    ...(rto === 'met' ? [] : [`${name}: RTO ${rto}`]),
    ...(rpo === 'met' ? [] : [`${name}: RPO ${rpo}`]),
  ]);
  return short.length === 0 ? `all met for ${verdicts.length} functions` : `**${short.join('; ')}**`;
}

function clockPart(clock: ClockSplit | null): string {
  if (!clock) return '';
  const rows: readonly (readonly [string, string])[] = [
    ['Detection: first failed observation until people were asked', formatSeconds(clock.detectionSeconds)],
    ['Decision: until people had answered', formatSeconds(clock.decisionSeconds)],
    ['Execution: until verified and ready for traffic', formatSeconds(clock.executionSeconds)],
    [`Routing by ${cell(clock.routingMethod)}: until the authoritative answer`, formatSeconds(clock.routingSeconds)],
    ['TTL that was served: until the last cache has forgotten', formatSeconds(clock.ttlSeconds)],
    ['**Total**', clock.totalSeconds === 'not reached' ? '**not reached**' : `**${formatSeconds(clock.totalSeconds)}**`],
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
    `${achieved(entry.rtoSeconds.achieved)} of ${formatSeconds(entry.rtoSeconds.target)}, ${judgeRto(entry.rtoSeconds.target, entry.rtoSeconds.achieved)}`,
    `${describeLoss(entry.rpoSeconds.achieved)} of ${formatSeconds(entry.rpoSeconds.target)}, ${judgeRpo(entry.rpoSeconds.target, entry.rpoSeconds.achieved)}`,
    entry.cost ? `${money(entry.cost.amount)} ${entry.cost.currency}` : '–',
  ]);
  const differences = report.functions.flatMap((entry) => entry.differences.map((difference) => `- ${entry.name}: ${difference}`));
  const remarks = differences.length === 0 ? '' : `\n\n${differences.join('\n')}`;
  return `## Functions\n\n${table(['Function', 'Tier', 'State', 'RTO', 'RPO', 'Cost of the outage'], rows)}${totalCost(report.functions)}${remarks}`;
}

function achieved(value: number | 'not reached'): string {
  return value === 'not reached' ? value : formatSeconds(value);
}

function totalCost(functions: readonly FunctionRecord[]): string {
  const byCurrency = new Map<string, number>();
  for (const { cost } of functions) if (cost) byCurrency.set(cost.currency, (byCurrency.get(cost.currency) ?? 0) + cost.amount);
  if (byCurrency.size === 0) return '';
  return `\n\nCost of the outage together: ${[...byCurrency].map(([currency, amount]) => `${money(amount)} ${currency}`).join(', ')}.`;
}

function money(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function decisionsPart(gates: readonly GateRecord[]): string {
  if (gates.length === 0) return '';
  return `## Decisions\n\n${gates.map(decision).join('\n\n')}`;
}

function decision(gate: GateRecord): string {
  const wait = gate.closedAt === undefined ? '' : `, after ${formatSeconds((Date.parse(gate.closedAt) - Date.parse(gate.openedAt)) / 1000)}`;
  const title = `**${gate.question}** ${gate.decision}${wait} (gate ${gate.gate}, quorum ${gate.quorum} of ${gate.electorate.length}, identity: ${gate.identity})`;
  return [title, ...gate.votes.map(vote)].join('\n');
}

function vote({ at, who, choice, reason, result, note }: VoteRecord): string {
  const judged = result === 'counted' ? 'counted' : `${result}: ${note}`;
  return `- ${time(at)} ${who}: ${choice}${reason === '' ? '' : `, "${reason}"`} (${judged})`;
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

function serversPart({ servers }: Report): string {
  const { predicted, observed } = servers;
  if (predicted.length === 0 && observed.length === 0) return '';
  const expected = (server: ServerRecord): string => predicted.find((entry) => entry.site === server.site && entry.server === server.server)?.state ?? '–';
  const shown = observed.length > 0 ? observed : predicted;
  const rows = shown.map((server) => [server.site, server.server, expected(server), observed.length > 0 ? server.state : 'not observed', server.how]);
  return `## Who can write\n\n${table(['Site', 'Server', 'Predicted', 'Observed', 'How it is known'], rows)}`;
}

function originPart({ plan, procedure }: Report): string {
  return `---\n\nProcedure ${procedure}, plan ${plan.name} ${plan.version}, digest \`${plan.digest}\`. Times are UTC; every figure was recorded during the run.`;
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.map((line) => `- ${oneLine(line)}`).join('\n')}`;
}

/** A Markdown table; cells may hold any text. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [row(titles), `| ${titles.map(() => '---').join(' | ')} |`, ...rows.map(row)].join('\n');
}

/** Text that cannot leave its cell. */
function cell(text: string): string {
  return oneLine(text).replace(/(?<!\\)\|/g, '\\|');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Time of day to the tenth of a second; the day stands in the heading. */
function time(at: string): string {
  return `${new Date(at).toISOString().slice(11, 21)}Z`;
}
