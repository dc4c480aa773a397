/** The shapes of an answer. Pure. */
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { AccessCheck } from './port.ts';

/** What a check is about, whatever comes out. */
export type Subject = Pick<AccessCheck, 'what' | 'steps' | 'as'>;

export function ok(subject: Subject, detail: string): AccessCheck {
  return { ...subject, result: 'ok', detail };
}

/** It answered, and something is not as it must be. `add` is the exact text that fixes it. */
export function lacking(subject: Subject, detail: string, add?: AccessCheck['add']): AccessCheck {
  return { ...subject, result: 'lacking', detail, ...(add ? { add } : {}) };
}

export function unreachable(subject: Subject, detail: string): AccessCheck {
  return { ...subject, result: 'unreachable', detail };
}

/** The words of an error, on one line. */
export function words(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const parts = error instanceof AggregateError ? error.errors.map((part: unknown) => (part instanceof Error ? part.message : String(part))) : [text];
  return [...new Set(parts)].join('; ').replaceAll(/\s+/g, ' ').slice(0, 300);
}

/** Whether the service runs at the site, or a procedure that is written may bring it there from one moment to the next: what a cold start builds does not run before. */
export function serves(plan: Plan, site: SiteId): boolean {
  const written: readonly string[] = Object.keys(plan.procedures);
  return plan.sites.some(
    ({ id, role, targetOf }) => id === site && (role === 'primary' || targetOf.some((procedure) => procedure !== 'coldStart' && written.includes(procedure))),
  );
}
