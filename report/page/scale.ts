/** Marks of an axis of seconds. Pure. */

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800];

/** The smallest round distance with which at most `marksMax` marks cover so many seconds. */
export function markEvery(seconds: number, marksMax: number): number {
  return steps.find((step) => seconds / step <= marksMax) ?? Math.ceil(seconds / marksMax / 604_800) * 604_800;
}
