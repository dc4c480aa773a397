/** A fault: something that is wrong with one site without the site knowing it. */
import type { LabSite } from '../addresses.ts';
import type { LabEstate } from '../estate.ts';

export interface FaultTarget {
  readonly estate: LabEstate;
  readonly site: LabSite;
}

export interface Fault {
  /** Kebab case, as `dr-lab fault` and the control name it. */
  readonly name: string;
  /** Null when the fault can be injected there now, else one sentence that says why not. */
  available(target: FaultTarget): Promise<string | null>;
  /** Makes it so, and gives what was done. `options` are the fault's own. */
  inject(target: FaultTarget, options: unknown): Promise<object>;
  /** Takes it back; without effect where it was not injected. */
  heal(target: FaultTarget): Promise<void>;
}

/** Null for a site whose database is a running standby. */
export async function runningStandby({ estate, site }: FaultTarget): Promise<string | null> {
  const { hasStores, postgres } = estate.site(site);
  if (!hasStores || !postgres.running()) return `${site} has no running database; nothing was changed.`;
  const [row] = await postgres.query<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
  return row?.recovery ? null : `${site} is no standby; nothing was changed.`;
}
