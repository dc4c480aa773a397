/** What a commander sees in Temporal UI without opening an event: Markdown, what matters first. Pure. */
import { clockTime } from '../../plan/durations.ts';
import { wayOf } from '../../plan/rules/places.ts';
import { describeLoss } from '../../plan/rules/loss.ts';
import { markdownText } from '../../report/media/markdown.ts';
import { inEveryText } from '../../report/media/visible.ts';
import { titles } from '../../report/report.ts';
import { cutText } from '../../plan/rules/cut.ts';
import { beginningWithin, detailsBytesMax, lineLengthMax } from '../wire/bounds.ts';
import type { OpenGate, RunStatus } from '../wire/messages.ts';

/** Temporal UI clips long details, so the question and the clock stand above everything else. */
export function detailsOf(recorded: RunStatus): string {
  // The timeline is the longest of all, and is not shown here.
  const status = inEveryText({ ...recorded, timeline: [] }, (text) => markdownText(cutText(text, lineLengthMax)));
  const refused = list('Refused, the latest first', status.refused.slice(-5).reverse());
  const changed = status.mode === 'dry-run' ? 'Would change' : status.outcome ? 'Changed' : 'Changed so far';
  const parts = [
    headline(status),
    ...(status.loss ? [`**Loss${status.lossOf === undefined ? '' : ` of ${status.lossOf}`}**: ${describeLoss(status.loss)}`] : []),
    ...(status.gate ? gateDetails(status.gate, status.ifNobodyDecides, refused, recorded.gate?.exampleVote) : []),
    ...list(titles.exceptions, status.exceptions),
    ...list(titles.leftovers, status.leftovers),
    ...list(changed, status.changes),
    stepTable(status),
    ...(status.gate ? [] : refused),
  ];
  return beginningWithin(detailsBytesMax, parts.join('\n\n'));
}

function headline(status: RunStatus): string {
  const mode = status.mode === 'live' ? '' : ` · **${status.mode}: nothing is changed**`;
  const stopped = status.stopped ? `\n\n**STOPPED by ${status.stopped.who}**: ${status.stopped.reason}. Continue with the signal \`resume\`.` : '';
  const outcome = status.outcome ? `**${status.outcome}**` : `phase **${status.phase}**`;
  return `### ${wayOf(status.places)}: ${outcome}${mode}\n\n${clockLine(status)}${stopped}`;
}

/** These lines are written at events only and read at any time, so times of day stand before what has passed. */
function clockLine({ at, failedSince, forecast, outcome, rtoEndsAt }: RunStatus): string {
  const since = failedSince ? `failed since ${clockTime(failedSince)} on ${failedSince.slice(0, 10)}` : '';
  const end = rtoEndsAt && !outcome ? `**RTO ends at ${clockTime(rtoEndsAt)}**` : '';
  return [end, since, `${forecast}, as of ${clockTime(at)}`].filter((part) => part !== '').join(' · ');
}

/** A refusal stands before the vote to copy: whoever was refused looks for it there. */
function gateDetails(gate: OpenGate, silence: string | null, refused: readonly string[], example: OpenGate['exampleVote'] | undefined): string[] {
  const totals =
    Object.entries(gate.totals)
      .map(([choice, total]) => `${choice} ${total}`)
      .join(', ') || 'none yet';
  return [
    `## ${gate.question}`,
    `Votes: **${totals}** of ${gate.quorum} needed · open until **${clockTime(gate.deadlineAt)}**; if nobody decides by then, ${silence} · identity: asserted`,
    ...refused,
    `More Actions → **Send an Update** (answers at once) or **Send a Signal**, name \`vote\`, with your id and your reason in:`,
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    `May vote: ${gate.electorate.join(', ')}`,
    bullets(gate.choices.map(choice)),
    `**Evidence** as of ${clockTime(gate.evidenceAt)}\n\n${bullets(gate.evidence)}`,
  ];
}

/** The word to vote for stands out from what it does. */
function choice(text: string): string {
  const [word, ...meaning] = text.split(': ');
  return `**${word}**: ${meaning.join(': ')}`;
}

/** Nothing where there is nothing to say. */
function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`**${title}**\n\n${bullets(lines)}`];
}

function stepTable(status: RunStatus): string {
  const done = status.steps.map(
    (step) =>
      `| ${step.result} | ${cell(step.name)} | ${step.durationSeconds === undefined ? '' : `${step.durationSeconds.toFixed(1)} s`} | ${cell(step.evidence)} |`,
  );
  const pending = status.pendingStepNames.map((name) => `| – | ${cell(name)} | | |`);
  return ['| | step | time | evidence |', '|---|---|---|---|', ...done, ...pending].join('\n');
}

/** Long enough for two losses with what they take for granted: a figure without its assumption says too much. */
const cellCharactersMax = 500;

function cell(text: string): string {
  // Half of an escape would take the cell's own border with it.
  return text.slice(0, cellCharactersMax).replace(/\\+$/, '');
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
