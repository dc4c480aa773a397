/** A short digest inside workflow code, where Node's crypto does not exist. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** First six hexadecimal digits of the SHA-256 of the parts: enough to tell two questions of one run apart, short enough to read out. */
export function shortDigest(...parts: readonly string[]): string {
  return bytesToHex(sha256(utf8ToBytes(parts.join('\n')))).slice(0, 6);
}
