/** Where a run is, as people and programs are told while it goes on. */
import { clockTime } from '../../plan/durations.ts';
import type { Outcome, RefusalRecord } from '../../report/report.ts';
import type { RunStatus } from '../wire/messages.ts';
import { now } from './clock.ts';
import type { Course } from './course.ts';
import type { StatusPart } from './procedure.ts';

/** `part`: what the procedure adds. */
export function statusOf(run: Course, part: StatusPart, outcome: Outcome | null): RunStatus {
  const pendingSteps = run.pendingSteps();
  const gate = run.desk.view();
  const { steps, changes, exceptions, leftovers, timeline } = run.record;
  return {
    runId: run.start.runId,
    estate: run.planSnapshot?.plan.estate.name ?? '',
    procedure: run.start.procedure,
    mode: run.start.mode,
    phase: run.phase,
    places: run.places,
    startedAt: run.start.startedAt,
    at: now(),
    epoch: run.epoch,
    stopped: run.stopped,
    ...part,
    gate,
    ifNobodyDecides: gate && ifNobodyDecides(gate.gate, run.start.beginsAt, run.leftAs),
    refused: refusedLines(run.refusals),
    steps,
    pendingSteps,
    pendingStepNames: pendingSteps.map((id) => run.procedure.steps.find((step) => step.id === id)?.name ?? id),
    changes,
    exceptions,
    leftovers,
    timeline,
    outcome,
  };
}

/** In the order in which they came; those that are only counted in one line, which stands last as their latest does. */
function refusedLines({ entries, beyond }: Course['refusals']): string[] {
  const line = ({ at, name, channel, who, note }: RefusalRecord) => `${clockTime(at)} ${who || 'somebody'}, ${name} by ${channel}: ${note}`;
  return [...entries.map(line), ...(beyond ? [`${beyond.count} more since ${clockTime(beyond.first.at)}, the latest: ${line(beyond.last)}`] : [])];
}

/** Silence never means yes. At the gate at which a run begins nothing has been changed yet; at every other one the run leaves what its ending leaves. */
export function ifNobodyDecides(gate: string, beginsAt: string, leftAs: string): string {
  return gate.startsWith(`${beginsAt}-`)
    ? 'the run stands down and changes nothing'
    : `the run ends: ${leftAs.charAt(0).toLowerCase()}${leftAs.slice(1).replace(/\.$/, '')}`;
}
