/** Prints the steps and questions of a run as they come. */
import type { OpenGate, RunView } from '../orchestrator/recovery.ts';

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
    if (gate) once(gate.gate, asked(gate));
  };
}

/** A question as people at a terminal need it: what may be chosen is the gate's own, and each gate has its own words. */
function asked({ gate, question, evidence, choices, exampleVote }: OpenGate): string {
  const command = `vote --gate ${gate} --choice '${exampleVote.choice}' --as PERSON --reason WHY`;
  const lines = [...evidence, ...choices.map((choice) => `choice: ${choice}`), `vote: ${command}`, `signal vote: ${JSON.stringify(exampleVote)}`];
  return `\n  ${question}\n${lines.map((line) => `    ${line}`).join('\n')}\n`;
}
