/** Route 53: health checks, and records changed together with the epoch so that an older run cannot change them back. */
import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  Route53Client,
  type Change as RecordChange,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { milliseconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { namesAbove, sameName, type ZoneSets } from './records.ts';

const unchanged = 'No record was changed.';

export interface CheckerReport {
  readonly healthy: boolean;
  readonly checkedAt: Date;
  readonly text: string;
}

export interface Route53 {
  /** The last report of each checker. */
  healthCheck(id: string): Promise<readonly CheckerReport[]>;
  /** Every record set at the epoch's name. */
  readEpoch(): Promise<readonly ResourceRecordSet[]>;
  /** Every record set that the route hangs on. */
  readSets(): Promise<ZoneSets>;
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
  const list = (page: Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'>) =>
    client
      .send(new ListResourceRecordSetsCommand({ HostedZoneId: dns.hostedZoneId, ...page }), within())
      .catch(rethrowAws(`Reading ${page.StartRecordName}`, unchanged));
  const readZone = async (): Promise<Pick<ZoneSets, 'zone' | 'above'>> => {
    const command = new GetHostedZoneCommand({ Id: dns.hostedZoneId });
    const { HostedZone } = await client.send(command, within()).catch(rethrowAws(`Reading zone ${dns.hostedZoneId}`, unchanged));
    const zone = { name: HostedZone?.Name ?? '', isPrivate: HostedZone?.Config?.PrivateZone ?? false };
    return { zone, above: (await Promise.all(namesAbove(dns.recordName, zone.name).map((name) => setsAt(list, name)))).flat() };
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
    readEpoch: () => setsAt(list, dns.epochRecordName),
    async readSets() {
      const [zone, atName, atEpoch] = await Promise.all([readZone(), setsAt(list, dns.recordName), setsAt(list, dns.epochRecordName)]);
      return { ...zone, atName, atEpoch };
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

type Page = Pick<ListResourceRecordSetsCommandInput, 'StartRecordName' | 'StartRecordType' | 'StartRecordIdentifier'>;
type List = (page: Page) => Promise<{
  readonly ResourceRecordSets?: ResourceRecordSet[] | undefined;
  readonly IsTruncated?: boolean | undefined;
  readonly NextRecordName?: string | undefined;
  readonly NextRecordType?: Page['StartRecordType'];
  readonly NextRecordIdentifier?: string | undefined;
}>;

/** Every set of one name, over as many pages as they fill: the sets of a name stand together, and a page has 300 at most. */
async function setsAt(list: List, name: string): Promise<readonly ResourceRecordSet[]> {
  const found: ResourceRecordSet[] = [];
  for (let page: Page | undefined = { StartRecordName: name }; page !== undefined;) {
    const answer: Awaited<ReturnType<List>> = await list(page);
    found.push(...(answer.ResourceRecordSets ?? []).filter(({ Name }) => sameName(Name, name)));
    const more: boolean = answer.IsTruncated === true && sameName(answer.NextRecordName, name);
    page = more
      ? { StartRecordName: answer.NextRecordName, StartRecordType: answer.NextRecordType, StartRecordIdentifier: answer.NextRecordIdentifier }
      : undefined;
  }
  return found;
}
