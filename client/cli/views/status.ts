/** A run as people see it on a terminal: what is asked first, then the clock, what is not as planned, the steps and the changes. Pure. */
import { clockTime, formatSeconds } from '../../../plan/durations.ts';
import { wayOf } from '../../../plan/rules/places.ts';
import { explainLoss } from '../../../plan/rules/loss.ts';
import { type Report, type StepRecord, type TimelineEntry, titles } from '../../../report/report.ts';
import type { OpenGate, RunStatus } from '../../../workflows/wire/messages.ts';
import type { RunView } from '../../client.ts';
import type { HistoricChange } from '../../history.ts';
import { explainStuck } from '../../stuck.ts';
import type { StuckWorkflow } from '../../stuck.ts';
import { away, awayTitle } from '../../../report/clock-words.ts';
import { dataLost, isMeasured, objectives, shortfalls } from '../../../report/words.ts';
import { forTerminal } from '../../../report/media/terminal.ts';
import { section, table } from './text.ts';

/** Lines of a list that one page shows, the latest ones; the report and `--json` have them all. */
const linesShown = 12;
/** Refusals and votes that one page shows. */
const messagesShown = 5;
const stepsShown = 40;
const stuckShown = 5;

/** The whole page: about one screen, whatever the run was told. */
export function renderView(seen: RunView): string {
  const view = forTerminal(seen);
  switch (view.state) {
    case 'running':
      return renderStatus(view.status);
    case 'ended':
      return renderEnd(view.report);
    case 'unattended':
      return renderHistory(`${view.runId} is open, and gives no answer. ${view.reason}`, view.next, view.changes);
    case 'broken':
      return renderHistory(
        `${view.runId} ended without a report: ${view.reason}.`,
        'A new run looks at the estate itself and goes on from there.',
        view.changes,
      );
  }
}

/** Open workflows that cannot go on, one line each; of many the first ones, and how many there are. */
export function renderStuck(stuck: readonly StuckWorkflow[]): string {
  const lines = forTerminal(stuck.slice(0, stuckShown)).map((workflow) => `STUCK: ${explainStuck(workflow)}\n`);
  const more = stuck.length - lines.length;
  return `${lines.join('')}${more > 0 ? `STUCK: ${more} more workflows cannot go on. All of them: dr status --json\n` : ''}`;
}

/** What is new since the last view, as lines for a log. */
export function renderProgress(seen: RunView, last: RunView | undefined): string {
  const view = forTerminal(seen);
  if (view.state !== 'running') return renderView(view);
  const before = last?.state === 'running' ? last.status : undefined;
  const entries = view.status.timeline.slice(before?.timeline.length ?? 0).map(timelineLine);
  const { gate } = view.status;
  const asked = gate && gate.gate !== before?.gate?.gate ? renderGate(gate, view.status) : '';
  return `${entries.map((line) => `${line}\n`).join('')}${asked}`;
}

function renderStatus(status: RunStatus): string {
  const { gate, stopped } = status;
  const parts = [
    `${status.runId}  ${status.mode} ${status.procedure} ${wayOf(status.places)}  phase: ${status.phase}  epoch: ${status.epoch}\n`,
    stopped
      ? `STOPPED at ${clockTime(stopped.at)} by ${stopped.who}: ${stopped.reason}\n  Go on: dr resume --run ${status.runId} --as <person> --reason "<why>"\n`
      : '',
    gate ? renderGate(gate, status) : '',
    `Clock: ${clockLine(status)}\n`,
    status.loss ? `Loss: ${explainLoss(status.loss)}\n` : '',
    section(titles.exceptions, latest(linesShown, status.exceptions)),
    section(titles.leftovers, latest(linesShown, status.leftovers)),
    stepTable(status.steps, status.pendingStepNames),
    section(status.mode === 'dry-run' ? 'Would change' : 'Changed so far', latest(linesShown, status.changes)),
    section('Refused', latest(messagesShown, status.refused)),
    section('Last entries', status.timeline.slice(-5).map(timelineLine)),
  ];
  return parts.join('');
}

/** The forecast is as old as the run's last event; the end of the RTO holds at any time. */
function clockLine({ at, failedSince, forecast, rtoEndsAt }: RunStatus): string {
  const since = failedSince ? `, failing since ${clockTime(failedSince)}` : '';
  return `${forecast} (as of ${clockTime(at)})${since}${rtoEndsAt ? `, RTO ends at ${clockTime(rtoEndsAt)}` : ''}`;
}

function renderGate(gate: OpenGate, { runId, ifNobodyDecides }: RunStatus): string {
  const votes = gate.votes.map((vote) => `${vote.who}: ${vote.choice} (${vote.reason})${vote.result === 'counted' ? '' : `, ${vote.result}: ${vote.note}`}`);
  return [
    `QUESTION ${gate.gate}, open until ${clockTime(gate.deadlineAt)}, identity: asserted\n  ${gate.question}\n`,
    `If nobody decides by then, ${ifNobodyDecides}.\n`,
    section(`Evidence as of ${clockTime(gate.evidenceAt)}`, gate.evidence),
    section('Choices', gate.choices),
    section(`Votes (${gate.quorum} of ${gate.electorate.join(', ')} must agree)`, votes.length > 0 ? latest(messagesShown * 2, votes) : ['none yet']),
    `Vote: dr vote --run ${runId} --gate ${gate.gate} --choice '${gate.exampleVote.choice}' --as <person> --reason "<why>"\n\n`,
  ].join('');
}

function stepTable(steps: readonly StepRecord[], pending: readonly string[]): string {
  // A step that people had tried again and again is there as often; the table is of the latest.
  const shown = steps.slice(-stepsShown);
  const done = shown.map((step) => [step.result, step.name, step.durationSeconds === undefined ? '' : formatSeconds(step.durationSeconds), step.evidence]);
  return `${table(['', 'step', 'took', 'found'], [...done, ...pending.map((name) => ['', name, '', ''])])}\n`;
}

function renderEnd(report: Report): string {
  const dryRun = report.mode === 'dry-run';
  const lost = dataLost(report);
  return [
    `${report.runId}: ${report.outcome}. ${report.summary}\n`,
    section(titles.exceptions, report.exceptions),
    section(titles.leftovers, report.leftovers),
    dryRun ? section('A live run would, in this order', report.changes) : objectivesPart(report),
    dryRun ? '' : `Loss: ${lost.text}: ${lost.note}\n`,
    report.clock ? `${awayTitle(report.clock)}: ${away(report.clock)}\n` : '',
    `The whole report: dr report --run ${report.runId}\n`,
  ].join('');
}

function objectivesPart(report: Report): string {
  return isMeasured(report) ? section('Objectives missed', shortfalls(report)) : `Objectives: ${objectives(report)}\n`;
}

function renderHistory(what: string, next: string, changes: readonly HistoricChange[]): string {
  const rows = changes.map((change) => [clockTime(change.at), change.result, change.activity, change.site ?? '', change.detail]);
  const list =
    rows.length === 0
      ? 'Its history shows no change to the estate.\n'
      : `What it did, from its history:\n${table(['at', 'result', 'what', 'site', 'detail'], rows)}\n`;
  return `${what}\n${list}${next}\n`;
}

function latest(count: number, lines: readonly string[]): readonly string[] {
  return lines.length <= count ? lines : [`${lines.length - count} earlier ones: dr report`, ...lines.slice(-count)];
}

function timelineLine(entry: TimelineEntry): string {
  return `${clockTime(entry.at)} ${entry.text}`;
}
