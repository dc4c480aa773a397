/** Goal: the sweep in the lab takes a procedure that was only added, with its own input and no other's. Method: the type check of this file; each `@ts-expect-error` is an error when the line below it compiles. */
import { warmUp } from '../driven/warm-up.ts';
import type { Setting } from '../sweep/settings.ts';

const usual: Setting<'warmUp'> = { name: 'planned', driven: warmUp, change: { at: 'gent' }, breakIt: async () => {} };
export const settings: readonly Setting[] = [usual];

// @ts-expect-error: no site of a warm-up has failed
export const foreign: Setting<'warmUp'> = { ...usual, change: { declaredFailed: { reason: 'customers see errors' } } };
