/** The application service at a site, through its service manager. */
import type { SiteId } from '../../plan/schema.ts';
import type { Change, ReachOf, RunContext } from '../context.ts';

interface ServiceState {
  readonly site: SiteId;
  readonly reachable: boolean;
  readonly active: boolean;
  readonly enabled: boolean;
  readonly detail: string;
}

/** What the service's health path says. */
export interface Readiness {
  readonly status: 'ok' | 'failed';
  readonly detail: string;
  /** What it is not ready for yet, as a part of a sentence; absent when it is ready, or when waiting does not help. */
  readonly waitsFor?: string;
}

export interface ServicesReads {
  /** An agent that cannot be reached, fails or is not who the plan says is `reachable: false`, with the reason in `detail`. */
  readService(input: { readonly run: RunContext; readonly site: SiteId }): Promise<ServiceState>;
  /** Asks the service at `site` by the plan's health path until it says that it is well, at most `withinSeconds`; never throws for one that does not. */
  awaitService(input: { readonly run: RunContext; readonly site: SiteId; readonly withinSeconds: number }): Promise<Readiness>;
}

export interface ServicesChanges {
  /** Starts and enables the service; done when the service manager says active and enabled, which says nothing about whether it answers. */
  startService(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
  /** Stops the service where it runs; it stays enabled. */
  stopService(input: { readonly run: RunContext; readonly site: SiteId }): Promise<Change>;
}

export const servicesChanges = { startService: 'estate', stopService: 'estate' } as const satisfies ReachOf<ServicesChanges>;

export type ServicesActivities = ServicesReads & ServicesChanges;
