/** Faults of a stand-in, kept in a file so that it keeps them over a restart. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface StandInFaults {
  /** RFC 3339. Answers show nothing that was written later, with status 200. */
  readonly staleSince?: string;
}

/** How often the file is looked at. */
const refreshMs = 100;

/** Sets what the stand-in of this file does from now on (within 0.1 s); `{}` ends all faults. */
export function writeFaults(faultsFile: string, faults: StandInFaults): void {
  if (Object.keys(faults).length === 0) return rmSync(faultsFile, { force: true });
  mkdirSync(dirname(faultsFile), { recursive: true });
  const draft = `${faultsFile}.new`;
  writeFileSync(draft, JSON.stringify(faults), { mode: 0o644 });
  renameSync(draft, faultsFile);
}

/** Reads the faults, at most once in a tenth of a second. */
export class FaultsReader {
  readonly #file: string;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #faults: StandInFaults = {};

  constructor(file: string) {
    this.#file = file;
  }

  /** Moment after which nothing is shown, or null. */
  frozenAt(): Date | null {
    const now = performance.now();
    if (now - this.#readAtMs > refreshMs) {
      this.#readAtMs = now;
      this.#faults = this.#read();
    }
    return this.#faults.staleSince === undefined ? null : new Date(this.#faults.staleSince);
  }

  #read(): StandInFaults {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as StandInFaults;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }
}
