/** The world around the sites: Route 53, DNS, the maintenance answer, customers, mailbox and the monitoring API, with the handles by which `dr-lab` turns them. */
import type { Control, LabContext, ResettableComponent } from './component.ts';
import { createCustomers } from './customers/component.ts';
import { createDns } from './dns/component.ts';
import { createMail } from './mail/mailbox.ts';
import { createMaintenance } from './maintenance.ts';
import { createMonitoring } from './monitoring/api.ts';
import { createRoute53, type Route53Ids } from './route53/component.ts';
import type { WorldOptions } from './world-options.ts';

export interface World {
  /** In the order of starting: route53 (moto, checker, proxy), dns, maintenance, mail, monitoring, customers. All but `customers` can start before the sites run. */
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
    components: [route53.component, dns.component, createMaintenance(context), mail.component, monitoring.component, customers.component],
    control: { ...route53.control, ...dns.control, ...mail.control, ...monitoring.control, ...customers.control },
    route53Ids: route53.ids,
    setControlPlane: route53.setControlPlane,
  };
}
