/**
 * A step that lets a site's host work for minutes or hours: it starts the job or finds it, says how far it is, and ends with it. Whatever becomes of workers and connections
 * meanwhile changes nothing for the job: docs/decisions/016-jobs.md.
 */
import { CancellationScope, CancelledFailure, condition, isCancellation } from '@temporalio/workflow';
import type { RunContext } from '../../activities/context.ts';
import type { Changes } from '../../activities/index.ts';
import type { JobAt, JobLook } from '../../activities/jobs/port.ts';
import { formatSeconds } from '../../plan/durations.ts';
import { progressOf, progressWords, recent, silenceWords, type Told } from '../../plan/rules/progress.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { SiteId } from '../../plan/schema.ts';
import { type StepTools, toolsFor } from './activity-proxies.ts';
import type { Course } from './course.ts';
import { describe, errorType, failure, holdsNothing } from './failures.ts';

export interface JobOrder {
  readonly site: SiteId;
  /** As the site's agent.conf lists it, or as another program of the host calls it. */
  readonly job: string;
  readonly args: readonly string[];
  /** The program that carries it out, and how it is started there; absent: the site agent, by the job's name. */
  readonly by?: { readonly program: NonNullable<JobAt['by']>; readonly start: (change: Changes, at: JobAt) => Promise<unknown> };
  /** Names the job in the run, such as the step's id: letters, digits, dots, dashes and underscores, at most 60. */
  readonly id: string;
}

/** What is kept of a step's bound, seconds, to end a job that does not end by itself: TERM, KILL, and the way there. At most half of the bound. */
const cancelSeconds = 40;
/** A look that could not end any more is not begun, seconds. */
const roomForALook = 5;
/** How long the first looks wait for the job's end, and the longest, seconds: each costs six events of a history that has an end, so that a day costs 2,300. */
const [firstLook, longestLook] = [5, 300];
/** As many times people may have it begun anew. */
const attemptsMax = 20;

/**
 * Runs `job` at `site` and answers its last look once it is done; one that was done before, since the step is tried again, is found. A job that failed, was lost or was cancelled is a
 * `permanent` failure, and begins anew, under the next number, when people choose retry. When the step is cancelled, or its bound is nearly over, the job is cancelled first, and the error says so;
 * when a branch beside it has ended the run, too, and what ended the run is thrown: hours of work that is taken back are not waited for.
 * A step that fails otherwise leaves a job that goes on to the retry, which finds it, and says so in the run's leftovers.
 */
export async function runJob(run: JobRun, tools: StepTools, order: JobOrder): Promise<JobLook> {
  const room = Math.min(cancelSeconds, tools.secondsLeft() / 2);
  const at: Attempt = { ...order, run, id: await idOfAttempt(run, tools, order) };
  const { site, job, args, id } = at;
  let last: JobLook | undefined;
  try {
    last = await unlessRunEnds(run, async () => {
      if (order.by) await order.by.start(tools.change, thereOf(at));
      else await tools.change.startJob({ run: run.context(), site, job, args, id });
      const watching = toolsFor(`Watch the job ${job} at ${site}`, tools.secondsLeft() - room, { tell: tools.tell });
      return untilEnd(watching, at, {
        seen: (look) => (last = look),
        startOnceMore: async () => order.by?.start(tools.change, thereOf(at)),
      });
    });
  } catch (error) {
    if (isCancellation(error)) throw await endedBy(at, last);
    const outOfTime = tools.secondsLeft() - room <= roomForALook;
    // What was refused has not begun; where another run holds the site, a cancel would be refused as well.
    if (outOfTime && !holdsNothing(error) && errorType(error) !== 'refused') throw await outOfBound(at, last, withoutHint(describe(error)));
    await noteUnlessEnded(at, last);
    throw error;
  }
  if (last.state === 'running') throw await outOfBound(at, last);
  run.leaveNot(mayGoOn(at));
  if (last.state === 'done') return last;
  throw unfinished(at, last);
}

/** For the undo of a step that runs a job: ends the one that still runs, as a step leaves it that was cut off on its way, and waits for its end. Throws when it cannot be ended. */
export async function endJob(run: JobRun, tools: StepTools, order: JobOrder): Promise<void> {
  const attempt = await attemptThere(run, tools, order);
  if (attempt?.state !== 'running') return;
  const at = { ...order, run, id: attempt.id };
  const { remaining = [] } = await tools.change.cancelJob(thereOf(at));
  run.leaveNot(mayGoOn(at));
  for (const left of remaining) run.leaveOver(left);
}

/** What a job needs of its run: what activities are told, the list of what is left to do, and whether a branch beside it has ended the run. */
export type JobRun = Pick<Course, 'context' | 'leaveOver' | 'leaveNot' | 'note' | 'ending'>;

