/** The registry of starts: how each procedure is started, and what it is about. */
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { RegionalFailoverInput } from './messages.ts';
import type { Start } from './start.ts';
import { regionalFailoverInput } from './start-forms.ts';

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
