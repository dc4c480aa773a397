/** Jobs of the model estate: they take their time by a clock that a test gives, and end as it says. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { JobLook, JobState } from '../../activities/jobs/port.ts';

/** How a job goes when it is begun. */
export interface JobCourse {
  readonly seconds: number;
  readonly bytesAll?: number;
  readonly ends?: Extract<JobState, 'done' | 'failed' | 'lost'>;
}

interface FakeJob extends JobCourse {
  readonly site: string;
  readonly job: string;
  readonly startedAt: number;
  cancelledAt?: number;
}

export class FakeJobs {
  /** Of each job that is begun, in turn; the last holds for all that follow. */
  courses: JobCourse[] = [{ seconds: 60, bytesAll: 60_000_000_000 }];
  /** Milliseconds since 1970. */
  now: () => Promise<number>;
  /** So many starts take effect without an answer. */
  unansweredStarts = 0;
  /** Whether a cancel works. */
  cancellable = true;
  readonly begun = new Map<string, FakeJob>();

  constructor(now: () => Promise<number>) {
    this.now = now;
  }

  /** Gives the state before. */
  async begin(id: string, site: string, job: string): Promise<JobState> {
    const { state } = await this.look(id);
    if (state !== 'none') return state;
    const [course = { seconds: 0 }, ...others] = this.courses;
    if (others.length > 0) this.courses = others;
    this.begun.set(id, { ...course, site, job, startedAt: await this.now() });
    return state;
  }

  async start({ id, site, job }: { readonly id: string; readonly site: string; readonly job: string }): Promise<JobState> {
    const before = await this.begin(id, site, job);
    if (this.unansweredStarts === 0) return before;
    this.unansweredStarts -= 1;
    throw ApplicationFailure.retryable('The connection ended.', 'transient');
  }

  async cancel(id: string): Promise<{ readonly before: JobState; readonly after: JobState }> {
    if (!this.cancellable) throw ApplicationFailure.nonRetryable('its processes wait for the kernel', 'permanent');
    const { state } = await this.look(id);
    const job = this.begun.get(id);
    if (state === 'running' && job) job.cancelledAt = await this.now();
    return { before: state, after: (await this.look(id)).state };
  }

  /** As an activity that waits: the server counts the time until its second try. */
  async watch({ id, withinSeconds }: { readonly id: string; readonly withinSeconds: number }): Promise<JobLook> {
    const job = this.begun.get(id);
    const look = await this.look(id);
    const first = Context.current().info.attempt === 1;
    if (!job || look.state !== 'running' || withinSeconds === 0 || !first) return look;
    const left = job.startedAt + job.seconds * 1000 - (await this.now());
    throw ApplicationFailure.create({
      type: 'transient',
      category: 'BENIGN',
      message: 'it runs',
      nextRetryDelay: Math.max(100, Math.min(left, withinSeconds * 1000)),
    });
  }

  /** Until a job ends by itself; 0 for one that has ended or is not known. */
  secondsLeft(id: string, now: number): number {
    const job = this.begun.get(id);
    return job && job.cancelledAt === undefined ? Math.max(0, job.seconds - (now - job.startedAt) / 1000) : 0;
  }

  async look(id: string): Promise<JobLook> {
    const at = await this.now();
    const job = this.begun.get(id);
    const base = { id, at: new Date(at).toISOString() };
    if (!job) return { ...base, site: '', state: 'none' };
    const elapsed = Math.min(((job.cancelledAt ?? at) - job.startedAt) / 1000, job.seconds);
    const ended = elapsed >= job.seconds;
    const state = job.cancelledAt !== undefined ? 'cancelled' : ended ? (job.ends ?? 'done') : 'running';
    const bytes =
      job.bytesAll === undefined ? {} : { bytesAll: job.bytesAll, bytesDone: Math.floor((job.bytesAll * elapsed) / job.seconds), progressAgeSeconds: 1 };
    const code = { done: { exitCode: 0 }, failed: { exitCode: 7, lastLine: 'no space left on device' } }[state as 'done' | 'failed'] ?? {};
    return { ...base, site: job.site, state, startedAt: new Date(job.startedAt).toISOString(), ...bytes, ...code };
  }
}
