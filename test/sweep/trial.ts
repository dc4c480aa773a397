/** One trial: a healthy lab, a lost region, a run, what is done to it at one place, and the judgement. */
import { isZero } from '../../plan/rules/loss.ts';
import type { Report } from '../../report/report.ts';
import { makeFenceOnReturnWorkflowId } from '../../workflows/wire/ids.ts';
import { untilServed } from '../../lab/orchestrator/stack.ts';
import { judge } from '../invariants/judge.ts';
import { observe } from '../invariants/observe.ts';
import { differingTraces, readTraces, type Traces } from '../scenarios/drivers.ts';
import { driveToEnd, openQuestion, placesOf, start } from '../stage/drive.ts';
import { foldersAt, leftAt } from '../stage/folders.ts';
import { type ScheduledActivity, scheduledActivities } from '../stage/history.ts';
import { makeReady } from '../stage/ready.ts';
import type { Result } from '../stage/results.ts';
import type { Place, Stage } from '../stage/stage.ts';
import { until } from '../support/until.ts';
import { type Act, type Doing, perform, thaw } from './acts.ts';
import type { Setting } from './settings.ts';

const toldWithinSeconds = 5;

export interface Trial {
  readonly setting: Setting;
  /** Where it happens; `gate`: when the first question opens, before anybody votes. */
  readonly at: Place | 'gate';
  readonly act: Act;
}

/** What an undisturbed run of a setting does. */
export interface Undisturbed {
  readonly activities: readonly ScheduledActivity[];
  /** Every effect, by place and name. */
  readonly effects: readonly string[];
}

export function nameOf({ setting, at, act }: Trial): string {
  return `${act} · ${at === 'gate' ? 'activation gate' : `${at.step} · ${at.activity} · ${at.moment}`} · ${setting.name}`;
}

/** Runs a setting with nothing done to it. Throws when even that violates an invariant. */
export async function undisturbed(stage: Stage, setting: Setting): Promise<Undisturbed> {
  await stage.reset([]);
  await makeReady(stage, setting.driven);
  const since = new Date().toISOString();
  await setting.breakIt(stage, placesOf(stage, setting.driven));
  const run = await start(stage, setting);
  const state = await driveToEnd(stage, run, setting.driven);
  if (state !== 'COMPLETED') throw new Error(`The undisturbed run "${setting.name}" did not end: ${state}. ${await openQuestion(run)}`);
  const { outcome, summary } = (await run.result()) as Report;
  if (!outcome.startsWith(setting.driven.goodEnd)) throw new Error(`The undisturbed run "${setting.name}" ended as ${outcome}: ${summary}`);
  await untilServed(stage.scenarios.stack);
  const observation = await observe(stage.scenarios, since);
  const faults = [...judge(observation), ...mustEndWell(setting, observation.report)];
  if (faults.length > 0) throw new Error(`The undisturbed run "${setting.name}" is not clean, so there is nothing to compare with. ${faults.join(' ')}`);
  return { activities: await scheduledActivities(run), effects: effectNames(observation) };
}

/** `ended` tells of a run that was given up also how the new one ended, such as `aborted, then recovered`. */
export async function runTrial(stage: Stage, trial: Trial, compare: Undisturbed): Promise<Result> {
  const begun = performance.now();
  const doing: Doing = { faults: [], rest: Promise.resolve() };
  let disturbed: Promise<void> | undefined;
  const disturb = () => (disturbed = perform(trial.act, stage, doing));
  let ended = 'not started';
  try {
    const { setting } = trial;
    await stage.reset(trial.at === 'gate' ? [] : [{ at: trial.at, reached: disturb }]);
    await makeReady(stage, setting.driven);
    const beginning = await readBeginning(stage, setting);
    const since = new Date().toISOString();
    await setting.breakIt(stage, placesOf(stage, setting.driven));
    const run = await start(stage, setting);
    const state = await driveToEnd(stage, run, setting.driven, { atGate: trial.at === 'gate' ? disturb : undefined });
    // A place near the end may be told of after the run's end.
    await until('the place is reached', async () => disturbed && true, toldWithinSeconds).catch((error: Error) => doing.faults.push(error.message));
    await disturbed;
    await doing.rest;
    await thaw(stage, doing);
    if (state === 'WAITS') doing.faults.push(`It asks what an undisturbed run does not: ${await openQuestion(run)}`);
    if (state === 'WAITS') await run.cancel();
    const report = state === 'COMPLETED' || state === 'WAITS' ? ((await run.result()) as Report) : null;
    ended = report?.outcome ?? state.toLowerCase();
    if (report && takenBack(report)) await expectTakenBack(stage, trial, report, beginning, doing);
    else if (report === null || report.outcome === 'aborted') ended += `, then ${await newRun(stage, trial, doing)}`;
    else doing.faults.push(...mustEndWell(setting, report));
    await untilServed(stage.scenarios.stack);
    const observation = await observe(stage.scenarios, since);
    doing.faults.push(...judge(observation));
    if (!['cancel', 'terminate'].includes(trial.act)) doing.faults.push(...differences(compare.effects, effectNames(observation)));
  } catch (error) {
    doing.faults.push(error instanceof Error ? error.message : String(error));
  }
  return { ended, faults: doing.faults, seconds: (performance.now() - begun) / 1000 };
}

