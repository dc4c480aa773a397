/** So many at a time, and the others in the order in which they came. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;
  private max: number;

  constructor(max: number) {
    this.max = max;
  }

  /** Waits for a turn; who takes one gives it back. */
  async take(): Promise<void> {
    if (this.taken < this.max) this.taken += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  giveBack(): void {
    this.taken -= 1;
    this.admit();
  }

  /** From now on `max` at a time; turns that are taken stay so. */
  limit(max: number): void {
    this.max = max;
    this.admit();
  }

  /** Turns that are taken now. */
  get inUse(): number {
    return this.taken;
  }

  private admit(): void {
    while (this.taken < this.max) {
      const next = this.waiting.shift();
      if (!next) return;
      this.taken += 1;
      next();
    }
  }
}
