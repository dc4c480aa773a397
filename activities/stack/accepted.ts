/** Whether what would be made is what people have accepted, and what is said where it is not. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../plan/canonical.ts';
import { destructive, notAccepted, type StackChange } from '../../plan/rules/stacks.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Change } from '../context.ts';
import { failure } from '../errors.ts';
import type { ApplyStack, StackPreview, StackState } from './port.ts';

export const nothingChanged = 'Nothing was changed.';

export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

const namesMax = 5;

/** `replace DatabaseSubnets, delete Bucket`, at most five of them. */
export function named(changes: readonly StackChange[]): string {
  const more = changes.length - namesMax;
  return [...changes.slice(0, namesMax).map(({ what, action }) => `${action} ${what}`), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** Why changes cannot be applied in a recovery: they take something away. */
export function againstTaking(changes: readonly StackChange[]): string | undefined {
  const taking = destructive(changes);
  return taking.length === 0
    ? undefined
    : `It would ${named(taking)}, and a recovery takes nothing away that stands. Apply that by hand on a quiet day, or take it out of the template.`;
}

/**
 * Throws `refused` unless this is what was accepted, or what is left of it after an apply that ended half-way. `own`: all that stands there is this run's.
 */
export function mustBeAccepted(stack: string, found: Pick<StackPreview, 'changes' | 'basis' | 'digest'>, { accepted }: ApplyStack, own: boolean): void {
  const others = notAccepted(found.changes, accepted.changes, own);
  const whole = found.changes.length === accepted.changes.length && !found.changes.some(({ action }) => action === 'replace');
  const why =
    others.length > 0
      ? `it would ${named(others)}`
      : found.basis !== accepted.basis
        ? 'what it is made of has been changed since'
        : whole && found.digest !== accepted.digest
          ? 'values in it are others by now'
          : undefined;
  if (why === undefined) return;
  throw failure('refused', {
    happened: `What would be made of ${stack} is not what people have accepted: ${why}.`,
    leftAs: nothingChanged,
    next: 'Put back what was changed, then choose retry; or undo, and start again to be shown what there is now.',
  });
}

/** What stays of a stack, and what it costs, as a sentence for people. */
export function stays({ estate }: Plan, { site, stack, resources }: Pick<StackState, 'site' | 'stack' | 'resources'>, why: string, how: string): string {
  const cost = estate.restore?.infrastructure?.[site]?.costPerDay;
  const price = cost === undefined ? 'what it costs a day the plan does not say' : `some ${cost.amount} ${cost.currency} a day`;
  return `${stack} stays at ${site} with ${resources.length} resources (${price}): ${why}. When nobody needs it any more: ${how}`;
}

export function changed(site: SiteId, before: string, after: string, at: Date, rest: Partial<Change> = {}): Change {
  return { before, after, changed: true, source: `infrastructure of ${site}`, at: at.toISOString(), ...rest };
}

export function unchanged(site: SiteId, after: string, at: Date, rest: Partial<Change> = {}): Change {
  return { before: after, after, changed: false, source: `infrastructure of ${site}`, at: at.toISOString(), ...rest };
}
