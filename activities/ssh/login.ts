/**
 * One login to one host, whose key is pinned. A host may have a key of each kind and shows the first kind that it is asked for, so the kinds are asked for one after the
 * other until it shows the pinned one: another of its keys beside that one is no sign of another host.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { pause } from '../waiting.ts';

export interface LoginSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `SHA256:` and the unpadded base64 of the host key's digest, as `ssh-keygen -lf` prints it. */
  readonly hostKey: string;
  readonly privateKey: string;
  /** Longest wait for a connection, all kinds of keys together, and for silence on one. */
  readonly connectTimeoutMilliseconds: number;
}

/** The host cannot be reached (`connecting`), broke off during a command (`broken`) or left it without an answer (`silent`). In the last two the command may have been carried out. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly during: 'connecting' | 'broken' | 'silent';
  constructor(message: string, during: 'connecting' | 'broken' | 'silent', cause?: unknown) {
    super(message, { cause });
    this.during = during;
  }
}

/** The host has keys, and none of them is the plan's. */
export class HostKeyError extends Error {
  override readonly name = 'HostKeyError';
  /** Every key that it showed, one of each kind. */
  readonly shown: readonly string[];
  constructor(shown: readonly string[], pinned: string) {
    super(`the host shows the key${shown.length === 1 ? '' : 's'} ${shown.join(' and ')}, the plan has ${pinned}`);
    this.shown = shown;
  }
}

/** The host refused the plan's user or key. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
}

/** A kind of key, by the name that stands in the key itself, and the algorithms by which a host may sign with it. */
interface KeyKind {
  readonly name: string;
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
}

const kinds: readonly KeyKind[] = [
  { name: 'ssh-ed25519', algorithms: ['ssh-ed25519'] },
  { name: 'ecdsa-sha2-nistp256', algorithms: ['ecdsa-sha2-nistp256'] },
  { name: 'ecdsa-sha2-nistp384', algorithms: ['ecdsa-sha2-nistp384'] },
  { name: 'ecdsa-sha2-nistp521', algorithms: ['ecdsa-sha2-nistp521'] },
  { name: 'ssh-rsa', algorithms: ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] },
];

/** What ssh2 says of a connection that ended before the host had said who it is. */
const droppedMessage = 'Connection lost before handshake';
/** Four tries within 350 ms: what accepts and drops everybody is no host, and must not hold up who looks. */
const droppedPauseMaxMilliseconds = 200;

/** A session with the host, and the kind of its pinned key. */
export interface Login {
  readonly client: Client;
  readonly kind: string;
}

/** What came of asking for some kinds of keys: a session, another key than the pinned one, or none of these kinds. */
type Answer = Login | { readonly shown: Buffer } | 'no such key';

/** Logs in, asking first for a key of the kind `likely`, where one is given. Throws `UnreachableError`, `HostKeyError` or `LoginError`. */
export async function logIn(settings: LoginSettings, likely: string | undefined): Promise<Login> {
  const end = performance.now() + settings.connectTimeoutMilliseconds;
  const shown: string[] = [];
  let left = kinds.toSorted((one, other) => Number(other.name === likely) - Number(one.name === likely));
  while (left.length > 0) {
    const answer = await askAgain(settings, left, end);
    if (answer === 'no such key') break;
    if ('client' in answer) return answer;
    shown.push(fingerprint(answer.shown));
    left = left.filter(({ name }) => name !== kindOf(answer.shown));
  }
  if (shown.length === 0) throw new UnreachableError('the host has a key of no kind that is known here', 'connecting');
  throw new HostKeyError(shown, settings.hostKey);
}

/** A host with several logins under way drops some of the others at random before it says a word (`MaxStartups`), whoever they are. */
async function askAgain(settings: LoginSettings, asked: readonly KeyKind[], end: number): Promise<Answer> {
  for (let pauseMilliseconds = 50; ; pauseMilliseconds *= 2) {
    try {
      return await ask(settings, asked, Math.max(1, end - performance.now()));
    } catch (error) {
      const dropped = error instanceof UnreachableError && error.message === droppedMessage;
      if (!dropped || pauseMilliseconds > droppedPauseMaxMilliseconds || performance.now() + pauseMilliseconds > end) throw error;
      await pause(pauseMilliseconds);
    }
  }
}

function ask(settings: LoginSettings, asked: readonly KeyKind[], withinMilliseconds: number): Promise<Answer> {
  const client = new Client();
  let key: Buffer | undefined;
  return new Promise((resolve, reject) => {
    client
      .once('ready', () => resolve({ client, kind: key === undefined ? '' : kindOf(key) }))
      .once('close', () => reject(new UnreachableError('the connection was closed during the login', 'connecting')))
      .on('error', (error: Error & { level?: string }) => {
        client.destroy();
        if (key !== undefined && !isPinned(key, settings)) resolve({ shown: key });
        else if (error.message.includes('no matching host key format')) resolve('no such key');
        else reject(error.level === 'client-authentication' ? new LoginError(error.message) : new UnreachableError(error.message, 'connecting', error));
      })
      .connect({
        host: settings.host,
        port: settings.port,
        username: settings.user,
        privateKey: settings.privateKey,
        algorithms: { serverHostKey: asked.flatMap(({ algorithms }) => algorithms) },
        readyTimeout: withinMilliseconds,
        keepaliveInterval: Math.max(250, settings.connectTimeoutMilliseconds / 2),
        keepaliveCountMax: 2,
        // ssh2 accepts any key unless it is told otherwise.
        hostVerifier: (offered: Buffer) => isPinned((key = offered), settings),
      });
    client.setNoDelay(true); // small packets would wait for the host's delayed acknowledgement, some 40 ms each
  });
}

/** A key begins with the length and the name of its kind. */
function kindOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function isPinned(key: Buffer, { hostKey }: LoginSettings): boolean {
  const [shown, pinned] = [Buffer.from(fingerprint(key)), Buffer.from(hostKey)];
  return shown.length === pinned.length && timingSafeEqual(shown, pinned);
}
