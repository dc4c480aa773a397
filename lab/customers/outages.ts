/** Outages as customers saw them, from the ledger. Pure. */
import type { LedgerEntry } from './ledger.ts';

export interface Outage {
  /** Send time of the first call of the row that failed; milliseconds since 1970. */
  readonly startMs: number;
  /** When the first call after the row was answered, or the end of the ledger. */
  readonly endMs: number;
  /** Nothing had succeeded yet when the ledger ended. */
  readonly ongoing: boolean;
  /** Calls that failed in it. */
  readonly failures: number;
}

/**
 * Outages of one customer's use of one function. Reads and writes are followed apart, since a site may answer reads while it takes no writes; the function is
 * out while either is. Refusals by capacity neither begin nor end an outage. Ledger order does not matter.
 */
export function outagesOf(entries: readonly LedgerEntry[], ledgerEndMs: number): Outage[] {
  const rows = (['read', 'write'] as const).flatMap((kind) =>
    rowsOfFailures(
      entries.filter((entry) => entry.kind === kind),
      ledgerEndMs,
    ),
  );
  return merge(rows.toSorted((left, right) => left.startMs - right.startMs));
}

function rowsOfFailures(entries: readonly LedgerEntry[], ledgerEndMs: number): Outage[] {
  const rows: Outage[] = [];
  let startMs: number | undefined;
  let failures = 0;
  for (const entry of entries.toSorted((left, right) => left.sentAtMs - right.sentAtMs)) {
    if (entry.outcome === 'failed') {
      startMs ??= entry.sentAtMs;
      failures += 1;
    } else if (entry.outcome === 'ok' && startMs !== undefined) {
      rows.push({ startMs, endMs: entry.endedAtMs, ongoing: false, failures });
      startMs = undefined;
      failures = 0;
    }
  }
  if (startMs !== undefined) rows.push({ startMs, endMs: ledgerEndMs, ongoing: true, failures });
  return rows;
}

/** Joins those that overlap. */
function merge(rows: readonly Outage[]): Outage[] {
  const merged: Outage[] = [];
  for (const row of rows) {
    const last = merged.at(-1);
    if (last && row.startMs <= last.endMs) {
      const endMs = Math.max(last.endMs, row.endMs);
      merged[merged.length - 1] = { startMs: last.startMs, endMs, ongoing: last.ongoing || row.ongoing, failures: last.failures + row.failures };
    } else merged.push(row);
  }
  return merged;
}

/** A single failed call between calls that succeeded is no outage; it is counted apart. */
export function isBlip(outage: Outage): boolean {
  return outage.failures === 1;
}
