/**
 * Is a site failed? Judged from what several vantage points saw. Pure.
 * Failed needs two vantage points of different kinds, because those of one kind fail together; each must have seen it over the whole hold time.
 */

/** What the judgement needs of a vantage point. */
export interface VantageView {
  readonly kind: string;
  readonly observer: string;
  readonly verdict: 'failed' | 'impaired' | 'alive' | 'blind';
  /** The last round; a vantage point without a database check sees the front only. */
  readonly observations: readonly { readonly check: string; readonly ok: boolean }[];
  /** RFC 3339. */
  readonly failingSince?: string;
  readonly heldSeconds: number;
}

export interface FailureVerdict {
  readonly verdict: 'failed' | 'alive' | 'undecided';
  /** Earliest failed observation of the witnesses, by send time; RFC 3339. Null unless a witness saw failure. */
  readonly failedSince: string | null;
  /** Observers that saw the site failed over the hold time. */
  readonly witnesses: readonly string[];
  /** One or two sentences for people. */
  readonly reason: string;
}

/** Judges what the vantage points saw. Those that are blind are no witnesses, for or against. */
export function judgeFailure(vantages: readonly VantageView[], holdSeconds: number): FailureVerdict {
  const seeing = vantages.filter((vantage) => vantage.verdict !== 'blind');
  const failed = seeing.filter((vantage) => vantage.verdict === 'failed');
  const witnesses = failed.filter((vantage) => vantage.heldSeconds >= holdSeconds);
  const answer = (verdict: FailureVerdict['verdict'], reason: string): FailureVerdict => ({
    verdict,
    failedSince: earliest(failed),
    witnesses: names(witnesses),
    reason,
  });

  const alive = seeing.filter((vantage) => vantage.verdict === 'alive' && seesDatabase(vantage));
  if (alive.length > 0 && failed.length === 0) return answer('alive', `${list(names(alive))} reached service and database.`);
  if (alive.length > 0)
    return answer(
      'undecided',
      `${list(names(alive))} reached service and database, ${list(names(failed))} did not: this is a fault of the network between them.`,
    );
  const impaired = seeing.filter((vantage) => vantage.verdict === 'impaired');
  if (impaired.length > 0) return answer('undecided', `${list(names(impaired))} got answers from a part of the site.`);
  if (failed.length === 0) return answer(seeing.length > 0 ? 'alive' : 'undecided', nobodySawFailure(seeing));

  const kinds = new Set(witnesses.map((vantage) => vantage.kind));
  if (kinds.size < 2) return answer('undecided', tooFew(failed, witnesses, kinds.size, holdSeconds));
  const front = seeing.filter((vantage) => vantage.verdict === 'alive');
  const besides = front.length === 0 ? '' : ` ${list(names(front))} still reached its front, which says nothing about its data.`;
  return answer('failed', `${list(names(witnesses))} got no answer from service and database for ${holdSeconds} s.${besides}`);
}

function seesDatabase(vantage: VantageView): boolean {
  return vantage.observations.some((observation) => observation.check === 'database' && observation.ok);
}

function nobodySawFailure(seeing: readonly VantageView[]): string {
  return seeing.length === 0
    ? 'Every observer is blind: nobody can say anything about the site.'
    : `${list(names(seeing))} reached the site's front; nobody saw it fail.`;
}

function tooFew(failed: readonly VantageView[], witnesses: readonly VantageView[], kinds: number, holdSeconds: number): string {
  if (witnesses.length === 0) return `${list(names(failed))} saw failure, but not for the hold time of ${holdSeconds} s.`;
  return `Only ${list(names(witnesses))} saw failure for ${holdSeconds} s: ${kinds} kind of vantage point, and failed needs two.`;
}

function earliest(vantages: readonly VantageView[]): string | null {
  const times = vantages.flatMap((vantage) => (vantage.failingSince === undefined ? [] : [vantage.failingSince]));
  return times.reduce<string | null>((first, time) => (first === null || Date.parse(time) < Date.parse(first) ? time : first), null);
}

function names(vantages: readonly VantageView[]): string[] {
  return vantages.map((vantage) => vantage.observer);
}

function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? 'nobody') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
