/** The registry of starts: how each procedure is started, and what it is about. */
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Start } from './start.ts';
import { type ColdStartInput, coldStartStart } from './cold-start.ts';
import { type RegionalFailoverInput, regionalFailoverStart } from './regional-failover.ts';

/** Input of each procedure. */
export interface StartInputs {
  readonly regionalFailover: RegionalFailoverInput;
  readonly coldStart: ColdStartInput;
}

export const starts: { readonly [Name in ProcedureName]: Start<StartInputs[Name]> } = {
  regionalFailover: regionalFailoverStart,
  coldStart: coldStartStart,
};
