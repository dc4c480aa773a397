/** How a failure is told to people. Pure. */

/** What happened, what was left as it was, what to do next. */
export interface FailureText {
  readonly happened: string;
  readonly leftAs: string;
  readonly next: string;
}

const before = ' HINT: ';

export function sentencesOf({ happened, leftAs, next }: FailureText): string {
  return `${happened} ${leftAs}${before}${next}`;
}

/** What happened and what was left, without the hint: for a note among others, where the hint would be another step's. */
export function withoutHint(sentences: string): string {
  return sentences.split(before)[0] ?? sentences;
}
