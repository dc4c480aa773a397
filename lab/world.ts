/** The world around the sites: Route 53, DNS, customers, mailbox and the monitoring API, with the handles by which `dr-lab` turns them. */
import type { LabSite } from './addresses.ts';
import type { LabContext, ResettableComponent } from './component.ts';
import { createCustomers } from './customers/component.ts';
import { createDns } from './dns/component.ts';
import { createMail } from './mail/mailbox.ts';
import { createMonitoring } from './monitoring/api.ts';
import { createRoute53, type Route53Ids } from './route53/component.ts';

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

/** A handle: takes the JSON body of the control request, gives JSON back. Throws an Error with one sentence on a bad body. */
export type Control = (body: unknown) => Promise<unknown>;

export interface World {
  /** In the order of starting: route53 (moto, checker, proxy), dns, mail, monitoring, customers. All but `customers` can start before the sites run. */
  readonly components: readonly ResettableComponent[];
  /** By path, such as `customers/figures`; each is described where it is defined. */
  readonly control: Readonly<Record<string, Control>>;
  /** Ids for the plan's estate.yaml; known after `route53` has started, the same after a reset. */
  route53Ids(): Route53Ids;
  /** False: the Route 53 API hangs, as when the region that runs its control plane is gone. DNS answers and health checks go on. */
  setControlPlane(available: boolean): void;
}

/** Builds the parts; starts nothing. */
export function createWorld(context: LabContext, options: WorldOptions): World {
  const route53 = createRoute53(context, options);
  const dns = createDns(context, { zone: route53.zone, publicHost: options.publicHost });
  const mail = createMail(context);
  const monitoring = createMonitoring(context);
  const customers = createCustomers(context, options);
  return {
    components: [route53.component, dns.component, mail.component, monitoring.component, customers.component],
    control: { ...route53.control, ...dns.control, ...mail.control, ...monitoring.control, ...customers.control },
    route53Ids: route53.ids,
    setControlPlane: route53.setControlPlane,
  };
}
