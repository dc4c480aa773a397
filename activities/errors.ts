/**
 * The one catalogue of errors that activities raise: who acts, whether a retry helps, and what to do next.
 * Every message says what happened, what was left as it was, and what to do next.
 */
import { ApplicationFailure } from '@temporalio/common';
import { type FailureText, sentencesOf } from '../plan/rules/sentences.ts';

export const errorCatalogue = {
  transient: {
    meaning: 'Something did not answer, or not in time.',
    retryable: true,
    actsNext: 'the run retries',
    hint: 'It is tried again. When people are asked: see that what is named answers, then choose retry.',
  },
  permanent: {
    meaning: 'It will fail in the same way until its cause is fixed.',
    retryable: false,
    actsNext: 'people',
    hint: 'Fix the cause that the message names, then choose retry, or another answer.',
  },
  capacity: {
    meaning: 'The provider has no room, neither for what is asked nor for the alternatives of the plan.',
    retryable: false,
    actsNext: 'people',
    hint: 'Choose retry once there is room, or skip and serve with what is there.',
  },
  refused: {
    meaning: 'A guard said no.',
    retryable: false,
    actsNext: 'people',
    hint: 'Do what the sentence says, then choose retry. Do not change the guard.',
  },
  unknown: {
    meaning: 'Whether the change took effect could not be read back.',
    retryable: false,
    actsNext: 'people',
    hint: 'The state could not be read back. Look at the thing itself before you choose.',
  },
  'plan-changed': {
    meaning: 'The worker holds another plan than the run expects.',
    retryable: false,
    actsNext: 'whoever started the run',
    hint: 'Look at the plan that the worker holds (dr plan show) and start again with its digest.',
  },
  'secret-missing': {
    meaning: 'A secret that the plan refers to is not there for the worker.',
    retryable: false,
    actsNext: 'whoever runs the worker',
    hint: 'Set the variable or create the file that the message names, restart the worker, then choose retry.',
  },
  'host-key-changed': {
    meaning: 'A host shows another key than the plan pins.',
    retryable: false,
    actsNext: 'security',
    hint: 'Compare the fingerprint on the host console. Change the plan only after a reviewed key rotation.',
  },
  'page-not-made': {
    meaning: 'The page of a report was not drawn or not written; the report is stored without it.',
    retryable: false,
    actsNext: 'whoever reads the report',
    hint: 'The report itself is kept. Make its page where you read it: dr report --html FILE',
  },
  'no-lock': {
    meaning: 'A workflow asked for a change without being the run that holds the estate.',
    retryable: false,
    actsNext: 'nobody',
    hint: 'Start a run as docs/client.md says: it goes on from what it finds. Who started this one stands in its history.',
  },
  'stale-epoch': {
    meaning: 'A target has seen a higher epoch than the run holds, or the same one of another holder.',
    retryable: false,
    actsNext: 'nobody',
    hint: 'Who holds the estate by now is named in the message. This run must end; do not retry it.',
  },
} as const;

export type ErrorType = keyof typeof errorCatalogue;

/** The failure that an activity throws; without `next` it says the catalogue's hint. `details` carries facts for programs. */
export function failure(
  type: ErrorType,
  text: Omit<FailureText, 'next'> & Partial<FailureText>,
  facts: Record<string, unknown> = {},
  cause?: unknown,
): ApplicationFailure {
  const entry = errorCatalogue[type];
  return ApplicationFailure.create({
    type,
    nonRetryable: !entry.retryable,
    message: sentencesOf({ next: entry.hint, ...text }),
    details: [{ ...facts, actsNext: entry.actsNext }],
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** Type of a failure of the catalogue; undefined for any other error. */
export function errorTypeOf(error: unknown): ErrorType | undefined {
  const type = error instanceof ApplicationFailure ? error.type : undefined;
  return type !== undefined && type !== null && Object.hasOwn(errorCatalogue, type) ? (type as ErrorType) : undefined;
}

/** True for a failure that no other way of the same step gets around: the step ends with it, and people or a newer run decide. */
export function endsTheRun(error: unknown): boolean {
  return ['stale-epoch', 'no-lock', 'plan-changed', 'secret-missing'].includes(errorTypeOf(error) ?? '');
}
