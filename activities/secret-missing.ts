/** A worker that lacks the credentials of one holder of the epoch still hears what the others say. */
import { ApplicationFailure } from '@temporalio/common';
import { withoutHint } from '../plan/rules/sentences.ts';
import { errorTypeOf } from './errors.ts';

/** What was read, or `silent` with the reason where the worker has no secret to ask with. */
export async function unlessSecretMissing<T>(read: () => Promise<T>, silent: (reason: string) => T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApplicationFailure && errorTypeOf(error) === 'secret-missing') return silent(withoutHint(error.message));
    throw error;
  }
}
