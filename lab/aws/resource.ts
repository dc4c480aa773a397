/** Something that AWS makes, changes and deletes in its own time. */

/** How long each state lasts, milliseconds. AWS takes minutes. */
export interface Paces {
  creating: number;
  'backing-up': number;
  modifying: number;
  deleting: number;
}

/** States one after another; the last one stays. */
export class Course {
  private phases: { readonly status: string; readonly until: number }[] = [];
  private rest: string;
  /** Nobody leaves the first state before this is done. */
  private waitsFor: Promise<unknown> | undefined;

  constructor(rest: string) {
    this.rest = rest;
  }

  go(phases: readonly (readonly [status: string, milliseconds: number])[], rest: string, waitsFor?: Promise<unknown>): void {
    let from = Date.now();
    this.phases = phases.map(([status, milliseconds]) => ({ status, until: (from += milliseconds) }));
    this.rest = rest;
    this.waitsFor = waitsFor;
    void waitsFor?.then(
      () => (this.waitsFor = undefined),
      () => {
        this.waitsFor = undefined;
        [this.phases, this.rest] = [[], 'failed'];
      },
    );
  }

  get status(): string {
    const [first] = this.phases;
    if (this.waitsFor && first) return first.status;
    return this.phases.find(({ until }) => until > Date.now())?.status ?? this.rest;
  }
}

/** Real servers behind what is made. */
export interface BackingServers {
  /** One with what the snapshot holds, as it was at the moment where one is given; settles once it answers. */
  start(name: string, snapshot: string, moment?: Date): Promise<{ readonly host: string; readonly port: number }>;
  stop(name: string): Promise<void>;
}
