/** How a procedure is started: what clients and the engine know of it. */
import type { z } from 'zod';
import type { Places } from '../../plan/rules/places.ts';
import type { StartInput } from './messages.ts';

export interface Start<Input extends StartInput> {
  /** Reads the input; strict. */
  readonly form: z.ZodType;
  readonly placesOf: (input: Input) => Places;
  /** What it does, as people say it: in the infinitive, and as done. */
  readonly aim: (estate: string, places: Places) => { readonly toDo: string; readonly done: string };
}
