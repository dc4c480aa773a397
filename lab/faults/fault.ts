/** A fault: something that goes wrong with a site, or with the world as the site's region takes it along. */
import type { LabSite } from '../addresses.ts';
import type { LabEstate } from '../estate.ts';

export interface FaultTarget {
  readonly estate: LabEstate;
  readonly site: LabSite;
}

export interface Fault {
  /** Kebab case, as `dr-lab fault` and the control name it. */
  readonly name: string;
  /** What is wrong then, in a sentence without the site. */
  readonly about: string;
  /** Null when the fault can be injected there now, else one sentence that says why not. */
  available(target: FaultTarget): Promise<string | null>;
  /** Makes it so, and gives what was done. `options` are the fault's own. */
  inject(target: FaultTarget, options: unknown): Promise<object>;
  /** Takes it back; without effect where it was not injected. */
  heal(target: FaultTarget): Promise<void>;
}

/** For faults that are possible at any site at any time. */
export const always = async (): Promise<string | null> => null;

/** Null for a site whose database is a running standby. */
export async function runningStandby({ estate, site }: FaultTarget): Promise<string | null> {
  const { hasStores, postgres } = estate.site(site);
  if (!hasStores || !postgres.running()) return `${site} has no running database; nothing was changed.`;
  const [row] = await postgres.query<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
  return row?.recovery ? null : `${site} is no standby; nothing was changed.`;
}
