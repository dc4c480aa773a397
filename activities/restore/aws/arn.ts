/** Names of AWS: which partition, region and account something is of. Pure. */

export interface Arn {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

export function arnOf(text: string | undefined): Arn | undefined {
  const [, partition, region, account] = /^arn:([^:]+):[^:]+:([^:]*):([^:]*):/.exec(text ?? '') ?? [];
  return partition === undefined ? undefined : { partition, region: region ?? '', account: account ?? '' };
}

/** Between partitions nothing is restored, shared or copied. */
export function partitionOf(region: string): string {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('cn-')) return 'aws-cn';
  const isolated = /^(us-isob|us-iso|eu-isoe|us-isof)-/.exec(region)?.[1];
  if (isolated === undefined) return 'aws';
  return { 'us-iso': 'aws-iso', 'us-isob': 'aws-iso-b', 'eu-isoe': 'aws-iso-e', 'us-isof': 'aws-iso-f' }[isolated] ?? 'aws';
}

/** Why what has this ARN, and is encrypted by this key, cannot be restored in the region; undefined when that is no reason. `account`: whose it must be. */
export function outOfPlace(
  region: string,
  {
    arn,
    key,
    account,
    wantedKey,
  }: { readonly arn: string | undefined; readonly key?: string | undefined; readonly account?: string | undefined; readonly wantedKey?: string | undefined },
): string | undefined {
  const is = arnOf(arn);
  if (!is) return 'AWS tells no ARN of it';
  const partition = partitionOf(region);
  if (is.partition !== partition)
    return `it is of the partition ${is.partition}, and ${region} of ${partition}: nothing is copied between them, so restore a dump by hand, or at a site of ${is.partition}`;
  if (is.region !== region) return `it is in ${is.region}, and not in ${region}: copy it there`;
  if (account !== undefined && is.account !== account) return `it is of the account ${is.account}, and not of ${account}`;
  const keyRegion = arnOf(key)?.region;
  if (keyRegion !== undefined && keyRegion !== region) return `its key is of ${keyRegion}: copy it under a key of ${region}`;
  if (wantedKey !== undefined && key !== wantedKey)
    return key === undefined ? `it is not encrypted, and the plan wants the key ${wantedKey}` : `it is encrypted by ${key}, and the plan wants ${wantedKey}`;
  return undefined;
}
