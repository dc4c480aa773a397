/** Prints the steps and questions of a run as they come. */
import { setTimeout as pause } from 'node:timers/promises';
import { statusOf } from '../orchestrator/recovery.ts';
import type { Stack } from '../orchestrator/stack.ts';

export function follow(stack: Stack, say: (line: string) => void): { stop(): Promise<void> } {
  let going = true;
  const shown = new Set<string>();
  const once = (key: string, line: string) => {
    if (shown.has(key)) return;
    shown.add(key);
    say(line);
  };
  const loop = async () => {
    while (going) {
      const view = await statusOf(stack).catch(() => null);
      for (const step of view?.status?.steps ?? []) if (step.result !== 'running') once(`${step.id} ${step.result}`, `  ${step.result.padEnd(8)} ${step.id}`);
      const gate = view?.status?.gate;
      if (gate)
        once(gate.gate, `\n  ${gate.question}\n${gate.evidence.map((line) => `    ${line}`).join('\n')}\n    vote: ${JSON.stringify(gate.exampleVote)}\n`);
      await pause(500);
    }
  };
  const done = loop();
  return {
    async stop() {
      going = false;
      await done;
    },
  };
}
