/**
 * The five invariants of every recovery, whatever was done to it:
 * I1 never two that acknowledge writes; I2 no acknowledged write lost beyond what the report states; I3 nothing applied twice; I4 ended, or waiting for people; I5 the report
 * and its timeline are complete and in order. And what the report says of its outcome and its decisions is so.
 */
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import type { Effect, Effects } from './effects.ts';
import { recordViolations } from './record.ts';

export interface Observation {
  /** Temporal's status of the latest execution, such as `COMPLETED`; null where no run was started. */
  readonly state: string | null;
  /** A question is open, or people hold the run. */
  readonly waitsForPeople: boolean;
  readonly report: Report | null;
  /** The plan of the run: who may decide. */
  readonly plan: Plan;
  /** Names of the steps for which the latest execution scheduled activities. */
  readonly stepsInHistory: readonly string[];
  /** What the customers saw since before the fault. */
  readonly figures: CustomerFigures;
  readonly effects: Effects;
}

/** One sentence for each violation, beginning with the invariant. */
export function judge(observation: Observation): string[] {
  const { figures, report, plan, effects, stepsInHistory } = observation;
  const recorded = report ? [...recordViolations(report, plan), ...toldOf(report, stepsInHistory)] : [];
  return [...oneWriter(figures), ...nothingLost(figures, report), ...nothingTwice(effects), ...ended(observation), ...recorded];
}

/** By the customers' ledger: the times in which sites acknowledged do not overlap. */
function oneWriter({ acknowledgedBySite }: CustomerFigures): string[] {
  const inOrder = acknowledgedBySite.toSorted((left, right) => left.firstAt.localeCompare(right.firstAt));
  return inOrder.flatMap((next, at) => {
    const previous = inOrder[at - 1];
    if (!previous || previous.lastAt <= next.firstAt) return [];
    return [`I1: ${previous.site} acknowledged until ${previous.lastAt}, ${next.site} since ${next.firstAt}.`];
  });
}

function nothingLost({ missing }: CustomerFigures, report: Report | null): string[] {
  const unknown = missing.unknown.map((why) => `I2: ${why}`);
  if (missing.count === 0) return unknown;
  const functions = [...new Set(missing.writes.map((write) => write.function))];
  const wrong = functions.flatMap((id) => {
    const acknowledged = missing.writes.filter((write) => write.function === id).map(({ acknowledgedAt }) => Date.parse(acknowledgedAt));
    const seconds = (Math.max(...acknowledged) - Math.min(...acknowledged)) / 1000;
    const loss = statedFor(id, report);
    if (saysNothingIsThere(loss)) return [];
    const stated = loss?.kind === 'at most' ? loss.seconds : 0;
    if (seconds <= stated && stated > 0) return [];
    return [
      `I2: ${acknowledged.length} acknowledged writes within ${seconds} s are missing of ${id}; the report states ${loss?.kind ?? 'nothing'} ${stated} s.`,
    ];
  });
  return [...unknown, ...wrong];
}

/** People have left out a store: all of it is lost, and the report says so of whoever uses it. */
function saysNothingIsThere(loss: Report['loss'] | undefined): boolean {
  return loss?.kind === 'unknown' && loss.reason.endsWith('it starts empty');
}

/** A report that says a loss says it of each function, since its stores may go back to other moments; one that says none says it of all. */
function statedFor(id: string, report: Report | null): Report['loss'] | undefined {
  if (report?.loss.kind !== 'at most') return report?.loss;
  return report.functions.find((entry) => entry.id === id)?.rpoSeconds.achieved ?? report.loss;
}

function nothingTwice({ effects, timelines }: Effects): string[] {
  const times = new Map<string, number>();
  for (const effect of effects) times.set(nameOf(effect), (times.get(nameOf(effect)) ?? 0) + 1);
  const twice = [...times].filter(([, count]) => count > 1).map(([name, count]) => `I3: ${name} was applied ${count} times.`);
  const promotions = new Set(effects.filter(({ what }) => what === 'database-promote').map(({ where }) => where)).size;
  if (timelines.length > promotions) twice.push(`I3: the databases went through ${timelines.length} new timelines by ${promotions} noted promotions.`);
  return twice;
}

const nameOf = ({ where, what, run }: Effect) => [where, what, run].filter((part) => part !== '').join(' · ');

function ended({ state, waitsForPeople }: Observation): string[] {
  if (state === null || state === 'COMPLETED' || state === 'TERMINATED' || (state === 'RUNNING' && waitsForPeople)) return [];
  return [`I4: the run is ${state} and waits for nobody.`];
}

/** What only the history beside the report can tell. */
function toldOf(report: Report, stepsInHistory: readonly string[]): string[] {
  const told = new Set(report.steps.map(({ name }) => name));
  return [...new Set(stepsInHistory)].filter((name) => !told.has(name)).map((name) => `I5: "${name}" stands in the history and not in the report.`);
}
