/** Jobs, by the agent of each site, or by site-restore there. */
import { changeOf } from '../change.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { until } from '../waiting.ts';
import type { JobAt, JobLook, JobsActivities, JobState } from './port.ts';

/** An agent is asked to wait for so long at most, seconds: it holds one session of the host's SSH server meanwhile, which others may need. */
const sessionSeconds = 5;
/** Between two such questions, milliseconds. */
const everyMilliseconds = 1_000;

const states: readonly string[] = ['none', 'running', 'done', 'failed', 'cancelled', 'lost'] satisfies readonly JobState[];

export function createJobsActivities({ agent, restorer, now }: ActivityDependencies): JobsActivities {
  const at = ({ run, site, by }: JobAt) => (by === 'site-restore' ? restorer(run, site) : agent(run, site));
  return {
    async watchJob({ withinSeconds, ...job }) {
      const { site, id } = job;
      const end = performance.now() + withinSeconds * 1000;
      let last: JobLook | undefined;
      const look = async () => {
        const seconds = Math.max(0, Math.min(sessionSeconds, Math.floor((end - performance.now()) / 1000)));
        const answer = await at(job).ask('job-watch', id, String(seconds));
        if (!answer.reachable) throw notReached(job, answer.reason);
        last = lookOf(answer.fields, { site, id }, now());
        return last.state === 'running' ? undefined : last;
      };
      return (await until(look, { everyMilliseconds, withinMilliseconds: withinSeconds * 1000 })) ?? (last as JobLook);
    },

    async startJob({ run, site, id, job, args }) {
      return changeOf(await agent(run, site).change('job-start', id, job, ...args), site, now());
    },

    async cancelJob(job) {
      return changeOf(await at(job).change('job-cancel', job.id), job.site, now());
    },
  };
}

function notReached({ site, id, by }: JobAt, reason: string): Error {
  return failure(
    'transient',
    {
      happened: `${by === undefined ? `The agent of ${site}` : `${by} at ${site}`} could not be asked for the job ${id}: ${reason}.`,
      leftAs: 'The job goes on without it.',
    },
    { site, id },
  );
}

/** The agent's lines as a look; a state that this release does not know is a `permanent` failure. */
export function lookOf(fields: AgentFields, { site, id }: Pick<JobAt, 'site' | 'id'>, at: Date): JobLook {
  const state = fields.get('state');
  if (!states.includes(state))
    throw failure('permanent', {
      happened: `The agent of ${site} calls the job ${id} ${JSON.stringify(state)}.`,
      leftAs: 'The job was left as it is.',
      next: 'Install the site agent of this version there, then choose retry.',
    });
  const figure = (key: string) => (fields.find(key) === undefined ? undefined : Number(fields.find(key)));
  const time = (key: string) => fields.at(key)?.toISOString();
  return withoutGaps({
    site,
    id,
    state: state as JobState,
    exitCode: figure('exit_code'),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
    bytesDone: figure('bytes_done'),
    bytesAll: figure('bytes_all'),
    doing: fields.find('doing'),
    progressAgeSeconds: figure('progress_age_seconds'),
    lastLine: fields.find('last_line'),
    at: at.toISOString(),
  });
}

/** What nobody has told is absent. */
function withoutGaps<T extends object>(look: T): { [Key in keyof T]: T[Key] & {} } {
  return Object.fromEntries(Object.entries(look).filter(([, value]) => value !== undefined && !Number.isNaN(value))) as { [Key in keyof T]: T[Key] & {} };
}
