/** How a procedure is started: what clients and the engine know of it. */
import type { z } from 'zod';
import type { Places } from '../../plan/rules/places.ts';
import type { StartInput } from './messages.ts';

/** An option of `dr start PROCEDURE`, for a field of the input. */
export interface StartOption {
  /** What is typed. A site is looked up in the plan before anything is sent. */
  readonly is: 'site' | 'text';
  /** What it means, as the help says it. */
  readonly says: string;
}

/** Fields that an input has beside those of every start. */
type OwnFields<Input extends StartInput> = Omit<Input, keyof StartInput>;

export interface Start<Input extends StartInput> {
  /** Reads the input; strict. */
  readonly form: z.ZodType;
  /** Options of `dr start PROCEDURE`, one for each field of its own; null where `dr` has a command of its own for it. */
  readonly options: { readonly [Field in keyof OwnFields<Input>]-?: OwnFields<Input>[Field] extends string ? StartOption : never } | null;
  readonly placesOf: (input: Input) => Places;
  /** What it does, as people say it: in the infinitive, and as done. */
  readonly aim: (estate: string, places: Places) => { readonly toDo: string; readonly done: string };
}
