/** What the stores answer to the service. */

/** Why a store did not do it: it only reads, it was not replicated in time, or it gave no usable answer. */
export type RefusalReason = 'read-only' | 'not-replicated' | 'unavailable';

export class StoreRefusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = 'StoreRefusal';
    this.reason = reason;
  }
}

/** An entry as a store holds it. */
export interface StoredEntry {
  readonly token: string;
  /** RFC 3339. */
  readonly writtenAt: string;
}

/** Upper bound of what is read, for the fault of stale answers; null reads all. */
export type FrozenAt = Date | null;

/** One function's store. Each call ends within its time-out. */
export interface EntryStore {
  /** Resolves only when the entry is as durable as the site's settings ask. The same customer and sequence may be written again. Throws StoreRefusal. */
  write(customer: string, sequence: number, token: string): Promise<void>;
  /** Throws StoreRefusal. */
  read(customer: string, sequence: number, frozenAt: FrozenAt): Promise<StoredEntry | null>;
  /** The newest entry of all customers. Throws StoreRefusal. */
  newest(frozenAt: FrozenAt): Promise<StoredEntry | null>;
  /** What a customer is shown: the entry with the customer's highest sequence, or of sessions the newest. Throws StoreRefusal. */
  newestOf(customer: string, frozenAt: FrozenAt): Promise<StoredEntry | null>;
}

/** Rejects with `refusal` when `work` has not ended after `ms`. The work itself goes on. */
export async function within<Result>(ms: number, work: Promise<Result>, refusal: () => StoreRefusal): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(refusal()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
