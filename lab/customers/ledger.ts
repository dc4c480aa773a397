/** The customers' ledger: one line of JSON for each call that ended, in order of ending. What it says is what customers saw. */
import { createReadStream, existsSync, mkdirSync, createWriteStream, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

export interface LedgerEntry {
  readonly customer: string;
  readonly function: string;
  readonly kind: 'read' | 'write';
  /** Of writes; unique for a customer. */
  readonly sequence?: number;
  /** Milliseconds since 1970. */
  readonly sentAtMs: number;
  readonly endedAtMs: number;
  /** `ok`: for a write the acknowledgement. `refused`: by capacity, with a time to come back. */
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** The site that the answer names, or `maintenance`, which serves nobody; absent without an answer. */
  readonly site?: string;
  /** The address that was called; absent when the name was not resolved. */
  readonly address?: string;
  /** Why it failed. */
  readonly detail?: string;
}

export class LedgerWriter {
  readonly #stream: WriteStream;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#stream = createWriteStream(file, { flags: 'a' });
  }

  append(entry: LedgerEntry): void {
    this.#stream.write(`${JSON.stringify(entry)}\n`);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(resolve));
  }
}

/** All entries; none when the file does not exist. A last line that is being written is left out. */
export async function readLedger(file: string): Promise<LedgerEntry[]> {
  if (!existsSync(file)) return [];
  const entries: LedgerEntry[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.endsWith('}')) entries.push(JSON.parse(line) as LedgerEntry);
  }
  return entries;
}
