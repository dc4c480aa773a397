/** What a zone holds that a route cannot change, or that is not as the plan says: one sentence each, with what helps. Pure. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { isShare, isWithin, leadsTo, listed, valuesOf, type ZoneSets } from './records.ts';

/** Why no run can change the route, or hold its epoch, in this zone. */
export function obstaclesOf(plan: Plan, { zone, above, atName, atEpoch }: ZoneSets): readonly string[] {
  const { recordName, epochRecordName, hostedZoneId, methods } = plan.estate.dns;
  const outside = [recordName, epochRecordName].filter((name) => !isWithin(name, zone.name));
  return [
    ...(zone.isPrivate
      ? [`Zone ${hostedZoneId} (${zone.name}) is private: customers are not served from it. Give estate.dns.hostedZoneId of the public zone of that name.`]
      : []),
    ...(outside.length > 0 ? [`Zone ${hostedZoneId} is ${zone.name}, and ${outside.join(' and ')} is not in it. Correct estate.dns in the plan.`] : []),
    ...delegations([...above, ...atName], recordName, hostedZoneId),
    ...aliasesOf(atName, 'A', recordName),
    ...policiesOf(atName, 'A', recordName),
    ...aliasesOf(atEpoch, 'TXT', epochRecordName),
    ...policiesOf(atEpoch, 'TXT', epochRecordName),
    ...(methods.includes('control-plane') || atName.some(({ Type }) => Type === 'A' || Type === 'CNAME')
      ? []
      : [`${recordName} has no A record, and no method of the plan creates it. Create it, or add control-plane to estate.dns.methods.`]),
  ];
}

/** Name servers of another zone at the name, or above it; the zone's own stand beside its SOA. */
function delegations(sets: readonly ResourceRecordSet[], recordName: string, hostedZoneId: string): readonly string[] {
  const own = new Set(sets.filter(({ Type }) => Type === 'SOA').map(({ Name }) => Name));
  return sets
    .filter(({ Type, Name }) => Type === 'NS' && !own.has(Name))
    .map(
      (set) =>
        `${set.Name} is delegated to ${leadsTo(set)}: what zone ${hostedZoneId} holds at ${recordName} is served to nobody. Give estate.dns.hostedZoneId of the zone that those servers serve.`,
    );
}

function aliasesOf(sets: readonly ResourceRecordSet[], type: string, name: string): readonly string[] {
  const what = type === 'A' ? 'an A record with the address of one site' : 'a TXT record, or give estate.dns.epochRecordName another name';
  return sets
    .filter((set) => set.Type === 'CNAME' || (set.Type === type && set.AliasTarget))
    .map((set) => `${name} is ${set.Type === 'CNAME' ? `a CNAME to ${leadsTo(set)}` : leadsTo(set)}, which no run can change. Replace it by ${what}.`);
}

const policies = ['Weight', 'Region', 'GeoLocation', 'GeoProximityLocation', 'CidrRoutingConfig', 'MultiValueAnswer'] as const;

/** Sets that share a name by another rule than failover: a run would have to choose for whom each of them counts. */
function policiesOf(sets: readonly ResourceRecordSet[], type: string, name: string): readonly string[] {
  const others = sets.filter((set) => set.Type === type && set.SetIdentifier !== undefined && !isShare(set));
  const routed = others.filter((set) => set.Failover === undefined || type === 'TXT');
  if (routed.length === 0) return [];
  const by = [...new Set(routed.flatMap((set) => policies.filter((policy) => set[policy] !== undefined)))].join(', ') || 'Failover';
  const ids = listed(routed.map(({ SetIdentifier }) => SetIdentifier ?? ''));
  const helps = type === 'A' ? 'Leave one record, or a failover pair.' : 'Leave one plain record.';
  return [`${name} has ${routed.length} ${type} ${routed.length === 1 ? 'record' : 'records'} by ${by} (${ids}), which no run can change. ${helps}`];
}

interface Routed {
  readonly primary: ResourceRecordSet | undefined;
  readonly secondary: ResourceRecordSet | undefined;
  readonly shares: readonly ResourceRecordSet[];
}

