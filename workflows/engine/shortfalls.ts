/** What a result says of itself that is less than it should be, or left to do. `Run` keeps it for each step and each undo, so that none can forget it. Pure. */

/** Where it stands for the report. */
interface Kept {
  readonly exceptions: string[];
  /** What is left for people to do, each once. */
  readonly leftovers: string[];
}

/** Keeps what a change, or a list of fences or servers, says of itself; nothing of anything else. Answers its exceptions. */
export function keepShortfalls({ exceptions, leftovers }: Kept, result: unknown): readonly string[] {
  const less = told(result, 'exceptions');
  exceptions.push(...less);
  for (const text of told(result, 'remaining')) if (!leftovers.includes(text)) leftovers.push(text);
  return less;
}

function told(result: unknown, key: 'exceptions' | 'remaining'): readonly string[] {
  const results: readonly unknown[] = Array.isArray(result) ? result : [result];
  return results.flatMap((each) => {
    const found: unknown = typeof each === 'object' && each !== null && key in each ? (each as Readonly<Record<string, unknown>>)[key] : [];
    return Array.isArray(found) ? found.map(String) : [];
  });
}
