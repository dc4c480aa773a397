/** Figures of a sample. Pure. */

/** The middle value, or the mean of the two in the middle; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Smallest value that at least `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** `2.34 (2.1–3.0)`: the median, and between what the values lie. */
export function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return 'none';
  const show = (value: number) => value.toFixed(digits);
  return values.length === 1 ? show(median(values)) : `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}
