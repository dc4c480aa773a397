/** The customers' own figures, the judge of every recovery: how long they were without each function, and which acknowledged writes are gone. */
import type { LedgerEntry } from './ledger.ts';
import { isBlip, outagesOf, type Outage } from './outages.ts';

export interface OutageFigure {
  readonly customer: string;
  readonly seconds: number;
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly ongoing: boolean;
}

export interface FunctionFigures {
  readonly function: string;
  readonly calls: number;
  readonly failed: number;
  /** Refused by capacity. */
  readonly refused: number;
  /** The longest outage of the customer who was worst off; null when nobody had one. */
  readonly worst: OutageFigure | null;
  /** Median over customers of each one's longest outage, in seconds; 0 counts. */
  readonly medianSeconds: number;
  /** Customers who were without the function when the ledger ended. */
  readonly customersOut: number;
  /** Single failed calls that are no outage. */
  readonly blips: number;
}

export interface AcknowledgedBySite {
  readonly site: string;
  readonly writes: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** Writes by the second in which they were acknowledged: `2026-01-01T00:00:00Z` → count. */
  readonly perSecond: Readonly<Record<string, number>>;
}

export interface CallsByAddress {
  readonly address: string;
  readonly calls: number;
  readonly lastSentAt: string;
}

export interface MissingWrite {
  readonly customer: string;
  readonly function: string;
  readonly sequence: number;
  readonly acknowledgedAt: string;
  readonly site: string | null;
}

export interface MissingWrites {
  /** Where the writes were looked for: the site that is writer now; null when there is none, and then `unknown` says why. */
  readonly database: string | null;
  readonly cache: string | null;
  readonly unknown: readonly string[];
  readonly count: number;
  /** How many of them are rows of the database; the others are sessions. */
  readonly rows: number;
  /** At most 200 of them, oldest first. */
  readonly writes: readonly MissingWrite[];
}

export interface CustomerFigures {
  /** First and last moment in the ledger; null when it is empty. */
  readonly from: string | null;
  readonly to: string | null;
  readonly customers: number;
  readonly calls: number;
  readonly functions: readonly FunctionFigures[];
  readonly acknowledgedWrites: number;
  readonly acknowledgedBySite: readonly AcknowledgedBySite[];
  readonly callsByAddress: readonly CallsByAddress[];
  readonly missing: MissingWrites;
}

const iso = (ms: number) => new Date(ms).toISOString();

export function functionFigures(entries: readonly LedgerEntry[]): FunctionFigures[] {
  const ledgerEndMs = entries.reduce((latest, entry) => Math.max(latest, entry.endedAtMs), 0);
  return [...groupBy(entries, (entry) => entry.function)].map(([name, ofFunction]) => {
    const perCustomer = [...groupBy(ofFunction, (entry) => entry.customer)].map(([customer, own]) => ({ customer, outages: outagesOf(own, ledgerEndMs) }));
    const longest = perCustomer.map(({ customer, outages }) => ({ customer, outage: longestOf(outages.filter((outage) => !isBlip(outage))) }));
    const worst = longest.reduce<{ customer: string; outage: Outage } | null>(
      (held, { customer, outage }) => (outage && (!held || secondsOf(outage) > secondsOf(held.outage)) ? { customer, outage } : held),
      null,
    );
    return {
      function: name,
      calls: ofFunction.length,
      failed: ofFunction.filter(({ outcome }) => outcome === 'failed').length,
      refused: ofFunction.filter(({ outcome }) => outcome === 'refused').length,
      worst: worst && {
        customer: worst.customer,
        seconds: secondsOf(worst.outage),
        from: iso(worst.outage.startMs),
        to: iso(worst.outage.endMs),
        ongoing: worst.outage.ongoing,
      },
      medianSeconds: median(longest.map(({ outage }) => (outage ? secondsOf(outage) : 0))),
      customersOut: perCustomer.filter(({ outages }) => outages.some((outage) => outage.ongoing && !isBlip(outage))).length,
      blips: perCustomer.reduce((sum, { outages }) => sum + outages.filter(isBlip).length, 0),
    };
  });
}

/** Who acknowledged how much, when. Shows that an isolated site acknowledged nothing after its fence. */
export function acknowledgedBySite(entries: readonly LedgerEntry[]): AcknowledgedBySite[] {
  return [...groupBy(acknowledgedWrites(entries), (entry) => entry.site ?? 'unknown')].map(([site, writes]) => {
    const times = writes.map(({ endedAtMs }) => endedAtMs).toSorted((left, right) => left - right);
    const perSecond: Record<string, number> = {};
    for (const ms of times) {
      const second = `${iso(ms).slice(0, 19)}Z`;
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
    return { site, writes: writes.length, firstAt: iso(times[0] as number), lastAt: iso(times.at(-1) as number), perSecond };
  });
}

/** Where customers went, whether or not anybody answered. Shows that a site was still called. */
export function callsByAddress(entries: readonly LedgerEntry[]): CallsByAddress[] {
  return [...groupBy(entries, (entry) => entry.address ?? 'not resolved')].map(([address, calls]) => ({
    address,
    calls: calls.length,
    lastSentAt: iso(calls.reduce((latest, { sentAtMs }) => Math.max(latest, sentAtMs), 0)),
  }));
}

export function acknowledgedWrites(entries: readonly LedgerEntry[]): (LedgerEntry & { sequence: number })[] {
  return entries.filter(
    (entry): entry is LedgerEntry & { sequence: number } => entry.kind === 'write' && entry.outcome === 'ok' && entry.sequence !== undefined,
  );
}

/** Figures of `entries`, with what the judge of the stores found missing. */
export function figuresOf(entries: readonly LedgerEntry[], missing: MissingWrites): CustomerFigures {
  const from = entries.reduce((earliest, entry) => Math.min(earliest, entry.sentAtMs), Number.POSITIVE_INFINITY);
  const to = entries.reduce((latest, entry) => Math.max(latest, entry.endedAtMs), 0);
  return {
    from: entries.length > 0 ? iso(from) : null,
    to: entries.length > 0 ? iso(to) : null,
    customers: new Set(entries.map(({ customer }) => customer)).size,
    calls: entries.length,
    functions: functionFigures(entries),
    acknowledgedWrites: acknowledgedWrites(entries).length,
    acknowledgedBySite: acknowledgedBySite(entries),
    callsByAddress: callsByAddress(entries),
    missing,
  };
}

const secondsOf = (outage: Outage) => (outage.endMs - outage.startMs) / 1000;

function longestOf(outages: readonly Outage[]): Outage | null {
  return outages.reduce<Outage | null>((held, outage) => (!held || secondsOf(outage) > secondsOf(held) ? outage : held), null);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
