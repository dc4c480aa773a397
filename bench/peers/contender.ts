/** What all that are compared have in common: they prepare before the decision, recover after it, and say where their time went. */
export interface StepTime {
  readonly step: string;
  readonly seconds: number;
}

export interface Ended {
  /** In order. */
  readonly steps: readonly StepTime[];
  /** From the decision until it says itself that traffic may come; null where it does not say. */
  readonly readySeconds: number | null;
}

export interface Recovery {
  /** When the decision was taken; milliseconds since 1970. */
  readonly decidedAt: number;
  /** Ends when the contender has ended; rejects with a sentence when it failed. */
  readonly ended: Promise<Ended>;
}

export interface Contender {
  readonly name: string;
  /** Called when the site has just been lost, at `lostAt` (milliseconds since 1970); resolves at the decision, which is taken `settleSeconds` or more after that. */
  recover(lostAt: number, settleSeconds: number): Promise<Recovery>;
  /** Called after each reset. */
  prepare(): Promise<void>;
}
