/** What must hold after any schedule, in the words of the plan's safety rules; what a report alone tells is judged as in the lab (test/invariants/record.ts). Each sentence that comes back is a violation; none is the wish. */
import { isZero } from '../../plan/rules/loss.ts';
import type { RunContext } from '../../activities/context.ts';
import type { Fence } from '../../activities/fencing/port.ts';
import { seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import type { GateRecord, Report } from '../../report/report.ts';
import { isChange } from '../../workflows/wire/changes.ts';
import { recordViolations } from '../invariants/record.ts';
import { servedContent } from './judges/content.ts';
import { oneRun } from './judges/epochs.ts';
import { seenFailed, seenLately } from './judges/looks.ts';
import { forwardOnly, heldWhileStopped } from './judges/order.ts';
import { caughtUp, noneBesideAPrimary } from './judges/survivors.ts';
import { votedFor } from './judges/votes.ts';
import type { Lived } from './simulation.ts';
import { outageClock } from '../../report/clock-words.ts';

export function violations(lived: Lived, plan: Plan): string[] {
  return [
    ...oneWriter(lived),
    ...lossAsStated(lived),
    ...appliedOnce(lived),
    ...neverStuck(lived),
    ...oneRun(lived),
    ...seenFailed(lived, plan),
    ...seenLately(lived, plan),
    ...votedFor(lived, plan),
    ...heldWhileStopped(lived, plan),
    ...forwardOnly(lived),
    ...caughtUp(lived, plan),
    ...noneBesideAPrimary(lived),
    ...servedContent(lived, plan),
    ...lived.ended.flatMap(({ report, execution }) => [
      ...recordViolations(report, plan),
      ...asTold(lived, report),
      ...lossAccepted(lived, report, plan),
      ...changedOnceApproved(lived, report, execution),
      ...askedOnce(lived, report, execution),
    ]),
  ];
}

/** I1: two databases never acknowledge at once, unless people had accepted before that the old one is not proven fenced. */
function oneWriter(lived: Lived): string[] {
  return lived.estate.splits
    .filter(({ at, sites }) => {
      const accepted = (site: string) => lived.gates.some((gate) => acceptsOpenDatabase(lived, gate, site) && Date.parse(gate.closedAt ?? '') <= at);
      return sites.filter((site) => !accepted(site)).length > 1;
    })
    .map(({ at, sites }) => `I1: at ${new Date(at).toISOString()} both ${sites.join(' and ')} acknowledge writes`);
}

const acceptsUnprovenFence = ({ gate, decision, question }: GateRecord): boolean =>
  gate.startsWith('accepted-risk') && decision.startsWith('accept') && question.includes('not proven fenced');

/** Whoever accepts that a cache is not proven fenced, or another site, has not accepted it of a database that the run was told is. */
function acceptsOpenDatabase({ witness, places }: Lived, gate: Lived['gates'][number], site: string): boolean {
  if (!acceptsUnprovenFence(gate) || !places.failed.includes(site)) return false;
  const fences = witness.asked.flatMap(({ execution, name, told }) =>
    execution === gate.execution && name.startsWith('fence') && told?.ok && told.at <= Date.parse(gate.closedAt ?? '') ? [told.value as Fence] : [],
  );
  return !fences.some(({ servers }) => servers.some((state) => state.site === site && state.server === 'database' && state.state === 'fenced'));
}

/**
 * I2: a loss that a report calls proven 0 or bounded is no greater. Where people went on without a proven fence, the report says from when on it assumes that nothing was
 * acknowledged any more; until then it is held to its word.
 */
function lossAsStated(lived: Lived): string[] {
  const { estate, ended, declared, gates } = lived;
  return ended
    .filter(({ report }) => report.outcome.startsWith('recovered'))
    .flatMap(({ report, execution }) => {
      const unproven = gates.find((gate) => gate.execution === execution && acceptsOpenDatabase(lived, gate, lived.places.source));
      const assumed = unproven ? Date.parse(declared ? unproven.openedAt : (outageClock(report)?.failedSince ?? '')) : Infinity;
      const lost = estate.lost('database').filter((row) => row.at <= assumed);
      const [first, last] = [lost[0], lost.at(-1)];
      if (!first || !last) return [];
      // In the model nobody goes around the wait, so that the assumption of a proof by replication always holds.
      if (isZero(report.loss)) return [`I2: ${lost.length} acknowledged rows are lost, and the report says ${report.loss.kind}`];
      const seconds = (last.at - first.at) / 1000;
      return report.loss.kind === 'at most' && seconds > report.loss.seconds
        ? [`I2: ${seconds} s of acknowledged rows are lost, and the report says at most ${report.loss.seconds} s`]
        : [];
    });
}

/** A loss that nobody can bound, or that is above the plan's limits, was accepted by people in this run or in one before it: also by the choice of a moment, which is told with its loss. */
function lossAccepted({ gates, driven }: Lived, { loss, outcome }: Report, plan: Plan): string[] {
  if (!outcome.startsWith('recovered') || isZero(loss)) return [];
  if (loss.kind === 'at most' && loss.seconds <= seconds(plan.estate.limits.lagTimeMax)) return [];
  const accepted = gates.some(({ gate, decision }) => gate.startsWith('accepted-risk') && decision.startsWith('accept'));
  const chosen = driven.fromBackups && gates.some(({ gate, decision }) => gate.startsWith(driven.beginsAt) && decision.startsWith('restore'));
  return accepted || chosen
    ? []
    : [
        `I2: the report says a loss ${loss.kind === 'unknown' ? 'that is unknown' : `of up to ${loss.kind === 'at most' ? loss.seconds : 0} s`}, and nobody has accepted it`,
      ];
}

/** I3: nothing becomes a writer twice, and no second run is let in. That a driver finds its own effect is for the lab to show: the model's servers are what they are told to be. */
function appliedOnce({ estate, secondStarted }: Lived): string[] {
  const twice = [...estate.applied].filter(([what, times]) => times > 1 && /: (promoted|writer)$/.test(what) && !what.includes(estate.primary));
  return [...twice.map(([what, times]) => `I3: ${what}, ${times} times`), ...(secondStarted ? ['I3: a second run was let in beside an open one'] : [])];
}

/** I3, on the run's side: what was done is not asked for again, unless people said so or a later step of the way back needs it; the child tries its fence until it is proven. */
function askedOnce({ witness }: Lived, report: Report, execution: string): string[] {
  if (report.gates.some((gate) => gate.decision === 'retry') || report.steps.some((step) => step.result === 'undone')) return [];
  const changes = witness.asked.flatMap(({ name, input, told }) =>
    told?.ok && isChange(name) && name !== 'fenceByAgent' && (input as { run?: RunContext }).run?.execution === execution
      ? [`${name} ${JSON.stringify(input)}`]
      : [],
  );
  return [...new Set(changes.filter((change, at) => changes.indexOf(change) !== at))].map(
    (change) => `I3: ${change.slice(0, 80)} was asked for again after it was done`,
  );
}

/** I4: a run ends, or waits for people and says so. */
function neverStuck({ stuck }: Lived): string[] {
  return stuck && !stuck.gate && !stuck.stopped ? [`I4: nothing happens any more in phase ${stuck.phase}: ${stuck.timeline.at(-1)?.text ?? ''}`] : [];
}

/** `recovered` also means that customers are at the target, and that no other database acknowledges when the site has come back and was given its time. */
function asTold({ estate, reports }: Lived, report: Report): string[] {
  if (report !== reports.at(-1) || report.outcome !== 'recovered') return [];
  const others = estate.acknowledging().filter((site) => site !== report.places.target);
  return [
    ...(estate.route === report.places.target ? [] : [`The report says recovered, and customers are sent to ${estate.route}`]),
    ...(others.length === 0 ? [] : [`The report says recovered, and ${others.join(', ')} acknowledges writes`]),
  ];
}

/** Nothing is changed by a run before people have said that it shall begin. */
function changedOnceApproved({ estate, driven }: Lived, report: Report, execution: string): string[] {
  const own = estate.calls.filter((call) => isChange(call.name) && call.name !== 'storeReport' && call.execution === execution);
  const approved = report.gates.find((gate) => gate.gate.startsWith(driven.beginsAt) && [driven.answers[driven.beginsAt] ?? ''].flat().includes(gate.decision));
  const early = own.filter((call) => !approved || Date.parse(call.at) < Date.parse(approved.closedAt ?? ''));
  return early.map((call) => `${call.name} was called at ${call.at}, before people had approved`);
}
