/** What the benchmarks have started and must end, also when they are interrupted. */

const ends = new Set<() => Promise<void>>();

/** Notes how something that was started is ended. Answers a function that ends it, once. */
export function endsBy(end: () => Promise<void>): () => Promise<void> {
  const once = async (): Promise<void> => {
    if (ends.delete(once)) await end();
  };
  ends.add(once);
  return once;
}

/** Ctrl-C, or a signal from outside, ends everything that was started, the latest first. */
export function endOnInterrupt(say: (line: string) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      say('Ending the lab, the worker and Temporal …');
      void endAll().then(() => process.exit(130));
    });
  }
}

async function endAll(): Promise<void> {
  for (const end of [...ends].reverse()) await end().catch(() => undefined);
}
