/** A zone at the lab's Route 53 and the DNS servers that give it out, without the rest of a lab; and the drivers that a run would ask. */
import type { RunContext } from '../../activities/context.ts';
import type { AgentFields, FolderDependencies } from '../../activities/dependencies.ts';
import { createDnsActivities } from '../../activities/dns/activities.ts';
import type { DnsActivities } from '../../activities/dns/port.ts';
import { createVerificationActivities } from '../../activities/verification/activities.ts';
import type { VerificationActivities } from '../../activities/verification/port.ts';
import { createDns } from '../../lab/dns/component.ts';
import { createRoute53, type Route53 } from '../../lab/route53/component.ts';
import { normalName, type RecordSet } from '../../lab/route53/records.ts';
import { setupPaths } from '../../lab/setup/paths.ts';
import type { Estate, Plan } from '../../plan/schema.ts';
import { testContext, type TestContext } from '../lab/support.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { dependenciesOf } from '../support/dependencies.ts';

/** The sites that a route of the zoo goes between. */
export const lost = 'us-east-1';
export const target = 'eu-central-1';
export const zoneName = 'example.com';
export const recordName = `shop.${zoneName}`;
export const epochName = `_dr-epoch.${recordName}`;
export const ttlSeconds = 5;

/** Shaped by its records and its plan. */
export class DnsPlace {
  readonly dns: DnsActivities;
  readonly verification: VerificationActivities;
  readonly dependencies: FolderDependencies;
  plan!: Plan;
  /** What another automation does once a route is proven. */
  afterRoute: () => void = () => undefined;
  private readonly usual: Plan;
  private readonly context: TestContext;
  private readonly route53: Route53;
  private readonly servers: ReturnType<typeof createDns>;

  private constructor(plan: Plan, context: TestContext, route53: Route53) {
    this.usual = plan;
    this.context = context;
    this.route53 = route53;
    this.servers = createDns(context, { zone: route53.zone, publicHost: recordName });
    this.dependencies = dependenciesOf({
      planFolder: context.repository,
      planOf: async () => this.plan,
      secret: async () => 'lab',
      // No site is there: its agent holds the epoch of whoever asks.
      agent: (run) => ({ ask: async () => ({ reachable: true, fields: holding(run) }), change: neverChanges, tryChange: neverChanges }),
      now: () => new Date(),
    });
    this.dns = createDnsActivities(this.dependencies);
    this.verification = createVerificationActivities(this.dependencies);
  }

  /** Its addresses are those of lab `index`, below 127. */
  static async open(index: number): Promise<DnsPlace> {
    const context = testContext(index);
    const { plan } = await erlmcpPlan();
    const place = new DnsPlace(plan, context, createRoute53(context, { publicHost: zoneName, motoServer: setupPaths().motoServer, ttlSeconds }));
    try {
      await place.route53.component.start();
      await place.servers.component.start();
    } catch (error) {
      await place.close();
      throw error;
    }
    return place;
  }

  /** As the plan says, before a shape is set up. */
  async reset(): Promise<void> {
    await this.route53.component.reset();
    await this.servers.component.reset();
    this.zone.propagationMs = 200;
    this.afterRoute = () => undefined;
    this.plan = this.labPlan();
    this.hold(...this.pair(), this.epoch());
  }

  async close(): Promise<void> {
    await this.servers.component.stop();
    await this.route53.component.stop();
    this.context.remove();
  }

  get zone(): Route53['zone'] {
    return this.route53.zone;
  }

  /** For a set up that goes past the drivers. */
  get apiEndpoint(): string {
    const { host, port } = this.context.addresses.route53;
    return `http://${host}:${port}`;
  }

  get switchHealthCheckId(): string {
    return this.route53.ids().switchHealthCheckId;
  }

  /** The zone holds these and nothing else. */
  hold(...records: readonly RecordSet[]): void {
    this.zone.load(records);
  }

  /** These are accepted, and given out only after the zone's propagation. */
  accept(...records: readonly RecordSet[]): void {
    this.zone.accept(records);
  }

