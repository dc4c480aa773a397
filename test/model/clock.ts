/** The clock of a model: of this machine, or of whatever runs the procedures, such as a server that skips time. */

export interface Clock {
  /** Milliseconds since 1970, as far as is known here. */
  readonly now: () => number;
  /** The same, asked of whoever keeps it. */
  readonly read: () => Promise<number>;
}

export const wallClock: Clock = { now: () => Date.now(), read: async () => Date.now() };
