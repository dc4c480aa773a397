/** Which kinds of server an estate has. Pure. */
import type { Plan } from '../schema.ts';

/** Kinds of server that hold data: the database, and the cache where the estate has one. */
export function serversOf(plan: Pick<Plan, 'estate'>): readonly ('database' | 'cache')[] {
  return plan.estate.cache === undefined ? ['database'] : ['database', 'cache'];
}
