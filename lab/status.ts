/** What a running lab says about itself. */
import { labSites, type LabSite } from './addresses.ts';
import type { LabEstate } from './estate.ts';

export interface SiteStatus {
  readonly site: LabSite;
  /** `primary`, `standby`, `none`, or why there is no answer. */
  readonly database: string;
  readonly synchronousStandbyNames: string;
  readonly standbys: readonly { readonly name: string; readonly state: string; readonly sync: string }[];
  readonly cache: string;
  readonly service: string;
  readonly capacityPercent: number;
}

export interface LabStatus {
  readonly lab: string;
  readonly index: number;
  readonly directory: string;
  readonly phase: 'starting' | 'ready' | 'resetting' | 'stopping' | 'failed';
  readonly progress: readonly string[];
  readonly failure: string | null;
  readonly problems: readonly string[];
  readonly sites: readonly SiteStatus[];
  readonly links: readonly { readonly from: string; readonly to: string; readonly mode: string; readonly delayMs: number }[];
}

export function siteStatuses(estate: LabEstate): Promise<SiteStatus[]> {
  return Promise.all(labSites.map((site) => siteStatus(estate, site)));
}

async function siteStatus(estate: LabEstate, id: LabSite): Promise<SiteStatus> {
  const { hasStores, service } = estate.site(id);
  const database = hasStores ? await databaseStatus(estate, id) : { database: 'none', synchronousStandbyNames: '', standbys: [] };
  return {
    site: id,
    ...database,
    cache: hasStores ? await cacheStatus(estate, id) : 'none',
    service: service.running() ? 'active' : 'inactive',
    capacityPercent: service.capacity(),
  };
}

async function databaseStatus(estate: LabEstate, id: LabSite): Promise<Pick<SiteStatus, 'database' | 'synchronousStandbyNames' | 'standbys'>> {
  const { postgres } = estate.site(id);
  try {
    const [row] = await postgres.query<{ recovery: boolean; names: string }>(
      "select pg_is_in_recovery() as recovery, current_setting('synchronous_standby_names') as names",
    );
    const standbys = await postgres.query<{ name: string; state: string; sync: string }>(
      'select application_name as name, state, sync_state as sync from pg_stat_replication order by 1',
    );
    return { database: row?.recovery ? 'standby' : 'primary', synchronousStandbyNames: row?.names ?? '', standbys };
  } catch (error) {
    return { database: `no answer: ${(error as Error).message}`, synchronousStandbyNames: '', standbys: [] };
  }
}

async function cacheStatus(estate: LabEstate, id: LabSite): Promise<string> {
  try {
    const info = await estate.site(id).redis.as((client) => client.info('replication'));
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
    return field('role') === 'master' ? `primary, ${field('connected_slaves')} replicas` : `replica, link ${field('master_link_status')}`;
  } catch (error) {
    return `no answer: ${(error as Error).message}`;
  }
}
