/** The procedures that a plan may describe, each with what it is for. */
export const procedureNames = {
  regionalFailover: 'Moves the service from a failed site to another one.',
  coldStart: 'Brings the service back at a site that has nothing but backups, when no running site is left.',
} as const;

export type ProcedureName = keyof typeof procedureNames;

/** Whether a workflow type is that of a procedure. */
export function isProcedureName(type: string): type is ProcedureName {
  return Object.hasOwn(procedureNames, type);
}
