/** The application service at a site, through its service manager. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';

export interface ServiceState {
  readonly site: SiteId;
  readonly reachable: boolean;
  readonly active: boolean;
  readonly enabled: boolean;
  readonly detail: string;
}

export interface ServicesActivities {
  /** An agent that cannot be reached, fails or is not who the plan says is `reachable: false`, with the reason in `detail`. */
  readService(input: { readonly run: RunContext; readonly site: SiteId }): Promise<ServiceState>;
  /** Starts and enables the service; done when the service manager says active and enabled. */
  startService(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
}
