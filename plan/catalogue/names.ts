/** The procedures that a plan may describe, each with what it is for. */
export const procedureNames = {
  regionalFailover: 'Moves the service from a failed site to another one.',
} as const;

export type ProcedureName = keyof typeof procedureNames;
