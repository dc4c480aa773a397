/** The job behind what AWS makes: AWS itself works, and its tags tell the rest. */
import type { Change } from '../../context.ts';
import type { JobAt, JobLook, JobState } from '../../jobs/port.ts';
import { until } from '../../waiting.ts';
import { takeResource } from '../../aws/epoch-tag.ts';
import { jobOf, jobTagKey, type Made, madeBy, stageOf } from './made.ts';
import type { Work } from './provider.ts';
import { awsNameOf } from './ways-out.ts';

const everyMilliseconds = 1_000;

/** Answers when it has ended, when it is to be started once more, or after `withinSeconds`. */
export async function watch(work: Work, { site, id, withinSeconds }: JobAt & { readonly withinSeconds: number }): Promise<JobLook> {
  const look = async (): Promise<JobLook> => {
    const made = await work.provider.find();
    return { site, id, ...(made ? told(work, id, made) : { state: 'none' as const }), at: work.dependencies.now().toISOString() };
  };
  let last: JobLook | undefined;
  const ended = await until(async () => ((last = await look()).state !== 'running' || last.waitsForStart ? last : undefined), {
    everyMilliseconds,
    withinMilliseconds: withinSeconds * 1000,
  });
  return ended ?? last ?? look();
}

function told({ provider, run }: Work, id: string, made: Made): Pick<JobLook, 'state' | 'lastLine' | 'waitsForStart'> {
  if (madeBy(made, run) !== 'this run') return { state: 'none' };
  const lastLine = `${provider.called} is ${made.status}`;
  const job = jobOf(made);
  if (job.id !== id) return { state: attemptOf(job.id) > attemptOf(id) ? 'lost' : 'none', lastLine };
  if (stageOf(made) !== 'begun') return { state: 'done', lastLine };
  if (job.cancelled) return { state: 'cancelled', lastLine };
  if (made.standing === 'broken' || made.standing === 'stopped') return { state: 'failed', lastLine };
  return made.standing === 'busy' ? { state: 'running', lastLine } : { state: 'running', lastLine, waitsForStart: true };
}

/** The last number of `RUN.JOB.ATTEMPT`. */
function attemptOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('.') + 1)) || 0;
}

/** No run goes on with it under this id. AWS ends nothing that it makes; where it takes no tags of it meanwhile, as ElastiCache does, the job goes on. */
export async function cancel(work: Work, { id }: JobAt): Promise<Change> {
  const { dependencies, provider, run } = work;
  const made = await provider.find();
  const before: JobState = made ? told(work, id, made).state : 'none';
  const change = { before, source: provider.source, at: dependencies.now().toISOString() };
  if (before !== 'running') return { ...change, after: before, changed: false };
  const remaining = [`${provider.called} is being made all the same, and costs until it is deleted: the undo of its step does that.`];
  const readTags = async () => (await provider.find())?.tags;
  try {
    await takeResource(dependencies, run, { name: provider.called, readTags, writeTag: (tag) => provider.tag([tag]) }, 'It was not cancelled.');
    await provider.tag([{ Key: jobTagKey, Value: `${id} cancelled` }]);
  } catch (error) {
    if (!/^Invalid\w+State/.test(awsNameOf(error) ?? '')) throw error;
    return { ...change, after: 'running', changed: false, remaining };
  }
  return { ...change, after: 'cancelled', changed: true, remaining };
}