function mustEndWell({ driven }: Setting, report: Report | null): string[] {
  if (report?.outcome !== (driven.calmEnd ?? driven.goodEnd))
    return [`The run ended as ${report?.outcome ?? 'nothing'}: ${report?.summary ?? ''} ${report?.exceptions.join(' ') ?? ''}`];
  const isAsItMust = driven.fromBackups ? report.loss.kind === 'at most' : isZero(report.loss);
  return isAsItMust ? [] : [`The loss is ${report.loss.kind}, not ${driven.fromBackups ? 'bounded' : '0'}.`];
}

/** An ending before the point of no return takes back what was done. */
function takenBack(report: Report): boolean {
  return report.outcome === 'aborted' && report.pointOfNoReturnAt === null;
}

/** What must be there again when a run is taken back. */
interface Beginning {
  readonly traces: Traces;
  readonly folders: readonly string[];
}

async function readBeginning(stage: Stage, { driven }: Setting): Promise<Beginning> {
  return { traces: await readTraces(stage.scenarios, stage.drivers), folders: foldersAt(stage, placesOf(stage, driven).target) };
}

/**
 * The lost sites come back, and customers are served as before; servers, capacity, records and switches are as they were, and no child is left to fence it. Agents and zone keep the epoch,
 * which harms nothing. What stays at the target is told.
 */
async function expectTakenBack(stage: Stage, trial: Trial, report: Report, beginning: Beginning, doing: Doing): Promise<void> {
  if (trial.act !== 'cancel') doing.faults.push(`The run was taken back after ${trial.act}.`);
  const { failed, target } = placesOf(stage, trial.setting.driven);
  doing.faults.push(...leftAt(stage, target, beginning.folders, report.leftovers));
  for (const site of failed) {
    await stage.scenarios.control('heal', { site });
    await stage.scenarios.control('revive', { site });
  }
  const same = async () => {
    const differing = differingTraces(beginning.traces, await readTraces(stage.scenarios, stage.drivers), ['servers', 'capacity', 'records', 'switches']);
    if (differing.length === 0) return true;
    throw new Error(differing.join(' · '));
  };
  await until('servers, capacity, records and switches are as before the run', same, 30);
  for (const site of failed) {
    const child = stage.scenarios.client.workflow.getHandle(makeFenceOnReturnWorkflowId(stage.scenarios.estate, site));
    const told = await child.describe().catch(() => null);
    if (told?.status.name === 'RUNNING') doing.faults.push(`A child that would fence ${site} is left.`);
  }
}

/** A new run after one that was given up must end as the first would have. */
async function newRun(stage: Stage, trial: Trial, doing: Doing): Promise<string> {
  const run = await start(stage, trial.setting);
  const state = await driveToEnd(stage, run, trial.setting.driven);
  const report = state === 'COMPLETED' ? ((await run.result()) as Report) : null;
  doing.faults.push(...mustEndWell(trial.setting, report));
  return report?.outcome ?? state.toLowerCase();
}

type Observed = Awaited<ReturnType<typeof observe>>;

/** Without what is another in each run: its id, and the moment that people chose. */
function effectNames({ effects }: Observed): string[] {
  const same = (what: string) => what.replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, 'RUN').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT');
  return effects.effects.map(({ where, what }) => (where === 'mailbox' ? where : `${where} · ${same(what)}`)).toSorted();
}

function differences(expected: readonly string[], found: readonly string[]): string[] {
  const missing = expected.filter((name) => !found.includes(name));
  const more = found.filter((name) => !expected.includes(name));
  return [
    ...(missing.length > 0 ? [`Undisturbed it also does: ${missing.join(', ')}.`] : []),
    ...(more.length > 0 ? [`Undisturbed it does not do: ${more.join(', ')}.`] : []),
  ];
}
