/** What is not ready yet is waited for; what is wrong is for people. One judgement for everything that asks the service. */
import { isCertificateFault } from './certificates.ts';

/** Of a proxy or a service that is there and has nobody to do the work yet. */
const notReadyStatuses = new Set([502, 503, 504]);

export function isNotReadyStatus(status: number): boolean {
  return notReadyStatuses.has(status);
}

/** No answer came: nobody listens yet, or nobody has time. A certificate that is not accepted stays so, and is no matter of waiting. */
export function isNotReadyError(error: unknown): boolean {
  return !isCertificateFault(error);
}
