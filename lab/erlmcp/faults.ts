/** Faults of a stand-in, kept in a file so that it keeps them over a restart. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface StandInFaults {
  /** RFC 3339. Answers show nothing that was written later, with status 200. */
  readonly staleSince?: string;
  /** From the start of the process until it listens, as of a service that loads for long; seconds. */
  readonly startSeconds?: number;
  /** Its sessions at the database acknowledge a write before any standby has it. */
  readonly alone?: boolean;
}

/** Sets what the stand-in of this file does from its next answer on; `{}` ends all faults. */
export function writeFaults(faultsFile: string, faults: StandInFaults): void {
  if (Object.keys(faults).length === 0) return rmSync(faultsFile, { force: true });
  mkdirSync(dirname(faultsFile), { recursive: true });
  const draft = `${faultsFile}.new`;
  writeFileSync(draft, JSON.stringify(faults), { mode: 0o644 });
  renameSync(draft, faultsFile);
}

/** Reads the faults at each answer: a fault that comes a moment after it was injected would be missed by whoever looks at once. */
export class FaultsReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Moment after which nothing is shown, or null. */
  frozenAt(): Date | null {
    const { staleSince } = this.#read();
    return staleSince === undefined ? null : new Date(staleSince);
  }

  /** How long the service loads before it listens, seconds. */
  startSeconds(): number {
    return this.#read().startSeconds ?? 0;
  }

  /** Whether its sessions wait for no standby. */
  alone(): boolean {
    return this.#read().alone ?? false;
  }

  #read(): StandInFaults {
    return readFaults(this.#file);
  }
}

export function readFaults(faultsFile: string): StandInFaults {
  try {
    return JSON.parse(readFileSync(faultsFile, 'utf8')) as StandInFaults;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
