/** What stands in the zone at the two names of the plan: the epoch, the records that a run points to a site, and what it cannot point. Only looks at what was read. */
import type { Change as RecordChange, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { addressesOf, type AuthorityAnswer } from './authorities.ts';
import { besideOf, describeShares, differencesOf, obstaclesOf } from './findings.ts';
import { isShare, leadsTo, listed, shareIdentifiers, valuesOf, type ZoneSets } from './records.ts';

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
  /** Weighted sets that a run has written, where customers come by shares. */
  readonly shares: readonly ResourceRecordSet[];
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
    shares: addresses.filter(isShare),
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

/** What must be changed so that the name leads to this address and nowhere else; empty when it does. */
export function changesToSite(plan: Plan, { primary, secondary, shares }: ZoneState, address: string): readonly RecordChange[] {
  // The secondary record is left alone while it leads there anyway; otherwise a thrown switch would send customers elsewhere.
  const held = [primary ?? missingPrimary(plan, secondary), ...(secondary ? [secondary] : [])];
  const wrong = held.filter((set) => !leadsOnlyTo(set, address)).map((set) => pointTo(set, address, seconds(plan.estate.dns.ttl)));
  return [...shares.map(removal), ...wrong.map(writing)];
}

/** What must be changed so that the name leads so many per cent to the address of the target, and the others to the maintenance answer; empty when it does. */
export function changesToShare(plan: Plan, { primary, secondary, shares }: ZoneState, address: string, percent: number): readonly RecordChange[] {
  const wanted = shareSets(plan, address, percent);
  const wrong = wanted.filter((set) => !shares.some((held) => isSameShare(held, set)));
  // No weighted set can stand beside one of another kind.
  return [...[primary, secondary].flatMap((set) => (set ? [removal(set)] : [])), ...wrong.map(writing)];
}

function shareSets(plan: Plan, address: string, percent: number): readonly ResourceRecordSet[] {
  const { recordName, ttl, gradual } = plan.estate.dns;
  const set = (SetIdentifier: string, Weight: number, Value: string): ResourceRecordSet => ({
    Name: recordName,
    Type: 'A',
    SetIdentifier,
    Weight,
    TTL: seconds(ttl),
    ResourceRecords: [{ Value }],
  });
  return [set(shareIdentifiers.target, percent, address), set(shareIdentifiers.remainder, 100 - percent, gradual?.remainder ?? '')];
}

function isSameShare(one: ResourceRecordSet, other: ResourceRecordSet): boolean {
  return one.SetIdentifier === other.SetIdentifier && one.Weight === other.Weight && one.TTL === other.TTL && valuesOf(one).join() === valuesOf(other).join();
}

/** Exactly the set that was read: the batch fails when another hand was faster. */
function removal(set: ResourceRecordSet): RecordChange {
  return { Action: 'DELETE', ResourceRecordSet: set };
}

function writing(set: ResourceRecordSet): RecordChange {
  return { Action: 'UPSERT', ResourceRecordSet: set };
}

/** Per cent of the customers whom the zone leads to this address. */
export function percentTo(plan: Plan, zone: ZoneState, address: string): number {
  if (zone.shares.length === 0) return changesToSite(plan, zone, address).length === 0 ? 100 : 0;
  const weightOf = (sets: readonly ResourceRecordSet[]) => sets.reduce((sum, { Weight = 0 }) => sum + Weight, 0);
  return Math.floor((100 * weightOf(zone.shares.filter((set) => leadsOnlyTo(set, address)))) / Math.max(1, weightOf(zone.shares)));
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
  if (zone.shares.length > 0) return `${describeShares(zone.shares)}, epoch ${zone.epoch}`;
  const secondary = zone.secondary ? `, secondary → ${leadsTo(zone.secondary)}` : '';
  return `primary → ${leadsTo(zone.primary)}${secondary}, epoch ${zone.epoch}`;
}

/** Authoritative servers that give what this zone does not hold serve another zone of the same name: nothing that a run changes here would be seen. */
export function servedFromElsewhere(plan: Plan, { primary, secondary, shares }: ZoneState, answers: readonly AuthorityAnswer[]): readonly string[] {
  const { hostedZoneId, recordName } = plan.estate.dns;
  const held = [primary, secondary, ...shares].flatMap(valuesOf);
  const strange = addressesOf(answers).filter((address) => !held.includes(address));
  if (held.length === 0 || strange.length === 0) return [];
  return [
    `The authoritative servers of the plan give ${listed(strange)} for ${recordName}, which zone ${hostedZoneId} does not hold: they serve another zone. Give estate.dns.hostedZoneId of that one, or the servers of this one.`,
  ];
}
