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
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';

/** One call; a control plane that is gone does not refuse, it is silent. */
const patientMilliseconds = 5_000;

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

/** `timeoutMilliseconds` bounds one call. */
export async function createRoute53(
  plan: Plan,
  dependencies: Pick<ActivityDependencies, 'secret'>,
  timeoutMilliseconds = patientMilliseconds,
): Promise<Route53> {
  const { dns, detection } = plan.estate;
  const credentials = dns.credentials && {
    accessKeyId: await dependencies.secret(dns.credentials.accessKeyId),
    secretAccessKey: await dependencies.secret(dns.credentials.secretAccessKey),
  };
  const client = new Route53Client({
    region: dns.region,
    maxAttempts: 1, // the run retries, and sees each attempt
    ...(dns.endpoint === undefined ? {} : { endpoint: dns.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const within = (timeout: number): { readonly abortSignal: AbortSignal } => ({ abortSignal: AbortSignal.timeout(timeout) });
  const bounded = () => within(timeoutMilliseconds);
  const rethrow = (error: unknown): never => translate(error, timeoutMilliseconds);
  const list = async (name: string): Promise<ResourceRecordSet[]> => {
    const command = new ListResourceRecordSetsCommand({ HostedZoneId: dns.hostedZoneId, StartRecordName: name });
    const answer = await client.send(command, bounded()).catch(rethrow);
    return (answer.ResourceRecordSets ?? []).filter((set) => sameName(set.Name, name));
  };
  return {
    async healthCheck(id) {
      const timeout = Math.max(1_000, milliseconds(detection.probeTimeout));
      const status = await client.send(new GetHealthCheckStatusCommand({ HealthCheckId: id }), within(timeout)).catch((error: unknown) => {
        throw new Error(describe(error, timeout));
      });
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
      const answer = await client.send(command, bounded()).catch(rethrow);
      return answer.ChangeInfo?.Id ?? '';
    },
    async inSync(changeId) {
      const answer = await client.send(new GetChangeCommand({ Id: changeId.replace('/change/', '') }), bounded()).catch(rethrow);
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
      leftAs: 'No record was changed.',
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

/** Errors that a repeat may heal: it reads first, and so finds a change whose reply was lost, or the epoch of a run that was faster (a batch that deletes what is gone is invalid). */
const passing = new Set([
  'Throttling',
  'ThrottlingException',
  'PriorRequestNotComplete',
  'InvalidChangeBatch',
  'ServiceUnavailable',
  'InternalFailure',
  'RequestTimeout',
  'TimeoutError',
  'AbortError',
]);

function translate(error: unknown, timeoutMilliseconds: number): never {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const unanswered = status === undefined;
  const text = {
    happened: `Route 53 did not do it: ${describe(error, timeoutMilliseconds)}.`,
    leftAs: 'Whether a record was changed is read at the next attempt.',
  };
  if (unanswered || status >= 500 || passing.has(name ?? '')) throw failure('transient', text, { error: name }, error);
  throw failure('permanent', { happened: text.happened, leftAs: 'No record was changed.' }, { error: name, status }, error);
}

function describe(error: unknown, timeoutMilliseconds: number): string {
  const { name, message } = error as Error;
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${timeoutMilliseconds} ms`;
  return name === 'Error' ? message : `${name}: ${message}`;
}
