/** Route 53: health checks, and records changed together with the epoch so that an older run cannot change them back. */
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHealthCheckStatusCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type Change as RecordChange,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { milliseconds, seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';

const unchanged = 'No record was changed.';

export interface CheckerReport {
  readonly healthy: boolean;
  readonly checkedAt: Date;
  readonly text: string;
}

/** What stands in the zone about the name that customers use, and about the epoch. */
export interface ZoneState {
  /** Records of the name, by role: the primary of a failover set or a plain record, and the secondary. */
  readonly primary: ResourceRecordSet;
  readonly secondary: ResourceRecordSet | undefined;
  readonly epochRecord: ResourceRecordSet | undefined;
  readonly epoch: number;
  /** Run that wrote the epoch; empty when nobody has. */
  readonly holder: string;
}

export interface Route53 {
  /** The last report of each checker. */
  healthCheck(id: string): Promise<readonly CheckerReport[]>;
  readZone(): Promise<ZoneState>;
  /** One batch, all or nothing. Gives the id of the change. */
  changeZone(changes: readonly RecordChange[], comment: string): Promise<string>;
  inSync(changeId: string): Promise<boolean>;
  close(): void;
}

/** `timeoutMilliseconds` bounds one call; absent: as for any other AWS client. */
export async function createRoute53(plan: Plan, dependencies: Pick<ActivityDependencies, 'secret'>, timeoutMilliseconds?: number): Promise<Route53> {
  const { dns, detection } = plan.estate;
  const client = new Route53Client(await awsClientOptions(dns, dns.credentials, dependencies));
  const within = () => bounded(timeoutMilliseconds);
  const list = async (name: string): Promise<ResourceRecordSet[]> => {
    const command = new ListResourceRecordSetsCommand({ HostedZoneId: dns.hostedZoneId, StartRecordName: name });
    const answer = await client.send(command, within()).catch(rethrowAws(`Reading ${name}`, unchanged));
    return (answer.ResourceRecordSets ?? []).filter((set) => sameName(set.Name, name));
  };
  return {
    async healthCheck(id) {
      const timeout = Math.max(1_000, milliseconds(detection.probeTimeout));
      const command = new GetHealthCheckStatusCommand({ HealthCheckId: id });
      const status = await client.send(command, bounded(timeout)).catch(rethrowAws(`Reading the health check ${id}`, unchanged));
      return (status.HealthCheckObservations ?? []).flatMap(({ StatusReport }) => {
        const text = StatusReport?.Status ?? '';
        return StatusReport?.CheckedTime === undefined ? [] : [{ healthy: text.startsWith('Success'), checkedAt: StatusReport.CheckedTime, text }];
      });
    },
    async readZone() {
      return readState(plan, (await Promise.all([list(dns.recordName), list(dns.epochRecordName)])).flat());
    },
    async changeZone(changes, comment) {
      const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: dns.hostedZoneId, ChangeBatch: { Comment: comment, Changes: [...changes] } });
      const answer = await client
        .send(command, boundedChange(timeoutMilliseconds))
        .catch(rethrowAws(`Changing ${dns.recordName}`, 'Whether a record was changed is read at the next attempt.'));
      return answer.ChangeInfo?.Id ?? '';
    },
    async inSync(changeId) {
      const command = new GetChangeCommand({ Id: changeId.replace('/change/', '') });
      const answer = await client.send(command, within()).catch(rethrowAws(`Reading the change ${changeId}`, unchanged));
      return answer.ChangeInfo?.Status === 'INSYNC';
    },
    close: () => client.destroy(),
  };
}

function sameName(a: string | undefined, b: string): boolean {
  const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  return a !== undefined && bare(a) === bare(b);
}

function readState(plan: Plan, sets: readonly ResourceRecordSet[]): ZoneState {
  const { recordName, epochRecordName, hostedZoneId } = plan.estate.dns;
  const addresses = sets.filter((set) => set.Type === 'A' && sameName(set.Name, recordName));
  const primary = addresses.find((set) => set.Failover === 'PRIMARY') ?? addresses.find((set) => set.SetIdentifier === undefined);
  if (!primary) {
    throw failure('permanent', {
      happened: `The zone ${hostedZoneId} has no A record ${recordName}, plain or the primary of a failover set.`,
      leftAs: unchanged,
    });
  }
  const epochRecord = sets.find((set) => set.Type === 'TXT' && sameName(set.Name, epochRecordName));
  const text = (epochRecord?.ResourceRecords ?? []).map((record) => record.Value ?? '').join('');
  const held = /epoch=(\d+)(?: run=([^"]*))?/.exec(text);
  return {
    primary,
    secondary: addresses.find((set) => set.Failover === 'SECONDARY'),
    epochRecord,
    epoch: Number(held?.[1] ?? 0),
    holder: held?.[2] ?? '',
  };
}

/** The record of the epoch that a run writes. */
export function epochSet(plan: Plan, epoch: number, runId: string): ResourceRecordSet {
  const { epochRecordName, ttl } = plan.estate.dns;
  return { Name: epochRecordName, Type: 'TXT', TTL: seconds(ttl), ResourceRecords: [{ Value: `"epoch=${epoch} run=${runId}"` }] };
}

/** A set of the same name, role and health check that leads to another address. */
export function pointTo(set: ResourceRecordSet, address: string, ttlSeconds: number): ResourceRecordSet {
  const { AliasTarget: _alias, ...kept } = set;
  return { ...kept, TTL: ttlSeconds, ResourceRecords: [{ Value: address }] };
}

export function addressOf(set: ResourceRecordSet | undefined): string {
  return set?.ResourceRecords?.[0]?.Value ?? 'none';
}
