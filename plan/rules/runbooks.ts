/** The runbooks that a plan has: of the failover always, of other procedures where it describes them. Pure. */
import type { ProcedureName } from '../catalogue/names.ts';
import type { Plan, Procedure } from '../schema.ts';

/** Each with the name of its procedure, in the plan's order. */
export function runbooksOf({ procedures }: Pick<Plan, 'procedures'>): readonly (readonly [ProcedureName, Procedure])[] {
  return Object.entries(procedures) as readonly (readonly [ProcedureName, Procedure])[];
}

/** The runbook of a procedure; undefined where the plan has none. */
export function runbookIn({ procedures }: Pick<Plan, 'procedures'>, name: ProcedureName): Procedure | undefined {
  return (procedures as Readonly<Partial<Record<ProcedureName, Procedure>>>)[name];
}
