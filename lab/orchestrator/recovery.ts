/** A recovery as its users drive it: start, vote at gates, wait for the report. What the demo and the scenarios share. */
import type { Answer } from './programs.ts';
import type { Stack } from './stack.ts';

/** The parts of `dr status --json` that drivers of a run need. */
export interface RunView {
  readonly state: 'running' | 'unattended' | 'ended' | 'broken';
  readonly runId: string;
  readonly status?: {
    readonly phase: string;
    readonly outcome: string | null;
    readonly gate: OpenGate | null;
    readonly steps: readonly { id: string; result: string }[];
  };
}

export interface OpenGate {
  readonly gate: string;
  readonly question: string;
  readonly choices: readonly string[];
  readonly electorate: readonly string[];
  readonly evidence: readonly string[];
  readonly exampleVote: { readonly choice: string };
}

/** What people answer to a gate, by the gate's name without its digest; null leaves it open until the run has changed, as in {@link leftToOthers}. */
export type Answers = Readonly<Record<string, (gate: OpenGate) => string | null>>;

/** Every gate is somebody else's to answer. */
export const leftToOthers: Answers = { '': () => null };

export async function statusOf(stack: Stack): Promise<RunView> {
  const answer = await stack.dr('status', '--json');
  try {
    return JSON.parse(answer.out) as RunView;
  } catch {
    throw new Error(`dr status did not answer: ${answer.err.trim() || answer.out.trim()}`);
  }
}

/** Two people of the electorate cast the same vote. Answers what `dr vote` said to each. */
export async function voteOfTwo(stack: Stack, gate: OpenGate, choice: string, reason: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const who of gate.electorate.slice(0, 2)) {
    answers.push(await stack.dr('vote', '--gate', gate.gate, '--choice', choice, '--as', who, '--reason', reason));
  }
  return answers;
}

/** Longest time that a run takes here, seconds: three times what it takes on a busy machine. People who vote for themselves take what they need. */
const runSeconds = 240;

/** Whoever looks on while a run goes. */
export interface Onlooker {
  /** Every change of the run, before anybody votes. */
  readonly onView?: (view: RunView) => void;
  readonly onVote?: (gate: OpenGate, choice: string) => void;
}

/**
 * Answers every gate of the run until it ends, as one command sees it that stays (`dr status --watch`): a process for each look takes the processor from what is measured.
 * A gate that nobody foresaw is an error with its question and evidence: a run that waits for people does not end by itself.
 */
export async function decideUntilEnd(stack: Stack, answers: Answers, { onView, onVote }: Onlooker = {}): Promise<void> {
  const answered = new Set<string>();
  let last: RunView | undefined;
  const watch = stack.drLines(answers === leftToOthers ? Infinity : runSeconds * 1000, 'status', '--watch', '--json');
  for await (const line of watch.lines) {
    const view = JSON.parse(line) as RunView;
    last = view;
    onView?.(view);
    const gate = view.status?.gate;
    if (!gate || answered.has(gate.gate)) continue;
    const answer = Object.entries(answers).find(([name]) => gate.gate.startsWith(name))?.[1];
    if (!answer) throw new Error(`Nobody here answers the gate ${gate.gate}. ${gate.question} ${gate.evidence.join(' ')}`);
    const choice = answer(gate);
    if (choice === null) continue;
    answered.add(gate.gate);
    onVote?.(gate, choice);
    await voteOfTwo(stack, gate, choice, 'Evidence read; this is the plan.');
  }
  if (last?.state === 'ended' || last?.state === 'broken') return;
  throw new Error(`The run was not seen to its end: ${JSON.stringify(last)}. ${watch.said()} The worker's last words: ${stack.worker.lastWords()}`);
}
