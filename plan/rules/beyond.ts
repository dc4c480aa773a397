/** What only the old primary committed: counted from its own WAL when its site is back, and said in a sentence. Pure. */

/** Customers' rows, of transactions that were committed. */
export interface CommittedRows {
  readonly transactions: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** False where there may be more, since it was not read to its end. */
  readonly whole: boolean;
  /** False where the agent's own rows and the pieces of long values could not be told from customers', and are among them. */
  readonly customersOnly: boolean;
}

/** What the old primary wrote that the new one does not have. */
export interface CountedBeyond {
  /** `X/Y`: where the new primary branched off, or, where that is not known, where the standbys left the old one. */
  readonly from: string;
  readonly basis: 'branch' | 'standbys left';
  /** All that it wrote beyond: its heartbeats too. Absent where its end is not known. */
  readonly bytes?: number;
  readonly rows: CommittedRows | { readonly notCounted: string };
}

/** A WAL position of so many bytes, as PostgreSQL writes it. */
export function lsnOf(bytes: number): string {
  const hex = (part: number) => part.toString(16).toUpperCase();
  return `${hex(Math.floor(bytes / 2 ** 32))}/${hex(bytes % 2 ** 32)}`;
}

/** One sentence or two for people: figures first, what they mean after. */
export function describeBeyond(site: string, { from, basis, bytes, rows }: CountedBeyond): string {
  const beyond = `beyond ${from}, where ${basis === 'branch' ? 'the new primary branched off' : 'its standbys left it'}`;
  const size = bytes === undefined ? '' : ` (${bytes} bytes of WAL, its own heartbeats among them)`;
  if ('notCounted' in rows) {
    if (bytes === 0) return `The database at ${site} wrote nothing ${beyond}.`;
    return `What the database at ${site} committed ${beyond}${size} was not counted: ${rows.notCounted.replace(/\.$/, '')}. Keep its disk as it is, and count it by hand before ${site} is rebuilt (docs/operations.md).`;
  }
  const { transactions, inserted, updated, deleted, whole, customersOnly } = rows;
  if (transactions === 0 && whole) return `The database at ${site} committed no rows of customers ${beyond}${size}: none is missing.`;
  const least = whole ? '' : 'at least ';
  const others = customersOnly ? '' : ' Heartbeats and pieces of long values are among them: they could not be told from rows of customers.';
  return (
    `The database at ${site} committed ${least}${count(transactions, 'transaction')} ${beyond}, that the new primary does not have: ` +
    `${count(inserted, 'row')} inserted, ${updated} changed, ${deleted} deleted${size}.${others} Whoever was told that they were done has lost them; a commit that still waited for a standby was told to nobody. ` +
    `Keep the disk of ${site} as it is until they are taken over (docs/operations.md).`
  );
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
