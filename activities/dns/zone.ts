/** What stands in the zone at the two names of the plan: the epoch, the records that a run points to a site, and what it cannot point. Only looks at what was read. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { addressesOf, type AuthorityAnswer } from './authorities.ts';
import { besideOf, differencesOf, obstaclesOf } from './findings.ts';
import { leadsTo, listed, valuesOf, type ZoneSets } from './records.ts';

/** The epoch's record by itself: it is read and written whatever stands at the name that customers use. */
export interface EpochState {
  readonly epochRecord: ResourceRecordSet | undefined;
  readonly epoch: number;
  /** Run that wrote the epoch; empty when nobody has. */
  readonly holder: string;
  /** Values at the epoch's name that are somebody else's, and stay. */
  readonly foreign: readonly string[];
}

export interface ZoneState extends EpochState {
  /** Records of the name, by role: the primary of a failover set or a plain record, and the secondary. Undefined where there is none. */
  readonly primary: ResourceRecordSet | undefined;
  readonly secondary: ResourceRecordSet | undefined;
  /** Why no run can change the route here, one sentence each. */
  readonly obstacles: readonly string[];
  /** What is not as the plan says and as a route needs it, one sentence each. */
  readonly differences: readonly string[];
  /** Records of other types that lead customers past the route, one sentence each. */
  readonly beside: readonly string[];
}

export function readState(plan: Plan, sets: ZoneSets): ZoneState {
  const addresses = sets.atName.filter(({ Type }) => Type === 'A');
  const records = {
    primary: addresses.find(({ Failover }) => Failover === 'PRIMARY') ?? addresses.find(({ SetIdentifier }) => SetIdentifier === undefined),
    secondary: addresses.find(({ Failover }) => Failover === 'SECONDARY'),
  };
  return {
    ...records,
    ...readEpoch(sets.atEpoch),
    obstacles: obstaclesOf(plan, sets),
    differences: differencesOf(plan, records),
    beside: besideOf(plan, sets.atName),
  };
}

/** Exactly what a run writes, and nothing that merely looks like it. */
const epochValue = /^"epoch=(\d{1,15})(?: run=([^"\\]*))?"$/;

/** The highest epoch that stands there: whoever wrote a lower one has been overtaken. */
export function readEpoch(atEpoch: readonly ResourceRecordSet[]): EpochState {
  const epochRecord = atEpoch.find(({ Type }) => Type === 'TXT');
  const values = valuesOf(epochRecord);
  const held = values.flatMap((value) => {
    const found = epochValue.exec(value);
    return found ? [{ epoch: Number(found[1]), holder: found[2] ?? '' }] : [];
  });
  const highest = held.toSorted((one, other) => other.epoch - one.epoch)[0];
  return { epochRecord, epoch: highest?.epoch ?? 0, holder: highest?.holder ?? '', foreign: values.filter((value) => !epochValue.test(value)) };
}

/** The record of the epoch that a run writes in place of the one that it has read: what is not ours in it stays. */
export function epochSet(plan: Plan, { epochRecord, foreign }: EpochState, epoch: number, execution: string): ResourceRecordSet {
  const { epochRecordName, ttl } = plan.estate.dns;
  const values = [...foreign, `"epoch=${epoch} run=${execution}"`];
  return { Name: epochRecordName, Type: 'TXT', TTL: epochRecord?.TTL ?? seconds(ttl), ResourceRecords: values.map((Value) => ({ Value })) };
}

/** The records that must be written so that the name leads to this address and nowhere else; empty when it does. */
export function wrongSets(plan: Plan, { primary, secondary }: ZoneState, address: string): readonly ResourceRecordSet[] {
  // The secondary record is left alone while it leads there anyway; otherwise a thrown switch would send customers elsewhere.
  const held = [primary ?? missingPrimary(plan, secondary), ...(secondary ? [secondary] : [])];
  return held.filter((set) => !leadsOnlyTo(set, address)).map((set) => pointTo(set, address, seconds(plan.estate.dns.ttl)));
}

/** The record that lacks, without an address: the primary beside a secondary, as the plan describes it, else a plain one. */
function missingPrimary(plan: Plan, secondary: ResourceRecordSet | undefined): ResourceRecordSet {
  const { recordName, switchHealthCheckId } = plan.estate.dns;
  const plain: ResourceRecordSet = { Name: recordName, Type: 'A' };
  if (!secondary) return plain;
  const SetIdentifier = secondary.SetIdentifier === 'primary' ? 'dr-primary' : 'primary';
  return { ...plain, SetIdentifier, Failover: 'PRIMARY', HealthCheckId: switchHealthCheckId };
}

/** A set of the same name, role and health check that leads to another address. */
function pointTo(set: ResourceRecordSet, address: string, ttlSeconds: number): ResourceRecordSet {
  return { ...set, TTL: ttlSeconds, ResourceRecords: [{ Value: address }] };
}

function leadsOnlyTo(set: ResourceRecordSet, address: string): boolean {
  const values = valuesOf(set);
  return values.length === 1 && values[0] === address;
}

export function describeZone(zone: ZoneState): string {
  const secondary = zone.secondary ? `, secondary → ${leadsTo(zone.secondary)}` : '';
  return `primary → ${leadsTo(zone.primary)}${secondary}, epoch ${zone.epoch}`;
}

/** Authoritative servers that give what this zone does not hold serve another zone of the same name: nothing that a run changes here would be seen. */
export function servedFromElsewhere(plan: Plan, { primary, secondary }: ZoneState, answers: readonly AuthorityAnswer[]): readonly string[] {
  const { hostedZoneId, recordName } = plan.estate.dns;
  const held = [...valuesOf(primary), ...valuesOf(secondary)];
  const strange = addressesOf(answers).filter((address) => !held.includes(address));
  if (held.length === 0 || strange.length === 0) return [];
  return [
    `The authoritative servers of the plan give ${listed(strange)} for ${recordName}, which zone ${hostedZoneId} does not hold: they serve another zone. Give estate.dns.hostedZoneId of that one, or the servers of this one.`,
  ];
}
