/** Worker units, each of which serves a fixed rate and refuses what is above it. */

/** Longest burst that a unit absorbs, as a share of its rate for one second. */
const burstSeconds = 0.5;

class WorkerUnit {
  readonly #ratePerSecond: number;
  readonly #depth: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(ratePerSecond: number, nowMs: number) {
    this.#ratePerSecond = ratePerSecond;
    this.#depth = Math.max(1, ratePerSecond * burstSeconds);
    this.#tokens = this.#depth;
    this.#filledAtMs = nowMs;
  }

  /** Takes one request, or refuses it. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#depth, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * this.#ratePerSecond);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** A site's units behind a round robin. */
export class WorkerUnits {
  readonly #ratePerUnit: number;
  #units: WorkerUnit[] = [];
  #next = 0;

  constructor(count: number, ratePerUnit: number, nowMs: number = performance.now()) {
    this.#ratePerUnit = ratePerUnit;
    this.resize(count, nowMs);
  }

  get count(): number {
    return this.#units.length;
  }

  /** Starts or stops units; those that stay keep their state. */
  resize(count: number, nowMs: number = performance.now()): void {
    this.#units.length = Math.min(this.#units.length, count);
    while (this.#units.length < count) this.#units.push(new WorkerUnit(this.#ratePerUnit, nowMs));
  }

  /** One request; false when no unit has room for it. */
  take(nowMs: number = performance.now()): boolean {
    for (let tried = 0; tried < this.#units.length; tried += 1) {
      this.#next = (this.#next + 1) % this.#units.length;
      if ((this.#units[this.#next] as WorkerUnit).take(nowMs)) return true;
    }
    return false;
  }
}
