/** What is known of a step before any run: each step of each procedure has one entry, and lint, forecasts, the access check and the types of the steps follow from it. Pure. */
import { type SnapshotStore, trees } from '../rules/snapshots.ts';
import type { Plan, Procedure } from '../schema.ts';

/** What a step needs to come to, in the words by which `dr estate check` tries it. */
export type Reached =
  | 'agent'
  | 'agents of the other sites'
  | 'every verb'
  | 'clock'
  | 'reference targets'
  | 'service manager'
  | 'service'
  | 'files'
  | 'capacity'
  | 'disk'
  | 'database as administrator'
  | 'database as observer'
  | 'database by its API'
  | 'heartbeat'
  | 'cache as administrator'
  | 'cache as observer'
  | 'cache by its API'
  | 'traffic switch'
  | 'DNS by its API'
  | 'witnesses'
  | 'backups'
  | 'infrastructure'
  | 'DNS record'
  | 'DNS servers'
  | 'maintenance answer'
  | 'monitoring'
  | 'mail'
  | 'report folder';

/** What a step waits for by its nature: its bound must leave room for it. */
export interface Wait {
  readonly seconds: number;
  /** For people, such as `hold time PT10S and four probe time-outs`. */
  readonly what: string;
}

/** What an estate may lack. */
export type Part = 'cache' | BackupPart | 'backup of application or sessions' | 'infrastructure';

/** Where the plan says of each that it is restored. */
export const restoredParts = {
  'backup of the cache': 'cache',
  'backup of the application': 'application',
  'backup of the sessions': 'sessions',
} as const satisfies Readonly<Record<string, SnapshotStore>>;

export type BackupPart = keyof typeof restoredParts;

/** Whether the plan's estate has it. */
export function hasPart({ estate }: Pick<Plan, 'estate'>, part: Part): boolean {
  if (part === 'cache') return estate.cache !== undefined;
  if (part === 'infrastructure') return estate.restore?.infrastructure !== undefined;
  if (part === 'backup of application or sessions') return trees.some((tree) => estate.restore?.[tree] !== undefined);
  return estate.restore?.[restoredParts[part]] !== undefined;
}

export interface StepEntry<Id extends string = string> {
  readonly reaches: readonly Reached[];
  /** It guards the data: without it two sites could write, or customers could be sent to a site that lost data. */
  readonly neverSkipped?: true;
  /** People decide there: the plan has a gate of the step's id. */
  readonly asks?: true;
  /** A part that an estate may lack; then its plan has no entry for the step. */
  readonly needs?: Part;
  /** The step before it at whose side it is taken: the longer of the two counts. */
  readonly beside?: Id;
  readonly waits?: (plan: Plan, procedure: Procedure) => Wait;
  /** What its undo waits for: it has the same bound. */
  readonly undoWaits?: (plan: Plan) => Wait;
}

export interface ProcedureEntry<Id extends string> {
  /** In the order that safety gives. */
  readonly steps: Readonly<Record<Id, StepEntry<NoInfer<Id>>>>;
  /** The first step that cannot be taken back. */
  readonly pointOfNoReturn: NoInfer<Id>;
  /** Why, as a sentence. */
  readonly noReturnBecause: string;
  /** Of a procedure that ends an outage: the steps by which it is timed. */
  readonly recovery?: RecoverySteps<NoInfer<Id>>;
}

export interface RecoverySteps<Id extends string> {
  /** The first step that changes anything, once people have decided, and the one by which customers are routed: between them lies the time that a run takes. */
  readonly firstChange: Id;
  readonly routes: Id;
  /** The last step on the clock of the objectives. */
  readonly endsTheClock: Id;
  /** Whose RTO it is held to: each function's own, or, where all that runs is lost, that of the whole. Absent: each function's. */
  readonly heldTo?: 'the whole';
}

/** Keeps the ids as types. */
export function procedureEntry<const Id extends string>(entry: ProcedureEntry<Id>): ProcedureEntry<Id> {
  return entry;
}
