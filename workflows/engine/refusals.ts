/** What was said to a run and came to nothing: on the record, the first ones each, all others counted. */
import type { RefusalRecord } from '../../report/report.ts';
import { Kept } from '../wire/kept.ts';

/** So many are kept one by one: more than careless people make in an incident, and no more than fit a page. */
const refusalsMax = 40;

export class Refusals {
  private readonly kept = new Kept<RefusalRecord>(refusalsMax);
  private readonly now: () => string;
  private readonly changed: () => void;

  constructor(now: () => string, changed: () => void) {
    this.now = now;
    this.changed = changed;
  }

  /** In the order in which they came. */
  get entries(): readonly RefusalRecord[] {
    return this.kept.entries;
  }

  /** Those that are only counted; null while all are kept. */
  get beyond() {
    return this.kept.beyond;
  }

  /** True when it is kept, false when it is only counted. */
  add(name: string, channel: RefusalRecord['channel'], who: string, note: string): boolean {
    const kept = this.kept.add({ at: this.now(), name, channel, who, note });
    this.changed();
    return kept;
  }
}
