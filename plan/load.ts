/**
 * Loads a plan folder: every `*.yaml` in it contributes its top-level keys, each key once.
 * What it refuses: files that are not YAML, unknown keys, wrong types, references to things that do not exist. The laws of a good plan are `lint.ts`.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import { PlanError, type Finding } from './findings.ts';
import { findDanglingReferences } from './lint/references.ts';
import { explainIssue } from './schema-messages.ts';
import { planSchema, type Plan, type PlanSnapshot } from './schema.ts';
import { PlanSource, type PlanPath } from './source.ts';

export { formatFinding, PlanError, type Finding } from './findings.ts';

/** A plan that loaded, with the place of each of its parts. */
export interface LoadedPlan {
  readonly snapshot: PlanSnapshot;
  readonly source: PlanSource;
}

/** Lower-case hexadecimal SHA-256 of the plan's canonical JSON. */
export function digestOf(plan: Plan): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex');
}

/** Loads and checks. Throws PlanError with one finding for each thing to fix. */
export async function loadPlan(folder: string): Promise<PlanSnapshot> {
  return (await loadPlanWithSource(folder)).snapshot;
}

/** As `loadPlan`, for those who also want to say where something stands. */
export async function loadPlanWithSource(folder: string): Promise<LoadedPlan> {
  const source = await PlanSource.read(folder);
  if (source.findings.length > 0) throw new PlanError(folder, source.findings);
  const parsed = planSchema.safeParse(source.data);
  if (!parsed.success) throw new PlanError(folder, schemaFindings(parsed.error.issues, source));
  const dangling = findDanglingReferences(parsed.data).map((problem): Finding => place(source, { ...problem, level: 'error', rule: 'reference' }));
  if (dangling.length > 0) throw new PlanError(folder, dangling);
  return { snapshot: { plan: parsed.data, digest: digestOf(parsed.data) }, source };
}

/** Gives a problem its file, line and readable path. */
export function place(
  source: PlanSource,
  problem: { readonly path: PlanPath; readonly level: Finding['level']; readonly rule: string; readonly message: string },
): Finding {
  return { ...source.locate(problem.path), path: source.display(problem.path), level: problem.level, rule: problem.rule, message: problem.message };
}

function schemaFindings(issues: readonly z.core.$ZodIssue[], source: PlanSource): Finding[] {
  return issues.flatMap((issue) =>
    explainIssue(issue, source.data).map(({ path, message }) => place(source, { path, message, level: 'error', rule: 'schema' })),
  );
}
