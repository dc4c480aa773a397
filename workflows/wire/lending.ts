/**
 * How the lock of an estate is lent. A workflow of one of these types holds it as a run does, by its workflow id, and runs procedures as its children, one at a time, under an id of their own: nobody
 * else's start passes meanwhile, and what a child may change ends with its lender.
 */
import { isProcedureName, type ProcedureName } from '../../plan/catalogue/names.ts';
import { makeRunWorkflowId } from './ids.ts';

/** Workflow types that lend the lock. */
export const lenders: readonly string[] = [];

/** Whether a workflow of this type holds the lock of an estate: a procedure, or who lends it to one. */
export function holdsLock(type: string): boolean {
  return isProcedureName(type) || lenders.includes(type);
}

/** Id of a procedure that runs under a lent lock. */
export function makeLentWorkflowId(estate: string, procedure: ProcedureName): string {
  return `${makeRunWorkflowId(estate)}/${procedure}`;
}

/** Whether an id is one under a lent lock of this estate. */
export function isLentId(workflowId: string, estate: string): boolean {
  return workflowId.startsWith(`${makeRunWorkflowId(estate)}/`);
}
