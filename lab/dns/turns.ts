/**
 * Whose turn it is among sets by weight. Route 53 draws lots; here each set comes exactly as often as its weight says, as evenly as can be: a lab has few customers, and by chance they would see other
 * shares than those that were written.
 */
import { keyOf, type RecordSet } from '../route53/records.ts';

export class Turns {
  /** How much each set has waited, in weights. */
  readonly #waited = new Map<string, number>();

  /** One of the sets by its weight; of sets that all weigh 0 each the same, as Route 53 does. Undefined where there are none. */
  next(sets: readonly RecordSet[]): RecordSet | undefined {
    const weights = sets.map(({ weight = 0 }) => weight);
    const total = weights.reduce((sum, weight) => sum + weight, 0) || sets.length;
    const candidates = sets.map((set, index) => {
      const weight = weights.every((each) => each === 0) ? 1 : (weights[index] ?? 0);
      return { set, waited: weight === 0 ? Number.NEGATIVE_INFINITY : (this.#waited.get(keyOf(set)) ?? 0) + weight };
    });
    const chosen = candidates.toSorted((one, other) => other.waited - one.waited)[0];
    for (const { set, waited } of candidates) this.#waited.set(keyOf(set), Number.isFinite(waited) ? waited - (set === chosen?.set ? total : 0) : 0);
    return chosen?.set;
  }

  /** As before the first question. */
  forget(): void {
    this.#waited.clear();
  }
}
