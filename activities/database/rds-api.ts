/** What the RDS API tells and does about one DB instance. Whether it takes writes, the database itself says. */
import { AddTagsToResourceCommand, DescribeDBInstancesCommand, PromoteReadReplicaCommand, RDSClient } from '@aws-sdk/client-rds';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { awsClientOptions, bounded, boundedChange } from '../aws/client.ts';
import type { Tag } from '../aws/epoch-tag.ts';
import { rethrowAws } from '../aws/errors.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';

export interface RdsInstance {
  readonly name: string;
  readonly arn: string;
  /** Such as `available`, `backing-up`, `modifying`. */
  readonly status: string;
  /** Identifier or ARN of the instance that it replicates; absent for one that replicates none. */
  readonly source?: string;
  readonly tags: readonly Tag[];
}

export interface Rds {
  readonly region: string;
  read(): Promise<RdsInstance>;
  tag(tag: { readonly Key: string; readonly Value: string }): Promise<void>;
  promote(): Promise<void>;
  close(): void;
}

/** The instance of a site. A `permanent` failure when the plan names none. */
export async function createRds(plan: Plan, site: SiteId, dependencies: Pick<ActivityDependencies, 'secret'>): Promise<Rds> {
  const { database } = plan.estate;
  const place = database.driver === 'rds' ? database.instances[site] : undefined;
  if (database.driver !== 'rds' || !place)
    throw failure('permanent', {
      happened: `The plan names no DB instance for ${site}.`,
      leftAs: 'Nothing was changed.',
      next: 'Add it to estate.database.instances.',
    });
  const client = new RDSClient(await awsClientOptions(place, database.credentials, dependencies));
  const { instance: name, region } = place;
  const read = async (): Promise<RdsInstance> => {
    const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: name });
    const { DBInstances: found } = await client.send(command, bounded()).catch(rethrowAws(`Reading the DB instance ${name}`, 'Nothing was changed.'));
    const [instance] = found ?? [];
    if (!instance?.DBInstanceArn) throw failure('permanent', { happened: `There is no DB instance ${name} in ${region}.`, leftAs: 'Nothing was changed.' });
    return {
      name,
      arn: instance.DBInstanceArn,
      status: instance.DBInstanceStatus ?? 'unknown',
      ...(instance.ReadReplicaSourceDBInstanceIdentifier === undefined ? {} : { source: instance.ReadReplicaSourceDBInstanceIdentifier }),
      tags: instance.TagList ?? [],
    };
  };
  return {
    region,
    read,
    async tag(tag) {
      const command = new AddTagsToResourceCommand({ ResourceName: (await read()).arn, Tags: [tag] });
      await client.send(command, boundedChange()).catch(rethrowAws(`Tagging the DB instance ${name}`, 'The database was not promoted.'));
    },
    async promote() {
      const command = new PromoteReadReplicaCommand({ DBInstanceIdentifier: name });
      await client.send(command, boundedChange()).catch(rethrowAws(`Promoting the DB instance ${name}`, 'Whether it is promoted is read at the next attempt.'));
    },
    close: () => client.destroy(),
  };
}

/** Site whose instance this is, by the identifier or the ARN with which RDS names a source; undefined when it is none of the plan. */
export function siteOfInstance(plan: Plan, source: string): SiteId | undefined {
  const { database } = plan.estate;
  if (database.driver !== 'rds') return undefined;
  const [, region, name = source] = /^arn:[^:]*:rds:([^:]*):[^:]*:db:(.+)$/.exec(source) ?? [];
  const found = Object.entries(database.instances).find(([, place]) => place.instance === name && (region === undefined || place.region === region));
  return found?.[0];
}
