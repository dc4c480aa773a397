/** What the renderings of a report have in common: its judgements and figures in words. Pure. */
import { formatSeconds } from '../plan/durations.ts';
import { describeLoss } from '../plan/rules/loss.ts';
import { judgeRpo, judgeRto } from '../plan/rules/objectives.ts';
import type { Judgement } from '../plan/rules/objectives.ts';
import { chosen, type FunctionRecord, type GateRecord, type Phase, type RefusalRecord, type Report, type ServerRecord, type VoteRecord } from './report.ts';
import { cameToItsEnd } from './verdict.ts';

/** How it ended, in the words of a heading; a run that goes on has not ended at all. */
export function ended({ open, outcome }: Pick<Report, 'open' | 'outcome'>): string {
  return open ? 'still open' : outcome;
}

/** What was counted after the run, and who was not told; nothing where there is no addendum. */
export function addendumLines({ addendum }: Pick<Report, 'addendum'>): readonly string[] {
  if (!addendum) return [];
  return [`${addendum.at}: ${addendum.text}`, ...(addendum.notTold === undefined ? [] : [`The stakeholders were not told of this: ${addendum.notTold}`])];
}

/** What of a report says whether it moved anything. */
type Course = Pick<Report, 'open' | 'mode' | 'outcome' | 'pointOfNoReturnAt' | 'steps'>;

const phasesBefore: readonly Phase[] = ['detecting', 'deciding', 'closing', 'undoing', 'ended'];

/** Whether the run ended with everything where it was: it began with no change, or stood down and took all of it back. */
export function movedNothing({ open, mode, outcome, pointOfNoReturnAt, steps }: Course): boolean {
  if (mode === 'dry-run') return true;
  if (open || cameToItsEnd(outcome)) return false;
  const takenBack = steps.every(({ phase, result }) => phase !== 'undoing' || result !== 'failed');
  return (outcome === 'stood down' && pointOfNoReturnAt === null && takenBack) || steps.every(({ phase }) => phasesBefore.includes(phase));
}

/** What says whether a report's objectives can be judged. */
type Measured = Course & Pick<Report, 'clock'>;

/** Why nobody can say whether the objectives were met; null when they were measured. */
export function notMeasured(report: Measured): string | null {
  if (report.open) return 'the run goes on';
  if (movedNothing(report)) return report.mode === 'dry-run' ? 'a dry run moves nothing' : 'nothing was moved';
  return report.clock === null ? 'no failure is on record' : null;
}

export function isMeasured(report: Measured): boolean {
  return notMeasured(report) === null;
}

/** What was lost, and what that rests on. */
export function dataLost(report: Course & Pick<Report, 'loss'>): { readonly text: string; readonly note: string } {
  const { loss, mode } = report;
  if (movedNothing(report)) {
    const live = mode === 'dry-run' && loss.kind !== 'unknown' ? `; a live run would lose ${describeLoss(loss)}` : '';
    return { text: 'nothing by this run', note: `nothing was moved${live}` };
  }
  if (loss.kind === 'unknown') return { text: 'unknown', note: loss.reason };
  return { text: describeLoss(loss), note: loss.kind === 'at most' ? loss.basis : loss.proof };
}

/** An objective of a function: what was promised, what was achieved, and whether it is enough. */
export interface Verdict {
  readonly target: string;
  readonly achieved: string;
  readonly judgement: Judgement | 'still open' | 'not measured';
}

export function rtoVerdict(report: Measured, { rtoSeconds: { target, achieved } }: FunctionRecord): Verdict {
  return verdict(report, { target: formatSeconds(target), achieved: secondsOr(achieved), judgement: judgeRto(target, achieved) });
}

export function rpoVerdict(report: Measured, { rpoSeconds: { target, achieved } }: FunctionRecord): Verdict {
  return verdict(report, { target: formatSeconds(target), achieved: describeLoss(achieved), judgement: judgeRpo(target, achieved) });
}

/** A run that goes on shows what it has so far. */
function verdict(report: Measured, measured: Verdict): Verdict {
  if (report.open) return { ...measured, judgement: 'still open' };
  return isMeasured(report) ? measured : { ...measured, achieved: '–', judgement: 'not measured' };
}

/** Seconds for people, or that they were not reached. */
export function secondsOr(value: number | 'not reached'): string {
  return value === 'not reached' ? value : formatSeconds(value);
}

