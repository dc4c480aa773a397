/** What the world around the sites is made with. */
import type { LabSite } from './addresses.ts';

/** How the lab's own judge reads a site's stores, at the real addresses and past the switch. Reads only. */
export interface StoreAccess {
  readonly site: LabSite;
  readonly database: { readonly host: string; readonly port: number; readonly user: string; readonly password: string; readonly database: string };
  readonly redis: { readonly host: string; readonly port: number; readonly username?: string; readonly password: string };
}

export interface WorldOptions {
  /** Name that customers call, such as `erlmcp.example.com`. */
  readonly publicHost: string;
  /** CA certificate that customers trust. */
  readonly caFile: string;
  /** Path of `moto_server`. */
  readonly motoServer: string;
  /** TTL of the records that customers are served. */
  readonly ttlSeconds: number;
  /** One entry for each site that has stores. Called for every judgement, so that changed passwords count. */
  stores(): readonly StoreAccess[];
}
