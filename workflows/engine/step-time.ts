/** How long a step may still take: its bound, and what people held it for. Several of its changes may be held at once; that time counts once. */
export class StepTime {
  private readonly now: () => number;
  private deadline: number;
  private holding = 0;
  private countedUntil = 0;

  /** `now`: milliseconds. */
  constructor(boundSeconds: number, now: () => number = Date.now) {
    this.now = now;
    this.deadline = now() + boundSeconds * 1000;
  }

  secondsLeft(): number {
    return (this.deadline - this.now()) / 1000;
  }

  /** Waits until `released`, which costs the step nothing. */
  async hold(released: () => Promise<unknown>): Promise<void> {
    if (this.holding === 0) this.countedUntil = this.now();
    this.holding += 1;
    try {
      await released();
    } finally {
      this.holding -= 1;
      // Each that goes on counts what the ones before it have not: the first must not find its time used up.
      this.deadline += this.now() - this.countedUntil;
      this.countedUntil = this.now();
    }
  }
}
