/**
 * One SSH connection to one site's agent, kept and made again when it broke. A command that hangs ends by its time-out; the connection then counts as broken, because a
 * black hole answers nothing at all.
 */
import type { Client } from 'ssh2';
import { pause } from '../waiting.ts';
import { logIn, UnreachableError, type LoginSettings } from './login.ts';
import { heardNothing, ReadyCommands, readyMax } from './ready.ts';
import { type CommandResult, Running } from './running.ts';
import { Turns } from './turns.ts';

/** The host opens no further session beside `beside` others on this connection, which goes on; nothing was sent. */
class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
  readonly beside: number;
  constructor(beside: number, cause: Error) {
    super(`the host opens no session for a command: ${cause.message}`, { cause });
    this.beside = beside;
  }
}

/** sshd allows 10 sessions on a connection unless it is told otherwise; where it allows fewer it says so by refusing one. */
const sessionsMax = 10 - readyMax;
/** A host may still count a session that has just ended. */
const refusedPauseMilliseconds = 50;

export class SshConnection {
  private readonly settings: LoginSettings;
  private connection: Promise<Connected> | undefined;
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
    const connected = await this.connection?.catch(() => undefined);
    this.connection = undefined;
    connected?.client.end();
  }

  /** A host that opens no session beside those that are open gets fewer at a time from now on. */
  private async runOnce(command: string, timeoutMilliseconds: number, mustSend: () => void): Promise<CommandResult | NoSessionError> {
    await this.turns.take();
    try {
      const connected = await this.connected();
      mustSend();
      return await this.execute(connected, command, timeoutMilliseconds);
    } catch (error) {
      if (!(error instanceof NoSessionError)) throw error;
      this.turns.limit(Math.max(1, error.beside));
      return error;
    } finally {
      this.turns.giveBack();
    }
  }

  private connected(): Promise<Connected> {
    if (this.connection) return this.connection;
    const connecting = logIn(this.settings, this.keyKind).then(({ client, kind }) => {
      this.keyKind = kind;
      this.turns.limit(sessionsMax);
      client.once('close', drop);
      return { client, ready: new ReadyCommands(client) };
    });
    const drop = () => {
      if (this.connection === connecting) this.connection = undefined;
    };
    connecting.catch(drop);
    this.connection = connecting;
    return connecting;
  }

  private execute({ client, ready }: Connected, command: string, timeoutMilliseconds: number): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const giveUp = (error: UnreachableError) => {
        this.connection = undefined;
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
      const take = (result: CommandResult | undefined) => (result === undefined ? closed() : end(() => resolve(result)));
      const start = async () => {
        const running = await Running.start(client, command);
        running.giveInput();
        void ready.prepare(); // the next command finds one that waits
        take(await running.ended);
      };
      const notStarted = (error: Error) => {
        if (!isRefusal(error)) return giveUp(new UnreachableError(error.message, 'broken', error));
        const beside = this.turns.inUse - 1 + ready.count;
        ready.end();
        end(() => reject(new NoSessionError(beside, error)));
      };
      const waiting = ready.take();
      if (!waiting) return void start().catch(notStarted);
      waiting.giveInput(`${command}\n`);
      void ready.prepare();
      // One that ended before it heard its words has done nothing.
      void waiting.ended.then((result) => (result && heardNothing(result) ? start().catch(notStarted) : take(result)));
    });
  }
}

/** A connection that stands, and the commands at its host that wait for their words. */
interface Connected {
  readonly client: Client;
  readonly ready: ReadyCommands;
}

/** The host's own answer to the request for a session: it alone has a number for the reason. */
function isRefusal(error: Error): boolean {
  return 'reason' in error && typeof error.reason === 'number';
}