/** What is not as the plan says. A route by the control plane fixes values, addresses and TTL; the rest is for people. */
export function differencesOf(plan: Plan, { primary, secondary, shares }: Routed): readonly string[] {
  const { recordName, methods } = plan.estate.dns;
  const addresses = Object.values(plan.estate.sites).map(({ publicAddress }) => publicAddress);
  if (shares.length > 0)
    return [`${recordName} has the shares of a cold start (${describeShares(shares)}). A route by the control plane puts one record in their place.`];
  const roles = [...(primary ? [{ role: 'primary', set: primary }] : []), ...(secondary ? [{ role: 'secondary', set: secondary }] : [])];
  return [
    ...(primary ? [] : [`${recordName} has no primary A record. A route by the control plane creates it.`]),
    ...roles.flatMap(({ role, set }) => (set.AliasTarget ? [] : wrongInSet(plan, `The ${role} record of ${recordName}`, set, addresses))),
    ...(methods.includes('data-plane') && primary ? switchDifferences(plan, primary, secondary) : []),
  ];
}

/** Shares in words. */
export function describeShares(shares: readonly ResourceRecordSet[]): string {
  return shares.map((set) => `${set.Weight} % → ${leadsTo(set)}`).join(', ');
}

function wrongInSet(plan: Plan, record: string, set: ResourceRecordSet, addresses: readonly string[]): readonly string[] {
  const values = valuesOf(set);
  const ttlSeconds = seconds(plan.estate.dns.ttl);
  const strangers = values.filter((value) => !addresses.includes(value));
  return [
    ...(values.length > 1
      ? [`${record} has ${values.length} values, ${leadsTo(set)}: customers are spread over them. Leave one; a route leaves that of its target only.`]
      : []),
    ...(strangers.length > 0 ? [`${record} leads to ${strangers.join(' and ')}, which the plan gives as publicAddress of no site.`] : []),
    ...(set.TTL === ttlSeconds
      ? []
      : [`${record} has a TTL of ${set.TTL} s, and estate.dns.ttl is ${ttlSeconds} s: caches keep an old answer for what the record says.`]),
  ];
}

/** Whether a thrown switch moves customers to where the plan says. */
function switchDifferences(plan: Plan, primary: ResourceRecordSet, secondary: ResourceRecordSet | undefined): readonly string[] {
  const { recordName, switchHealthCheckId } = plan.estate.dns;
  if (!secondary || primary.Failover === undefined)
    return [
      `${recordName} has no failover pair: a thrown switch moves nobody, and each route waits for the control plane. Make it a pair of PRIMARY and SECONDARY.`,
    ];
  const site = plan.sites.find(({ role }) => role === 'secondary')?.id ?? '';
  const prepared = plan.estate.sites[site]?.publicAddress;
  return [
    ...(primary.HealthCheckId === switchHealthCheckId
      ? []
      : [
          `The primary record of ${recordName} hangs on ${primary.HealthCheckId === undefined ? 'no health check' : `the health check ${primary.HealthCheckId}`}, not on estate.dns.switchHealthCheckId ${switchHealthCheckId}: a thrown switch moves nobody.`,
        ]),
    ...(prepared === undefined || valuesOf(secondary).includes(prepared)
      ? []
      : [`The secondary record of ${recordName} leads to ${leadsTo(secondary)}, not to ${prepared} of ${site}: a thrown switch sends customers there.`]),
  ];
}

/** Records of other types at the name by which customers come to an address that no step changes. */
export function besideOf(plan: Plan, atName: readonly ResourceRecordSet[]): readonly string[] {
  const { recordName } = plan.estate.dns;
  const ipv6 = atName.filter(({ Type }) => Type === 'AAAA');
  const bindings = (['HTTPS', 'SVCB'] as const).flatMap((type) => {
    const elsewhere = atName.filter((set) => set.Type === type && (set.AliasTarget !== undefined || valuesOf(set).some(leadsElsewhere)));
    return elsewhere.length === 0
      ? []
      : [`${type} ${recordName} still leads to ${leadsTo(...elsewhere)}, which no step changes: customers whose programs ask for it go there.`];
  });
  return [...(ipv6.length === 0 ? [] : [addressesBeside(recordName, leadsTo(...ipv6))]), ...bindings];
}

/** The sentence of IPv6 addresses, however they were read. */
export function addressesBeside(recordName: string, addresses: string): string {
  return `AAAA ${recordName} still leads to ${addresses}, which no step changes: customers that use IPv6 go there.`;
}

/** A service binding for the name itself (`.`) without addresses of its own leads to where its A record does. */
function leadsElsewhere(value: string): boolean {
  const [, target, ...parameters] = value.trim().split(/\s+/);
  return target !== '.' || parameters.some((parameter) => /^ipv[46]hint=/.test(parameter));
}
