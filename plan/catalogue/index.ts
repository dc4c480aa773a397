/** The registry of procedures, each with its steps. A new one adds a line here, and files elsewhere. */
import { coldStartEntry } from './cold-start.ts';
import { regionalFailoverEntry } from './regional-failover.ts';
import type { ProcedureName } from './names.ts';
import type { ProcedureEntry, Reached, RecoverySteps } from './step.ts';

export type { ProcedureName } from './names.ts';

export const catalogue = { regionalFailover: regionalFailoverEntry, coldStart: coldStartEntry } as const satisfies Readonly<Record<ProcedureName, object>>;

/** Ids of the steps of a procedure: another one does not compile. */
export type StepIdOf<Name extends ProcedureName> = keyof (typeof catalogue)[Name]['steps'] & string;

/** The entry of a procedure, for whoever takes any. */
export function entryOf(name: ProcedureName): ProcedureEntry<string> {
  return catalogue[name];
}

/** The steps by which a recovery is timed. Throws for a procedure that has no outage to end. */
export function recoveryOf(name: ProcedureName): RecoverySteps<string> {
  const { recovery } = entryOf(name);
  if (!recovery) throw new Error(`${name} ends no outage, so that its steps are not timed.`);
  return recovery;
}

/** Steps of any procedure that need this. */
export function stepsThatReach(what: Reached): readonly string[] {
  const entries: readonly ProcedureEntry<string>[] = Object.values(catalogue);
  const found = entries.flatMap(({ steps }) => Object.entries(steps).flatMap(([id, { reaches }]) => (reaches.includes(what) ? [id] : [])));
  return [...new Set(found)];
}
