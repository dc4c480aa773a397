/** Prints the steps and questions of a run as they come. */
import type { RunView } from '../orchestrator/recovery.ts';

/** Says each step that is over and each question once, in whatever order the views come. */
export function teller(say: (line: string) => void): (view: RunView) => void {
  const shown = new Set<string>();
  const once = (key: string, line: string) => {
    if (shown.has(key)) return;
    shown.add(key);
    say(line);
  };
  return ({ status }) => {
    for (const step of status?.steps ?? []) if (step.result !== 'running') once(`${step.id} ${step.result}`, `  ${step.result.padEnd(8)} ${step.id}`);
    const gate = status?.gate;
    if (gate)
      once(gate.gate, `\n  ${gate.question}\n${gate.evidence.map((line) => `    ${line}`).join('\n')}\n    vote: ${JSON.stringify(gate.exampleVote)}\n`);
  };
}
