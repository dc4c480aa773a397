/** Capacity of a site, in percent of full production load. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export interface InfrastructureActivities {
  /** Sets the capacity and waits until as many workers run. `after` and `before` read such as `35 %`. */
  setCapacity(input: { readonly run: RunContext; readonly site: SiteId; readonly percent: number }): Promise<Change>;
}
