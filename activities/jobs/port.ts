/** Work on a site's host that takes minutes or hours: a program that the site lists, started once, watched and cancelled, detached from whoever asked for it. */
import type { Restorer } from '../../plan/rules/restorers.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

/** `none`: nothing was begun under this id. `lost`: its processes are gone, and none has said how it ended, as after a restart of the host. */
export type JobState = 'none' | 'running' | 'done' | 'failed' | 'cancelled' | 'lost';

/** What a site tells of a job. Texts and figures are those of its program. */
export interface JobLook {
  readonly site: SiteId;
  readonly id: string;
  readonly state: JobState;
  /** Of its program, when that has ended: 143 or 137 where it was ended by a signal. */
  readonly exitCode?: number;
  /** RFC 3339, by the run's clock. */
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly bytesDone?: number;
  readonly bytesAll?: number;
  /** What it is doing, in a few words. */
  readonly doing?: string;
  /** Age of what it has last told of its progress, seconds. */
  readonly progressAgeSeconds?: number;
  /** The last line that it wrote, of at most 300 characters. */
  readonly lastLine?: string;
  /** It runs where no program of the site does, and comes no further until it is started once more under its id: settings, and the proof. */
  readonly waitsForStart?: true;
  /** RFC 3339: when this was read. */
  readonly at: string;
}

/** A job of one run at one site. `id`: letters, digits, dots, dashes and underscores, at most 120; who starts the same id twice finds what runs or ran under it. */
export interface JobAt {
  readonly run: RunContext;
  readonly site: SiteId;
  readonly id: string;
  /** Who carries it out: a program at the host, or a service of AWS; absent: the site agent. */
  readonly by?: Restorer;
}

export interface JobsReads {
  /** Answers when the job has ended, or after `withinSeconds`. A `transient` failure when the agent cannot be reached. */
  watchJob(input: JobAt & { readonly withinSeconds: number }): Promise<JobLook>;
}

export interface JobsChanges {
  /**
   * Starts `job`, as the site's agent.conf lists it, or finds the one with this id, running or ended: `after` is its state. `refused` when the site does not list it, when another one of this name runs, or when arguments are too
   * many or too long: nothing was started then.
   */
  startJob(input: Omit<JobAt, 'by'> & { readonly job: string; readonly args: readonly string[] }): Promise<Change>;
  /** Ends all processes of the job, and keeps one that has not begun from beginning; what had ended stays as it ended. `remaining` says what it left. */
  cancelJob(input: JobAt): Promise<Change>;
}

export const jobsChanges = { startJob: 'estate', cancelJob: 'estate' } as const satisfies ReachOf<JobsChanges>;

export type JobsActivities = JobsReads & JobsChanges;