/** Each objective that was measured and not plainly met, as `name: RTO missed`. */
export function shortfalls(report: Measured & Pick<Report, 'functions'>): readonly string[] {
  if (!isMeasured(report)) return [];
  return report.functions.flatMap((entry) => [
    ...unlessMet(`${entry.name}: RTO`, rtoVerdict(report, entry).judgement),
    ...unlessMet(`${entry.name}: RPO`, rpoVerdict(report, entry).judgement),
  ]);
}

function unlessMet(what: string, judgement: Verdict['judgement']): string[] {
  return judgement === 'met' ? [] : [`${what} ${judgement}`];
}

/** The objectives in one line. */
export function objectives(report: Measured & Pick<Report, 'functions'>): string {
  if (report.functions.length === 0) return 'no function was served';
  const why = notMeasured(report);
  if (why !== null) return `not measured: ${why}`;
  const short = shortfalls(report);
  return short.length === 0 ? `all met for ${report.functions.length} functions` : short.join('; ');
}

/** What the outage of all functions together costs, by currency; empty where the plan has no figures. */
export function totalCost(functions: readonly FunctionRecord[]): string {
  const byCurrency = new Map<string, number>();
  for (const { cost } of functions) if (cost) byCurrency.set(cost.currency, (byCurrency.get(cost.currency) ?? 0) + cost.amount);
  return [...byCurrency].map(([currency, amount]) => money({ amount, currency })).join(', ');
}

export function money({ amount, currency }: { readonly amount: number; readonly currency: string }): string {
  return `${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
}

/** How a question was decided and after how long: `approve, after 40 s`. */
export function decided(record: GateRecord): string {
  const { openedAt, closedAt } = record;
  return closedAt === undefined ? chosen(record) : `${chosen(record)}, after ${formatSeconds((Date.parse(closedAt) - Date.parse(openedAt)) / 1000)}`;
}

export function terms({ gate, quorum, electorate, identity }: GateRecord): string {
  return `gate ${gate}, quorum ${quorum} of ${electorate.length}, identity: ${identity}`;
}

/** Whether a vote counted, and if not, why. */
export function judged({ result, note }: VoteRecord): string {
  return result === 'counted' ? 'counted' : `${result}: ${note}`;
}

/** Votes of a gate that were changed so often that they are only counted; null while all are there. */
export function changedBeyond({ changedBeyond: beyond }: GateRecord): string | null {
  if (!beyond) return null;
  return `${beyond.count} more votes that their people changed again, from ${timeOfDay(beyond.first.at)} to ${timeOfDay(beyond.last.at)} (SHA-256 ${beyond.sha256.slice(0, 12)}…)`;
}

/** What was said to the run and came to nothing, a line each, and one for those that are only counted. */
export function refusalLines({ refusals }: Pick<Report, 'refusals'>): readonly string[] {
  if (!refusals) return [];
  const line = ({ at, who, name, channel, note }: RefusalRecord) => `${timeOfDay(at)} ${who || 'somebody'}, ${name} by ${channel}: ${note}`;
  const { kept, beyond } = refusals;
  if (!beyond) return kept.map(line);
  const more = `${beyond.count} more from ${timeOfDay(beyond.first.at)} to ${timeOfDay(beyond.last.at)} (SHA-256 ${beyond.sha256.slice(0, 12)}…), the last: ${line(beyond.last)}`;
  return [...kept.map(line), more];
}

/** A server with what was expected of it. */
export interface ServerRow extends ServerRecord {
  readonly predicted: string;
  readonly observed: string;
}

export function serverRows({ servers: { predicted, observed } }: Report): readonly ServerRow[] {
  const expected = (server: ServerRecord): string => predicted.find((entry) => entry.site === server.site && entry.server === server.server)?.state ?? '–';
  const shown = observed.length > 0 ? observed : predicted;
  return shown.map((server) => ({ ...server, predicted: expected(server), observed: observed.length > 0 ? server.state : 'not observed' }));
}

/** Title of the list of changes. */
export function changesTitle({ mode }: Pick<Report, 'mode'>): string {
  return mode === 'dry-run' ? 'What would have been changed' : 'What was changed';
}

/** Time of day to the tenth of a second; the day stands in the heading. */
export function timeOfDay(at: string): string {
  return `${new Date(at).toISOString().slice(11, 21)}Z`;
}

export function origin({ plan, procedure }: Report): string {
  return `Procedure ${procedure}, plan ${plan.name} ${plan.version}`;
}

export const recordedNote = 'Times are UTC; every figure was recorded during the run.';

/** Text for a place that has one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
