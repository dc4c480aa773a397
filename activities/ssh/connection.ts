/**
 * One SSH connection to one site's agent, kept and made again when it broke. The host key is pinned: ssh2 accepts any key unless it is told
 * otherwise. A command that hangs ends by its time-out; the connection then counts as broken, because a black hole answers nothing at all.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Client } from 'ssh2';

export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `SHA256:` and the unpadded base64 of the host key's digest, as `ssh-keygen -lf` prints it. */
  readonly hostKey: string;
  readonly privateKey: string;
  /** Longest wait for a connection, and for silence on one. */
  readonly connectTimeoutMilliseconds: number;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
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

/** The host showed another key than the plan's. */
export class HostKeyError extends Error {
  override readonly name = 'HostKeyError';
  readonly shown: string;
  constructor(shown: string, pinned: string) {
    super(`the host shows the key ${shown}, the plan has ${pinned}`);
    this.shown = shown;
  }
}

/** The host refused the plan's user or key. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
}

const outputBytesMax = 1_000_000;
/** sshd allows 10 sessions on a connection unless it is told otherwise. */
const sessionsMax = 8;

export class SshConnection {
  private readonly settings: ConnectionSettings;
  private client: Promise<Client> | undefined;
  private sessions = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  /**
   * Runs one command; what `mustSend` throws when the connection stands ends it before anything is sent.
   * Throws `UnreachableError`, `HostKeyError` or `LoginError`; an exit code other than 0 is a result.
   */
  async run(command: string, timeoutMilliseconds: number, mustSend: () => void = () => {}): Promise<CommandResult> {
    if (this.sessions >= sessionsMax) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.sessions += 1;
    try {
      const client = await this.connected();
      mustSend();
      return await this.execute(client, command, timeoutMilliseconds);
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.sessions -= 1;
    }
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    this.client = undefined;
    client?.end();
  }

  private connected(): Promise<Client> {
    this.client ??= this.connect().catch((error: unknown) => {
      this.client = undefined;
      throw error;
    });
    return this.client;
  }

  private connect(): Promise<Client> {
    const { settings } = this;
    const client = new Client();
    let refusedKey: HostKeyError | undefined;
    return new Promise((resolve, reject) => {
      const drop = () => {
        this.client = undefined;
      };
      client
        .once('ready', () => resolve(client))
        .on('close', () => {
          drop();
          reject(new UnreachableError('the connection was closed during the login', 'connecting'));
        })
        .on('error', (error: Error & { level?: string }) => {
          drop();
          client.destroy();
          reject(
            refusedKey ?? (error.level === 'client-authentication' ? new LoginError(error.message) : new UnreachableError(error.message, 'connecting', error)),
          );
        })
        .connect({
          host: settings.host,
          port: settings.port,
          username: settings.user,
          privateKey: settings.privateKey,
          readyTimeout: settings.connectTimeoutMilliseconds,
          keepaliveInterval: Math.max(250, settings.connectTimeoutMilliseconds / 2),
          keepaliveCountMax: 2,
          hostVerifier: (key: Buffer) => {
            const shown = fingerprint(key);
            if (same(shown, settings.hostKey)) return true;
            refusedKey = new HostKeyError(shown, settings.hostKey);
            return false;
          },
        });
      client.setNoDelay(true); // small packets would wait for the host's delayed acknowledgement, some 40 ms each
    });
  }

  private execute(client: Client, command: string, timeoutMilliseconds: number): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const giveUp = (error: UnreachableError) => {
        this.client = undefined;
        client.destroy();
        end(() => reject(error));
      };
      const closed = () => end(() => reject(new UnreachableError('the connection broke off before the answer was complete', 'broken')));
      const timer = setTimeout(() => giveUp(new UnreachableError(`no answer within ${timeoutMilliseconds / 1000} s`, 'silent')), timeoutMilliseconds);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        client.off('close', closed);
        settle();
      };
      client.once('close', closed);
      client.exec(command, (error, channel) => {
        if (error) {
          giveUp(new UnreachableError(error.message, 'broken', error));
          return;
        }
        let code: number | undefined;
        const output = { stdout: '', stderr: '' };
        const collect = (to: 'stdout' | 'stderr') => (data: Buffer) => {
          output[to] = (output[to] + data.toString('utf8')).slice(0, outputBytesMax);
        };
        channel.on('data', collect('stdout')).stderr.on('data', collect('stderr'));
        channel.on('exit', (status: number | null) => {
          code = status ?? -1;
        });
        channel.on('close', () => {
          if (code === undefined) closed();
          else end(() => resolve({ code: code ?? -1, ...output }));
        });
        channel.end();
      });
    });
  }
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
