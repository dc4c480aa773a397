/** Capacity of a site, in percent of full production load. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

export interface InfrastructureReads {
  /** Percent of the full load that the site carries now, a whole number. */
  readCapacity(input: { readonly run: RunContext; readonly site: SiteId }): Promise<number>;
}

export interface InfrastructureChanges {
  /** Sets the capacity and waits until as many workers run. `after` and `before` read such as `35 %`. */
  setCapacity(input: { readonly run: RunContext; readonly site: SiteId; readonly percent: number }): Promise<Change>;
}

export const infrastructureChanges = { setCapacity: 'estate' } as const satisfies ReachOf<InfrastructureChanges>;

export type InfrastructureActivities = InfrastructureReads & InfrastructureChanges;
