/** Goal: what the demo tells people to type is what the open gate takes. Method: questions as `dr status` shows them. */
import { expect, test } from 'vitest';
import { teller } from '../../lab/demo/teller.ts';

const gate = (choice: string, ...others: readonly string[]) => ({
  gate: `activation-${choice.length}`,
  question: 'Build it?',
  choices: [`${choice}: fence, and restore`, ...others],
  electorate: ['a', 'b'],
  evidence: ['us-east-1: failed'],
  exampleVote: { choice },
});

test.each([
  ['a cold start', 'restore 2026-11-30T01:17:43.123456Z'],
  ['a failover', 'approve'],
])('at the gate of %s the choices are its own, each with what it does, and the command has one of them', (_procedure, choice) => {
  const said: string[] = [];
  const tell = teller((line) => said.push(line));
  const view = { state: 'running', runId: 'r', status: { phase: 'deciding', outcome: null, steps: [], gate: gate(choice, 'reject: end here') } } as const;
  tell(view);
  tell(view);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(`    choice: ${choice}: fence, and restore\n    choice: reject: end here\n`);
  expect(said[0]).toContain(`vote: vote --gate activation-${choice.length} --choice '${choice}' --as PERSON --reason WHY`);
});
