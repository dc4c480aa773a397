/** How a run puts a question of its plan to people. */
import { seconds } from '../../plan/durations.ts';
import { membersOf } from '../../plan/rules/people.ts';
import type { Gate, Step } from '../../plan/schema.ts';
import { chosen } from '../../report/report.ts';
import { readChoice, typedExample } from './answers.ts';
import { now } from './clock.ts';
import type { Course } from './course.ts';
import { RunEnding } from './endings.ts';
import { failure } from './failures.ts';
import { choicesOf, type Decision, type Question, type Terms, voters } from './gate.ts';
import { noGravity } from './gravity.ts';
import { choiceMade, type Won } from './tally.ts';

/** Puts a question of the plan's procedure to people. In a dry run it is only written down. */
export async function ask(run: Course, question: Question): Promise<Decision> {
  const terms = termsOf(run, question.gate);
  if (run.rules.gates === 'show') {
    run.desk.show(question, terms);
    run.note(`Would ask ${terms.quorum} of ${voters(terms).join(', ')}: ${question.question}`);
    return { kind: 'decided', ...firstAnswer(question), at: now() };
  }
  run.note(`Asked: ${question.question}`);
  const decision = await run.desk.ask(question, terms);
  run.note(
    decision.kind === 'decided'
      ? `Decided: ${chosen(choiceMade(choicesOf(question), decision))}.`
      : decision.kind === 'expired'
        ? 'Nobody decided in time: expired.'
        : decision.why,
  );
  return decision;
}

/** What a dry run goes on with: the first choice, and the first value that would be right for it. */
function firstAnswer(question: Question): Won {
  const choices = choicesOf(question);
  const [first] = Object.entries(choices);
  const read = readChoice(choices, first ? typedExample(first[0], first[1].asks) : '');
  return read.ok ? { choice: read.word, answer: read.answer } : { choice: first?.[0] ?? '', answer: null };
}

/** The gate that the plan puts before a step. */
export async function askBefore(run: Course, step: Step): Promise<void> {
  if (!step.gateBefore) return;
  const decision = await ask(run, {
    gate: step.gateBefore,
    question: gateOf(run, step.gateBefore).question,
    choices: { approve: `go on with "${step.name}"`, reject: 'end the run here' },
    evidence: { lines: [`Next comes "${step.name}".`, run.changedSoFar], at: now(), gravity: noGravity },
  });
  if (decision.kind === 'decided' && decision.choice === 'approve') return;
  throw new RunEnding('stood down', `The gate before "${step.name}" was not passed. ${run.leftAs} Start again to ask again.`, !run.forwardOnly);
}

function gateOf(run: Course, id: string): Gate {
  const gate = run.procedure.gates.find((candidate) => candidate.id === id);
  if (!gate) throw failure('permanent', { happened: `The plan has no gate "${id}".`, leftAs: 'Nothing was asked.', next: 'Run dr plan check.' });
  return gate;
}

function termsOf(run: Course, gateId: string): Terms {
  const gate = gateOf(run, gateId);
  return {
    electorate: membersOf(run.plan, gate.electorate),
    startedBy: run.start.startedBy,
    quorum: gate.quorum,
    deadlineSeconds: seconds(gate.deadline),
    evidenceMaxAgeSeconds: seconds(run.plan.estate.detection.evidenceMaxAge),
    planDigest: run.planSnapshot?.digest ?? '',
  };
}
