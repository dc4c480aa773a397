/** Whether what somebody outside has said heals by itself, for whoever speaks HTTP, TLS, SQL, Redis or SMTP; AWS has its own table (aws/errors.ts). A refusal is `permanent`: a repeat finds the same. */

/** The two kinds that an answer, or the lack of one, can be of. */
export type Healing = 'transient' | 'permanent';

/** 408, 425 and 429 ask for a repeat; what the server could not do it may do later. */
export function httpErrorType(status: number): Healing {
  return status >= 500 || status === 408 || status === 425 || status === 429 ? 'transient' : 'permanent';
}

/** Of Node's and OpenSSL's codes those of a certificate that does not count: another try is shown the same one. */
const badCertificate = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|INVALID_CA|HOSTNAME_MISMATCH/;

/** Silence, a reset, a name that is not found and a host that is out of reach may heal. */
export function connectionErrorType(error: unknown): Healing {
  return codesOf(error).some((code) => badCertificate.test(code)) ? 'permanent' : 'transient';
}

/** Of SQLSTATE: who is not let in (28), which database and schema there is (3D, 3F), what may be done and is there (42), what is not supported (0A). */
const refusedBySql = /^(28|3D|3F|42|0A)[0-9A-Z]{3}$/;
const refusedByRedis = /^(NOAUTH|WRONGPASS|NOPERM|ERR (AUTH|unknown|invalid|Client sent AUTH))/i;

/** Of a database or a cache; one that starts, is full or has broken off may heal. */
export function storeErrorType(error: unknown): Healing {
  if (connectionErrorType(error) === 'permanent' || codesOf(error).some((code) => refusedBySql.test(code))) return 'permanent';
  return refusedByRedis.test(error instanceof Error ? error.message : '') ? 'permanent' : 'transient';
}

/** Why a database or a cache was not seen. */
export interface Unseen {
  readonly reason: string;
  readonly type: Healing;
}

export function unseen(error: unknown): Unseen {
  return { reason: error instanceof Error ? error.message : String(error), type: storeErrorType(error) };
}

/** SMTP refuses with 5xx, and asks for a repeat with 4xx; a message without an address that counts is refused before anything is sent. */
export function mailErrorType(error: unknown): Healing {
  const { responseCode } = error as { responseCode?: number };
  if (responseCode !== undefined) return responseCode >= 500 ? 'permanent' : 'transient';
  return codesOf(error).some((code) => code === 'EAUTH' || code === 'EENVELOPE') ? 'permanent' : connectionErrorType(error);
}

/** Codes of an error and of what it came from. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : [];
  return [...own, ...codesOf(error.cause)];
}
