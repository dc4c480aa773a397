/** Lists of what people and programs say to a run: the first entries are kept, the others counted. What is kept stays small, whoever sends how much. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Beyond } from '../../report/report.ts';

/** The work for an entry does not depend on how many came before. */
export class Kept<T extends object> {
  readonly entries: T[] = [];
  private readonly entriesMax: number;
  private readonly digest = sha256.create();
  private counted: Omit<Beyond<T>, 'sha256'> | null = null;

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
  }

  /** What came when the list was full; null while all are kept. */
  get beyond(): Beyond<T> | null {
    return this.counted && { ...this.counted, sha256: bytesToHex(this.digest.clone().digest()) };
  }

  /** True when the entry is kept, false when it is only counted. */
  add(entry: T): boolean {
    if (this.entries.length < this.entriesMax) {
      this.entries.push(entry);
      return true;
    }
    this.digest.update(utf8ToBytes(`${JSON.stringify(entry)}\n`));
    this.counted = { count: (this.counted?.count ?? 0) + 1, first: this.counted?.first ?? entry, last: entry };
    return false;
  }
}
