/** What the lab's hosted zone holds at the beginning, created at the emulator through its real API. */
import { CreateHealthCheckCommand, CreateHostedZoneCommand, ListHealthChecksCommand, Route53Client, type HealthCheckConfig } from '@aws-sdk/client-route-53';
import type { LabAddresses, LabSite } from '../addresses.ts';
import { ports } from '../addresses.ts';
import type { HealthCheckDefinition } from './checker.ts';
import { normalName, type RecordSet } from './records.ts';

export interface Route53Ids {
  readonly hostedZoneId: string;
  /** Calculated; unhealthy as soon as a surviving site's switch is thrown away from the primary. */
  readonly switchHealthCheckId: string;
  /** The children of `switchHealthCheckId`, by the site whose switch they watch. */
  readonly switchChildIds: Readonly<Record<string, string>>;
  /** Watches the primary's service. */
  readonly siteHealthCheckId: string;
}

const primary: LabSite = 'us-east-1';
const secondary: LabSite = 'eu-central-1';
const switchSites: readonly LabSite[] = ['eu-central-1', 'ap-southeast-1'];
const failureThreshold = 3;

/** Credentials that the emulator accepts; it accepts all. */
export function emulatorClient(emulator: { host: string; port: number }): Route53Client {
  return new Route53Client({
    region: 'us-east-1',
    endpoint: `http://${emulator.host}:${emulator.port}`,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
}

/** Zone and health checks. */
export async function createEstate(client: Route53Client, addresses: LabAddresses, publicHost: string): Promise<Route53Ids> {
  const zone = await client.send(new CreateHostedZoneCommand({ Name: publicHost, CallerReference: 'lab' }));
  const healthCheck = async (reference: string, config: HealthCheckConfig) => {
    const created = await client.send(new CreateHealthCheckCommand({ CallerReference: reference, HealthCheckConfig: config }));
    return idOf(created.HealthCheck?.Id);
  };
  const probed = { RequestInterval: 10, FailureThreshold: failureThreshold };
  const switchChildIds: Record<string, string> = {};
  for (const site of switchSites) {
    // Inverted: a thrown switch answers 200 and so turns the record unhealthy; a dead or silent one changes nothing.
    const watched = {
      Type: 'HTTP',
      IPAddress: addresses.seen(site, 'checkers'),
      Port: ports.switch,
      ResourcePath: `/switch/${primary}`,
      Inverted: true,
    } as const;
    switchChildIds[site] = await healthCheck(`switch-${site}`, { ...probed, ...watched });
  }
  const children = Object.values(switchChildIds);
  const switchHealthCheckId = await healthCheck('switch', { Type: 'CALCULATED', ChildHealthChecks: children, HealthThreshold: children.length });
  const siteHealthCheckId = await healthCheck('site', {
    ...probed,
    Type: 'HTTPS',
    IPAddress: addresses.seen(primary, 'checkers'),
    Port: ports.service,
    ResourcePath: '/health',
    FullyQualifiedDomainName: publicHost,
    EnableSNI: true,
  });
  return { hostedZoneId: idOf(zone.HostedZone?.Id).replace('/hostedzone/', ''), switchHealthCheckId, switchChildIds, siteHealthCheckId };
}

function idOf(id: string | undefined): string {
  if (id === undefined) throw new Error("The AWS emulator created something without an id. Look in logs/moto.log of the lab's directory.");
  return id;
}

/** Records at the beginning: customers go to the primary, nothing moves by itself, no run has been. */
export function initialRecords(addresses: LabAddresses, publicHost: string, ttlSeconds: number, switchHealthCheckId: string): readonly RecordSet[] {
  const name = normalName(publicHost);
  return [
    {
      name,
      type: 'A',
      ttlSeconds,
      values: [addresses.seen(primary, 'customers')],
      setIdentifier: 'primary',
      failover: 'PRIMARY',
      healthCheckId: switchHealthCheckId,
    },
    { name, type: 'A', ttlSeconds, values: [addresses.seen(secondary, 'customers')], setIdentifier: 'secondary', failover: 'SECONDARY' },
    { name: `_dr-epoch.${name}`, type: 'TXT', ttlSeconds, values: ['"epoch=0"'] },
  ];
}

/** The health checks that exist at the emulator now. */
export async function healthChecks(client: Route53Client): Promise<HealthCheckDefinition[]> {
  const { HealthChecks } = await client.send(new ListHealthChecksCommand({}));
  return (HealthChecks ?? []).map((check) => ({ id: check.Id as string, config: check.HealthCheckConfig as HealthCheckConfig }));
}
