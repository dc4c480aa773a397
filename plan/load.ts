/**
 * Loads a plan folder: every `*.yaml` in it contributes its top-level keys, each key once.
 * What it refuses: files that are not YAML, unknown keys, wrong types and sizes, references to things that do not exist. The laws of a good plan are `lint.ts`.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import { PlanError, type Finding } from './findings.ts';
import { findingsOf, withHoles } from './holes.ts';
import { referenceRules } from './lint/references.ts';
import { explainIssues, needlessPaths, unknownPaths } from './schema-messages.ts';
import { onOneLine } from './rules/printable.ts';
import { planSchema, type Plan, type PlanSnapshot } from './schema.ts';
import { PlanSource, type PlanPath } from './source.ts';

export { formatFinding, PlanError, type Finding } from './findings.ts';

/** A plan folder as it was read. */
export interface ReadPlan {
  readonly source: PlanSource;
  /** The plan as written; a look at a part that the schema refuses is ended, see `holes.ts`. */
  readonly written: Plan;
  /** Null when the plan cannot be loaded. */
  readonly snapshot: PlanSnapshot | null;
  /** Why it cannot, first causes first: files, then the schema, then references. */
  readonly findings: readonly Finding[];
}

/** Lower-case hexadecimal SHA-256 of the plan's canonical JSON. */
export function digestOf(plan: Plan): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex');
}

/** Loads and checks. Throws PlanError with one finding for each thing to fix. */
export async function loadPlan(folder: string): Promise<PlanSnapshot> {
  const { snapshot, findings } = await readPlan(folder);
  if (snapshot === null) throw new PlanError(folder, findings);
  return snapshot;
}

/** Reads a plan folder, whatever lies there, and says all at once why it cannot be loaded. */
export async function readPlan(folder: string): Promise<ReadPlan> {
  const source = await PlanSource.read(folder);
  const parsed = planSchema.safeParse(source.data);
  const issues = parsed.success ? [] : parsed.error.issues;
  // What is not there may stand in the file that could not be read.
  const explained = explainIssues(issues, source.data).filter(({ path, missing }) => source.complete || !missing || path.length > 1);
  const written = parsed.success ? parsed.data : withHoles(source.data, unknownPaths(issues), needlessPaths(issues));
  const dangling = (await Promise.all(referenceRules.map((rule) => findingsOf(() => rule(written))))).flat();
  const findings = [
    ...source.findings,
    ...explained.map(({ path, message }) => place(source, { path, message, level: 'error', rule: 'schema' })),
    ...dangling.map((problem) => place(source, { ...problem, level: 'error', rule: 'reference' })),
  ];
  const snapshot = parsed.success && findings.length === 0 ? { plan: parsed.data, digest: digestOf(parsed.data) } : null;
  return { source, written, snapshot, findings };
}

/** Gives a problem its file, line and readable path. */
export function place(
  source: PlanSource,
  problem: { readonly path: PlanPath; readonly level: Finding['level']; readonly rule: string; readonly message: string },
): Finding {
  const { path, level, rule, message } = problem;
  return { ...source.locate(path), path: source.display(path), level, rule, message: onOneLine(message) };
}
