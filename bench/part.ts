/** A part of the benchmarks: measures, and answers what it found as Markdown. */
export interface PartOptions {
  readonly rounds: number;
  /** One line for people while it runs. */
  readonly progress: (line: string) => void;
}

export type Part = (options: PartOptions) => Promise<string>;
