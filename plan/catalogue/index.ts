/** The registry of procedures: what a plan may describe and a worker can carry out. A new one adds a line here, and files elsewhere. */
import { regionalFailoverEntry } from './regional-failover.ts';
import type { ProcedureEntry, Reached } from './step.ts';

export const catalogue = { regionalFailover: regionalFailoverEntry } as const;

export type ProcedureName = keyof typeof catalogue;
/** Ids of the steps of a procedure: another one does not compile. */
export type StepIdOf<Name extends ProcedureName> = keyof (typeof catalogue)[Name]['steps'] & string;

/** The entry of a procedure, for whoever takes any. */
export function entryOf(name: ProcedureName): ProcedureEntry<string> {
  return catalogue[name];
}

/** Steps of any procedure that need this. */
export function stepsThatReach(what: Reached): readonly string[] {
  const entries: readonly ProcedureEntry<string>[] = Object.values(catalogue);
  const found = entries.flatMap(({ steps }) => Object.entries(steps).flatMap(([id, { reaches }]) => (reaches.includes(what) ? [id] : [])));
  return [...new Set(found)];
}
