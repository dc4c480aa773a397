/** What every AWS client of this product is made with, and how one call is bounded. */
import type { AwsCredentials, AwsPlace } from '../../plan/schema/aws.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { mustHoldTask } from '../task.ts';

/** One call; a control plane that is gone does not refuse, it is silent. */
const patientMilliseconds = 5_000;

export interface AwsClientOptions {
  readonly region: string;
  /** The run retries, and sees each attempt. */
  readonly maxAttempts: 1;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export async function awsClientOptions(
  { region, endpoint }: AwsPlace,
  credentials: AwsCredentials | undefined,
  { secret }: Pick<ActivityDependencies, 'secret'>,
): Promise<AwsClientOptions> {
  return {
    region,
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : { credentials: { accessKeyId: await secret(credentials.accessKeyId), secretAccessKey: await secret(credentials.secretAccessKey) } }),
  };
}

/** Options of one `send` that changes something. */
export function boundedChange(milliseconds?: number): { readonly abortSignal: AbortSignal } {
  mustHoldTask();
  return bounded(milliseconds);
}

/** Options of one `send` that only reads. */
export function bounded(milliseconds = patientMilliseconds): { readonly abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(milliseconds) };
}