  /** False: no call of the API is answered, until the next reset. */
  available(available: boolean): void {
    this.route53.setControlPlane(available);
  }

  /** Faults of the API until the next reset: `throttle`, `fail` or `lose-replies`, for so many of the next calls. */
  async fault(name: 'throttle' | 'fail' | 'lose-replies', count: number): Promise<void> {
    await this.route53.control[`route53/${name}`]?.({ count });
  }

  /** Both resolvers forget what they know. */
  async forget(): Promise<void> {
    await this.servers.control['dns/forget']?.({});
  }

  /** The last resolver asks for the public name once more and keeps the answer for ever, until the next reset. */
  async keepAnswers(): Promise<void> {
    await this.servers.control['dns/resolver']?.({ keepsExpired: true });
  }

  change(dns: Partial<Estate['dns']>, service: Partial<Estate['service']> = {}): void {
    const { estate } = this.plan;
    this.plan = { ...this.plan, estate: { ...estate, dns: { ...estate.dns, ...dns }, service: { ...estate.service, ...service } } };
  }

  /** The address that customers of a site are given. */
  address(site: string): string {
    return this.plan.estate.sites[site]?.publicAddress ?? '';
  }

  /** Weighted sets, by their identifiers. */
  weighted(sets: Readonly<Record<string, readonly [weight: number, address: string]>>): readonly RecordSet[] {
    return Object.entries(sets).map(([setIdentifier, [weight, address]]) => ({
      name: normalName(recordName),
      type: 'A',
      ttlSeconds,
      values: [address],
      setIdentifier,
      weight,
    }));
  }

  /** The failover pair of the plan. */
  pair(): readonly [RecordSet, RecordSet] {
    const of = { name: normalName(recordName), type: 'A', ttlSeconds };
    return [
      { ...of, values: [this.address(lost)], setIdentifier: 'first', failover: 'PRIMARY', healthCheckId: this.switchHealthCheckId },
      { ...of, values: [this.address(target)], setIdentifier: 'second', failover: 'SECONDARY' },
    ];
  }

  epoch(...values: readonly string[]): RecordSet {
    return { name: normalName(epochName), type: 'TXT', ttlSeconds, values: ['"epoch=0"', ...values] };
  }

  run(epoch: number): RunContext {
    return { runId: 'recovery/zoo', execution: `recovery/zoo@${epoch}`, planDigest: 'zoo', epoch };
  }

  private labPlan(): Plan {
    const { addresses } = this.context;
    const ids = this.route53.ids();
    const { estate } = this.usual;
    const { caFile: _systems, ...service } = estate.service;
    const server = (host: string) => ({ host, port: addresses.dns.port });
    return {
      ...this.usual,
      estate: {
        ...estate,
        service: { ...service, publicHost: recordName },
        detection: { ...estate.detection, probeInterval: 'PT1S', probeTimeout: 'PT1S' },
        dns: {
          ...estate.dns,
          endpoint: this.apiEndpoint,
          credentials: { accessKeyId: 'env:KEY', secretAccessKey: 'env:SECRET' },
          hostedZoneId: ids.hostedZoneId,
          recordName,
          epochRecordName: epochName,
          ttl: `PT${ttlSeconds}S`,
          switchHealthCheckId: ids.switchHealthCheckId,
          siteHealthCheckId: ids.siteHealthCheckId,
          authoritativeServers: [server(addresses.authoritative)],
          resolvers: addresses.resolvers.map(server),
        },
      },
    };
  }
}

function holding({ epoch, execution }: RunContext): AgentFields {
  const fields: Readonly<Record<string, string>> = { epoch: String(epoch), epoch_holder: execution };
  return { get: (key) => fields[key] ?? '', find: (key) => fields[key], all: () => [], flag: () => false, aheadSeconds: undefined, at: () => undefined };
}

async function neverChanges(): Promise<never> {
  throw new Error('Nothing of the zone is changed by an agent.');
}
