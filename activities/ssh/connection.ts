/**
 * One SSH connection to one site's agent, kept and made again when it broke. A command that hangs ends by its time-out; the connection then counts as broken, because a
 * black hole answers nothing at all.
 */
import type { Client } from 'ssh2';
import { pause } from '../waiting.ts';
import { logIn, UnreachableError, type LoginSettings } from './login.ts';
import { Turns } from './turns.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** Diagnostics: for people, when the command fails. */
  readonly stderr: string;
}

/** The host opens no further session beside `beside` others on this connection, which goes on; nothing was sent. */
class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
  readonly beside: number;
  constructor(beside: number, cause: Error) {
    super(`the host opens no session for a command: ${cause.message}`, { cause });
    this.beside = beside;
  }
}

const outputBytesMax = 1_000_000;
/** sshd allows 10 sessions on a connection unless it is told otherwise; where it allows fewer it says so by refusing one. */
const sessionsMax = 8;
/** A host may still count a session that has just ended. */
const refusedPauseMilliseconds = 50;

export class SshConnection {
  private readonly settings: LoginSettings;
  private client: Promise<Client> | undefined;
  private readonly turns = new Turns(sessionsMax);
  /** Kind of the pinned key, once the host has shown it. */
  private keyKind: string | undefined;

  constructor(settings: LoginSettings) {
    this.settings = settings;
  }

  /**
   * Runs one command; what `mustSend` throws when the connection stands ends it before anything is sent.
   * Throws `UnreachableError`, `HostKeyError` or `LoginError`; an exit code other than 0 is a result.
   */
  async run(command: string, timeoutMilliseconds: number, mustSend: () => void = () => {}): Promise<CommandResult> {
    let refusedAlone: number | undefined;
    for (;;) {
      const answer = await this.runOnce(command, timeoutMilliseconds, mustSend);
      if (!(answer instanceof NoSessionError)) return answer;
      if (answer.beside === 0) refusedAlone ??= performance.now();
      if (performance.now() - (refusedAlone ?? Infinity) > this.settings.connectTimeoutMilliseconds)
        throw new UnreachableError(answer.message, 'connecting', answer);
      await pause(refusedPauseMilliseconds);
    }
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    this.client = undefined;
    client?.end();
  }

  /** A host that opens no session beside those that are open gets fewer at a time from now on. */
  private async runOnce(command: string, timeoutMilliseconds: number, mustSend: () => void): Promise<CommandResult | NoSessionError> {
    await this.turns.take();
    try {
      const client = await this.connected();
      mustSend();
      return await this.execute(client, command, timeoutMilliseconds);
    } catch (error) {
      if (!(error instanceof NoSessionError)) throw error;
      this.turns.limit(Math.max(1, error.beside));
      return error;
    } finally {
      this.turns.giveBack();
    }
  }

  private connected(): Promise<Client> {
    if (this.client) return this.client;
    const connecting = logIn(this.settings, this.keyKind).then(({ client, kind }) => {
      this.keyKind = kind;
      this.turns.limit(sessionsMax);
      client.once('close', drop);
      return client;
    });
    const drop = () => {
      if (this.client === connecting) this.client = undefined;
    };
    connecting.catch(drop);
    this.client = connecting;
    return connecting;
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
          if (isRefusal(error)) end(() => reject(new NoSessionError(this.turns.inUse - 1, error)));
          else giveUp(new UnreachableError(error.message, 'broken', error));
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

/** The host's own answer to the request for a session: it alone has a number for the reason. */
function isRefusal(error: Error): boolean {
  return 'reason' in error && typeof error.reason === 'number';
}
