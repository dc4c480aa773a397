/** AWS's errors in the words of the catalogue. SDK waiters would poll through a permanent one; the drivers poll by themselves and end at the first. */
import { ApplicationFailure } from '@temporalio/common';
import { connectionErrorType, httpErrorType } from '../error-kinds.ts';
import { failure, type ErrorType } from '../errors.ts';

/** In this order: the first that fits says what kind it is. A name is the one of the API, with or without `Exception` or `Fault`. */
const kinds: readonly (readonly [RegExp, ErrorType])[] = [
  // Before whatever has no HTTP status: credentials that are not there are looked for in vain, however often.
  [/^CredentialsProviderError$/, 'permanent'],
  [
    // The names by which the SDK itself knows a throttled or a passing fault, and those of these services.
    /Thrott|^(RequestLimitExceeded|BandwidthLimitExceeded|ProvisionedThroughputExceeded|TooManyRequests|SlowDown|PriorRequestNotComplete|TransactionInProgress|RequestTimeout|ServiceUnavailable|Internal(Failure|Error)|APICallRateForCustomerExceeded)/,
    'transient',
  ],
  // Another change is under way there; the next attempt reads what came of it.
  [/^(ResourceContention|ScalingActivityInProgress|Invalid(DBInstance|GlobalReplicationGroup|ReplicationGroup)State)/, 'transient'],
  // A batch of records that deletes what is gone is invalid: another attempt reads first, and so finds its own change, or the epoch of a run that was faster.
  [/^InvalidChangeBatch/, 'transient'],
  [/^Insufficient\w*Capacity|QuotaExceeded|LimitExceeded/, 'capacity'],
  [/AccessDenied|NotAuthorized|Unauthorized|InvalidClientTokenId|UnrecognizedClient|ExpiredToken|SignatureDoesNotMatch|OptInRequired|AuthFailure/, 'permanent'],
  [/NotFound|^NoSuch|^ValidationError|^InvalidInput|^InvalidParameter|^InvalidARN|^MissingParameter|^InvalidAction/, 'permanent'],
];

/** The kind of an error that the SDK has thrown: by its name, else by its status. What has neither of a known kind is `unknown`: the run stops and asks. */
export function awsErrorType(error: unknown): ErrorType {
  const { name = '', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const known = kinds.find(([pattern]) => pattern.test(name));
  if (known) return known[1];
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return connectionErrorType(error);
  // Whatever its name, a 4xx is a refusal: nothing was done, and nobody need look what was. What is neither is nobody's yet.
  return status >= 400 ? httpErrorType(status) : 'unknown';
}

/** Throws what a call met as a failure of the catalogue; one that is such a failure already stays as it is. */
export function rethrowAws(what: string, leftAs: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ApplicationFailure) throw error;
    const { name, message } = error as Error;
    const silent = name === 'AbortError' || name === 'TimeoutError';
    const happened = `${what} did not work: ${silent ? 'no answer in time' : `${name}: ${message}`}.`;
    throw failure(awsErrorType(error), { happened, leftAs }, { error: name }, error);
  };
}

/** For a read that is repeated until it tells something: what a repeat may heal is nothing told yet, anything else is thrown. */
export async function unlessTransient<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof ApplicationFailure && error.type === ('transient' satisfies ErrorType)) return undefined;
    throw error;
  }
}
