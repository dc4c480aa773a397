/** Bodies of control requests that several handles share. */

/** `{ "count": n }`, n from 0 to 1000. Throws an Error with one sentence. */
export function countBody(body: unknown): number {
  const { count } = (body ?? {}) as { count?: unknown };
  if (!Number.isInteger(count) || (count as number) < 0 || (count as number) > 1_000)
    throw new Error('Send {"count": N} with N from 0 to 1000; nothing was changed.');
  return count as number;
}
