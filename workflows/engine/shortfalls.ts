/** What a result says of itself that is less than it should be, or left to do. It is kept for each step and each undo, so that none can forget it. */
import type { RunRecord } from './record.ts';

/** Keeps what a change, or a list of fences or servers, says of itself; nothing of anything else. Answers its exceptions. */
export function keepShortfalls(record: Pick<RunRecord, 'except' | 'leaveOver'>, result: unknown): readonly string[] {
  const less = told(result, 'exceptions');
  record.except(...less);
  record.leaveOver(...told(result, 'remaining'));
  return less;
}

function told(result: unknown, key: 'exceptions' | 'remaining'): readonly string[] {
  const results: readonly unknown[] = Array.isArray(result) ? result : [result];
  return results.flatMap((each) => {
    const found: unknown = typeof each === 'object' && each !== null && key in each ? (each as Readonly<Record<string, unknown>>)[key] : [];
    return Array.isArray(found) ? found.map(String) : [];
  });
}
