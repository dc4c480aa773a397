/** What people are asked when a step has failed for good. Pure. */
import type { Step } from '../../plan/schema.ts';
import type { Question } from './gate.ts';

export interface FailedStep extends Pick<Question, 'evidence' | 'moot'> {
  readonly step: Step;
  /** The step has something to go on with in place of its result. */
  readonly canSkip: boolean;
  /** The run is past its point of no return. */
  readonly forwardOnly: boolean;
}

export function failedStepQuestion({ step, canSkip, forwardOnly, ...rest }: FailedStep): Question {
  const choices: Record<string, string> = { retry: 'try the step again' };
  if (step.skippable && canSkip) choices['skip'] = 'go on without it; the run will end with exceptions';
  if (!forwardOnly) choices['undo'] = 'take back everything done so far and end';
  choices['abort'] = `end here and leave everything as it is${forwardOnly ? '' : ', fences too'}`;
  return { gate: 'failed-step', question: `"${step.name}" failed. What now?`, choices, ...rest };
}
