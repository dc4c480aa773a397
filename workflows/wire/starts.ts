/** How each procedure is started, and what it is about: what clients and the engine know of it. */
import type { z } from 'zod';
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import type { RegionalFailoverInput, StartInput } from './messages.ts';
import { regionalFailoverInput } from './start-forms.ts';

export interface Start<Input extends StartInput> {
  /** Reads the input; strict. */
  readonly form: z.ZodType;
  readonly placesOf: (input: Input) => Places;
  /** What it does, as people say it: in the infinitive, and as done. */
  readonly aim: (estate: string, places: Places) => { readonly toDo: string; readonly done: string };
}

/** Input of each procedure. */
export interface StartInputs {
  readonly regionalFailover: RegionalFailoverInput;
}

export const starts: { readonly [Name in ProcedureName]: Start<StartInputs[Name]> } = {
  regionalFailover: {
    form: regionalFailoverInput,
    placesOf: ({ from, to }) => ({ failed: [from], source: from, target: to }),
    aim: (estate, { source, target }) => ({
      toDo: `recover ${estate} from ${source} at ${target}`,
      done: `${estate} was recovered from ${source} at ${target}`,
    }),
  },
};