interface Attempt extends JobOrder {
  readonly run: JobRun;
  /** Of this attempt, as the site knows it. */
  readonly id: string;
}

/** A job's id at its site: unique to the execution of the run, the job in it, and the attempt. */
export function jobId({ execution }: Pick<RunContext, 'execution'>, id: string, attempt: number): string {
  const run = execution.slice(execution.lastIndexOf('@') + 1).replaceAll(/[^A-Za-z0-9-]/g, '-');
  return `${run}.${id}.${attempt}`;
}

/**
 * The number of this attempt is told by the site: what had ended without being done before this step began is an earlier one, and only people begin another. A start whose answer was lost is
 * repeated by this step under the same id, and so finds what it began.
 */
async function idOfAttempt(run: JobRun, tools: StepTools, order: JobOrder): Promise<string> {
  const { site, job, id } = order;
  const attempt = await attemptThere(run, tools, order);
  if (attempt) return attempt.id;
  throw failure('permanent', {
    happened: `The job ${job} at ${site} was begun ${attemptsMax} times and was never done.`,
    leftAs: 'It was not begun again.',
    next: `${lookAt(site, jobId(run.context(), id, attemptsMax), order.by)}, and choose another answer.`,
  });
}

/** The first attempt that has not ended without being done; undefined where all of them have. */
async function attemptThere(run: JobRun, { read }: StepTools, order: JobOrder): Promise<Pick<JobLook, 'id' | 'state'> | undefined> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const at = { ...order, run, id: jobId(run.context(), order.id, attempt) };
    const { state } = await read.watchJob({ ...thereOf(at), withinSeconds: 0 });
    if (['none', 'running', 'done'].includes(state)) return { id: at.id, state };
    run.leaveNot(mayGoOn(at));
  }
  return undefined;
}

/** The last look: at a job that has ended, or one that goes on when the time is over. */
async function untilEnd(
  { read, secondsLeft, tell }: StepTools,
  at: Attempt,
  { seen, startOnceMore }: { readonly seen: (look: JobLook) => void; readonly startOnceMore: () => Promise<unknown> },
): Promise<JobLook> {
  const since = Date.now();
  for (let told: readonly Told[] = []; ;) {
    const elapsed = (Date.now() - since) / 1000;
    const withinSeconds = Math.max(1, Math.min(Math.max(firstLook, elapsed / 20), longestLook, secondsLeft() - roomForALook));
    const look = await read.watchJob({ ...thereOf(at), withinSeconds });
    seen(look);
    if (look.bytesDone !== undefined)
      told = recent([
        ...told,
        { at: new Date().toISOString(), bytesDone: look.bytesDone, ...(look.bytesAll === undefined ? {} : { bytesAll: look.bytesAll }) },
      ]);
    if (look.state !== 'running' || secondsLeft() <= roomForALook) return look;
    if (look.waitsForStart) await startOnceMore();
    tell(`${at.job} at ${at.site}: ${wordsOf(look, told, Date.now() - since)}`);
  }
}

function wordsOf(look: JobLook, told: readonly Told[], milliseconds: number): string {
  const progress = progressOf(told);
  const doing = look.doing === undefined ? '' : `, ${look.doing}`;
  if (progress) return `${progressWords(progress, new Date().toISOString())}${silenceWords(look.progressAgeSeconds)}${doing}`;
  return `runs for ${formatSeconds(milliseconds / 1000)}, tells no progress${look.lastLine === undefined ? '' : `; its last line: ${look.lastLine}`}`;
}

/** Does its work until a branch beside it has ended the run: then what it waits for is cancelled. */
async function unlessRunEnds<T>(run: JobRun, work: () => Promise<T>): Promise<T> {
  const [working, waiting] = [new CancellationScope(), new CancellationScope()];
  const ended = waiting.run(() => condition(() => run.ending !== null));
  void ended.then(() => working.cancel()).catch(() => undefined);
  try {
    return await working.run(work);
  } finally {
    waiting.cancel();
  }
}

/** A job that the workflow's own cancellation has ended, or would have, or that of a branch beside it, whose ending counts. */
async function endedBy(at: Attempt, last: JobLook | undefined): Promise<unknown> {
  const { leftAs } = await cancel(at);
  const underWay = `while the job ${at.job} at ${at.site} was under way${soFar(last)}. ${leftAs}`;
  if (at.run.ending === null || CancellationScope.current().consideredCancelled) return new CancelledFailure(`The step was cancelled ${underWay}`);
  at.run.note(`The run ended ${underWay}`);
  return at.run.ending.error;
}

async function outOfBound(at: Attempt, last: JobLook | undefined, why?: string): Promise<Error> {
  const { leftAs, next } = await cancel(at);
  const happened = `The job ${at.job} at ${at.site} did not end within the step's bound${soFar(last)}${why === undefined ? '' : `: ${why.replace(/\.$/, '')}`}.`;
  return failure('permanent', { happened, leftAs, next });
}

