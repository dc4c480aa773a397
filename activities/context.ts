/** What every activity is told, and what every change answers. Types only. */

/** Which run an activity works for. Everything else about the estate comes from the plan with this digest. */
export interface RunContext {
  /** Workflow id of the run: the estate's lock, the same for each run of it. */
  readonly runId: string;
  /** Unique name of this execution, `<workflow id>@<run id>`: by it epochs are held, so that no run is taken for an earlier one. */
  readonly execution: string;
  /** SHA-256 of the plan snapshot that the run works on. */
  readonly planDigest: string;
  /** Epoch that the run holds; 0 before it holds one. Targets refuse a change under a lower epoch than they have seen. */
  readonly epoch: number;
  /** So many holders of the epoch suffice, by people's decision; absent: a majority of all is needed. */
  readonly holdersAccepted?: number;
}

/** Answer of a mutating activity, read back from the thing itself after the change. */
export interface Change {
  /** State before, in a few words. */
  readonly before: string;
  /** State after, in a few words, as read back. */
  readonly after: string;
  /** False when the wanted state was found already in place: the activity ran before and its reply was lost, or nothing was needed. */
  readonly changed: boolean;
  /** What was done and is less than it should be, one sentence each. Absent in the results of older releases. */
  readonly exceptions?: readonly string[];
  /** What is left for people to do, one sentence each. Absent in the results of older releases. */
  readonly remaining?: readonly string[];
  /** Where it was read, such as `site-agent eu-central-1`. */
  readonly source: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/** What a change reaches: the `estate`, by a run that has claimed its epoch; the `epoch` itself; or the `record`, what is told and kept of a run, of a dry run too. */
export type ChangeReach = 'estate' | 'epoch' | 'record';

/** The changes of a port, each with what it reaches: one that is left out does not compile. */
export type ReachOf<Changes> = Readonly<Record<keyof Changes, ChangeReach>>;
