/** What is wrong with a certificate, by the code of the error that came of it. One judgement for everything that speaks TLS. */

/** The certificate of a server that was reached is not accepted. */
export function isCertificateFault(error: unknown): boolean {
  return /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(codeOf(error));
}

/** It was signed by nobody who is trusted here. */
export function isUnknownAuthority(error: unknown): boolean {
  return /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(codeOf(error));
}

/** `fetch` wraps what it met. */
function codeOf(error: unknown): string {
  const met = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return met instanceof Error && 'code' in met ? String(met.code) : '';
}