/** With a time of its own, and whoever has thrown the stop switch: what is ended here is the run's own work. */
async function cancel(at: Attempt): Promise<{ readonly leftAs: string; readonly next: string }> {
  const { run, site, job } = at;
  try {
    const { changeOnce } = toolsFor(`Cancel the job ${job} at ${site}`, cancelSeconds);
    const ended = await CancellationScope.nonCancellable(() => changeOnce.cancelJob(thereOf(at)));
    run.leaveNot(mayGoOn(at));
    for (const left of ended.remaining ?? []) run.leaveOver(left);
    const how = ended.after === 'cancelled' ? 'It was cancelled there.' : `It was ${ended.after} there by then.`;
    const next =
      ended.after === 'done'
        ? 'Choose retry, which finds it done.'
        : 'Choose retry to have it begun anew, or give the step a longer bound in the plan for the next run.';
    return { leftAs: [how, ...(ended.remaining ?? [])].join(' '), next };
  } catch (error) {
    run.leaveOver(mayGoOn(at));
    return {
      leftAs: `It could not be cancelled, so that it may go on there: ${withoutHint(describe(error))}`,
      next: `End it at ${site} (${cancelByHand(at)}), or choose retry, which goes on with it where it still runs.`,
    };
  }
}

/** Seconds in which a site is asked what has become of a job of which the step knows no more. */
const lastLookSeconds = 10;

/** Of a step that failed on its way. The job is not cancelled: people are about to be asked, and a retry that finds it loses none of its hours. */
async function noteUnlessEnded(at: Attempt, last: JobLook | undefined): Promise<void> {
  const { run, site, job } = at;
  try {
    const { read } = toolsFor(`Look whether the job ${job} at ${site} goes on`, lastLookSeconds);
    const { state } = await read.watchJob({ ...thereOf(at), withinSeconds: 0 });
    if (state === 'running') run.leaveOver(mayGoOn(at));
  } catch (error) {
    if (isCancellation(error)) throw await endedBy(at, last);
    run.leaveOver(mayGoOn(at));
  }
}

type JobThere = Pick<Attempt, 'run' | 'site' | 'job' | 'id' | 'by'>;

/** As activities are told of it. */
function thereOf({ run, site, id, by }: JobThere): JobAt {
  return { run: run.context(), site, id, ...(by === undefined ? {} : { by: by.program }) };
}

/** What is left to do about a job that nobody has seen end. */
function mayGoOn(at: JobThere): string {
  return `The job ${at.job} at ${at.site} may go on there: the run has not seen it end. See how it stands there, and end it where it is not wanted any more: ${cancelByHand(at)}`;
}

function cancelByHand({ run, id, by }: JobThere): string {
  const { epoch, execution } = run.context();
  // Nothing ends what AWS makes: it is deleted, once it is there.
  if (by && by.program !== 'site-restore') return `delete what carries the tag dr-run=${execution} there, when its state is available (aws ${by.program} help)`;
  const program = by === undefined ? 'site-agent agent.conf' : `${by.program} restore.conf`;
  return `${program} job-cancel --epoch ${epoch} --run ${execution} ${id}`;
}

/** Where people see why. */
function lookAt(site: SiteId, id: string, by: JobOrder['by']): string {
  if (by && by.program !== 'site-restore') return `Look at what AWS says of it at ${site} (aws ${by.program} describe-events)`;
  return `Look at its output at ${site} (jobs/${id} in STATE_DIR of its agent)`;
}

/** A job that ended without being done. Nobody takes back what it did: only its program knows. */
function unfinished({ site, job, id, by }: Attempt, last: JobLook): Error {
  const said = last.lastLine === undefined ? '.' : `. Its last line: ${last.lastLine}`;
  const how: Readonly<Record<string, string>> = {
    failed: `failed with exit code ${last.exitCode ?? 'unknown'}${said}`,
    cancelled: `was cancelled by somebody else${said}`,
    lost: `is lost: its processes are gone and none has said how it ended, as after a restart of the host${said}`,
    none: `is not known there any more, so that nobody knows how it ended.`,
  };
  return failure('permanent', {
    happened: `The job ${job} at ${site} ${how[last.state]}`,
    leftAs: `What it had done by then stays there as it is${soFar(last)}.`,
    next: `${lookAt(site, id, by)} and at what it left, fix the cause, then choose retry: it begins anew, under another number.`,
  });
}

function soFar(last: JobLook | undefined): string {
  const progress = last?.bytesDone === undefined ? undefined : progressOf([{ ...last, bytesDone: last.bytesDone }]);
  return progress === undefined || last === undefined ? '' : ` (${progressWords(progress, last.at)})`;
}
