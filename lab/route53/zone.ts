/** The hosted zone in two states: as the API accepted it, and as the name servers give it out. */
import { randomBytes } from 'node:crypto';
import { applyBatch, normalName, type RecordChange, type RecordSet } from './records.ts';

/** From acceptance to INSYNC, when nothing holds it up. */
export const propagationMs = 1_000;

export interface ChangeInfo {
  readonly id: string;
  readonly submittedAt: Date;
  status: 'PENDING' | 'INSYNC';
}

/** What a name server asks. */
export interface ServedZone {
  /** Lower case with the final dot. */
  readonly origin: string;
  /** Changes with each change that is in sync. */
  readonly serial: number;
  recordSets(): readonly RecordSet[];
  isHealthy(healthCheckId: string): boolean;
}

export class Zone implements ServedZone {
  readonly origin: string;
  serial = 1;
  /** Milliseconds from acceptance to INSYNC. */
  propagationMs = propagationMs;
  #accepted: readonly RecordSet[] = [];
  #served: readonly RecordSet[] = [];
  readonly #changes = new Map<string, ChangeInfo>();
  readonly #propagations = new Set<NodeJS.Timeout>();
  readonly #health: (healthCheckId: string) => boolean;

  constructor(origin: string, health: (healthCheckId: string) => boolean) {
    this.origin = normalName(origin);
    this.#health = health;
  }

  recordSets(): readonly RecordSet[] {
    return this.#served;
  }

  accepted(): readonly RecordSet[] {
    return this.#accepted;
  }

  /** Everything that the API lists: what was accepted, and the zone's own two records. */
  listed(): readonly RecordSet[] {
    const own = { name: this.origin, ttlSeconds: 900 };
    return [
      { ...own, type: 'NS', values: [`ns1.${this.origin}`] },
      { ...own, type: 'SOA', values: [`ns1.${this.origin} hostmaster.${this.origin} 1 7200 900 1209600 86400`] },
      ...this.#accepted,
    ];
  }

  isHealthy(healthCheckId: string): boolean {
    return this.#health(healthCheckId);
  }

  /** Replaces everything at once, without a change on record. */
  load(recordSets: readonly RecordSet[]): void {
    for (const timer of this.#propagations) clearTimeout(timer);
    this.#propagations.clear();
    this.#changes.clear();
    this.#accepted = recordSets;
    this.#served = recordSets;
    this.serial += 1;
  }

  /** What a batch would give; changes nothing. */
  check(changes: readonly RecordChange[], healthChecks: ReadonlySet<string>): ReturnType<typeof applyBatch> {
    return applyBatch(this.origin, this.#accepted, changes, healthChecks);
  }

  /** Takes a checked result; name servers follow after `propagationMs` of that moment. */
  accept(recordSets: readonly RecordSet[]): ChangeInfo {
    const change: ChangeInfo = { id: `C${randomBytes(10).toString('hex').toUpperCase()}`, submittedAt: new Date(), status: 'PENDING' };
    this.#accepted = recordSets;
    this.#changes.set(change.id, change);
    const timer = setTimeout(() => {
      this.#propagations.delete(timer);
      this.#served = recordSets;
      this.serial += 1;
      change.status = 'INSYNC';
    }, this.propagationMs);
    this.#propagations.add(timer);
    return change;
  }

  change(id: string): ChangeInfo | undefined {
    return this.#changes.get(id);
  }
}
