/** What AWS says no to when something is made of a snapshot, and what people do then. */
import { ApplicationFailure } from '@temporalio/common';
import { awsErrorType, rethrowAws } from '../../aws/errors.ts';
import { failure } from '../../errors.ts';

/** By the name of the error; the first that fits. */
const ways: readonly (readonly [RegExp, string])[] = [
  [
    /QuotaExceeded|QuotaForCustomerExceeded|LimitExceeded/,
    'Have the quota of this account raised there (aws service-quotas), or delete what nobody needs by hand, then choose retry.',
  ],
  [
    /KMS/,
    'Let this identity use the key (kms:CreateGrant, kms:Decrypt, kms:DescribeKey in its policy), enable the key where it is disabled, or copy the snapshot under another key, then choose retry.',
  ],
  [/SnapshotNotFound/, 'Choose abort, see what there is (dr restore points), and start again to choose anew.'],
  [/(Subnet|Parameter|Security|User)\w*Group\w*NotFound|InvalidSubnet|InvalidVPC/, 'Make the group that the plan names there, then choose retry.'],
  [
    /PointInTimeRestoreNotEnabled|InvalidRestore|InvalidSnapshotState|InvalidDBSnapshotState/,
    'Choose abort, see to which moments it can be restored (dr restore points), and start again to choose anew.',
  ],
  [/AccessDenied|NotAuthorized|Unauthorized/, 'Give this identity the policy for restores (docs/cold-start.md), then choose retry.'],
];

/** Throws what a call that makes something met, with the way out of what AWS has refused. */
export function rethrowMaking(what: string): (error: unknown) => never {
  return (error) => {
    const { name, message } = error as Error;
    const way = awsErrorType(error) === 'transient' ? undefined : ways.find(([pattern]) => pattern.test(name));
    if (!way) return rethrowAws(what, 'Whether it is there is read at the next attempt.')(error);
    throw failure('permanent', { happened: `${what} was refused: ${name}: ${message}.`, leftAs: 'Nothing was made.', next: way[1] }, { error: name }, error);
  };
}

/** By which AWS calls what it has refused; undefined for what it has not. */
export function awsNameOf(error: unknown): string | undefined {
  if (!(error instanceof ApplicationFailure)) return undefined;
  const [facts] = (error.details ?? []) as { readonly error?: string }[];
  return facts?.error;
}
