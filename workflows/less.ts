/** What a result says of itself that is less than it should be. One place, so that no step can forget it. */

/** Exceptions of a change or of a list of fences; none of anything else. */
export function exceptionsOf(result: unknown): readonly string[] {
  return told(result, 'exceptions');
}

/** What a change leaves for people to do. */
export function remainingOf(result: unknown): readonly string[] {
  return told(result, 'remaining');
}

function told(result: unknown, key: 'exceptions' | 'remaining'): readonly string[] {
  const results: readonly unknown[] = Array.isArray(result) ? result : [result];
  return results.flatMap((each) => {
    const found: unknown = typeof each === 'object' && each !== null && key in each ? (each as Readonly<Record<string, unknown>>)[key] : [];
    return Array.isArray(found) ? found.map(String) : [];
  });
}
