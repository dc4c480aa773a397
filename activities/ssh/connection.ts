/**
 * One SSH connection to one site's agent, kept and made again when it broke. A command that hangs ends by its time-out; the connection then counts as broken, because a
 * black hole answers nothing at all.
 */
import { pause } from '../waiting.ts';
import { logIn, UnreachableError, type LoginSettings } from './login.ts';
import { readyMax } from './ready.ts';
import type { CommandResult } from './running.ts';
import { NoSessionError, NothingHeardError, StandingConnection } from './standing.ts';
import { Turns } from './turns.ts';

/** sshd allows 10 sessions on a connection unless it is told otherwise; where it allows fewer it says so by refusing one. */
const sessionsMax = 10 - readyMax;
/** A host may still count a session that has just ended. */
const refusedPauseMilliseconds = 50;

export class SshConnection {
  private readonly settings: LoginSettings;
  private connection: Promise<StandingConnection> | undefined;
  private closed = false;
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
      if (!(answer instanceof Error)) return answer;
      if (answer instanceof NothingHeardError) continue;
      if (answer.beside === 0) refusedAlone ??= performance.now();
      if (performance.now() - (refusedAlone ?? Infinity) > this.settings.connectTimeoutMilliseconds)
        throw new UnreachableError(answer.message, 'connecting', answer);
      await pause(refusedPauseMilliseconds);
    }
  }

  /** Ends the connection; what is under way meets its end, and nobody logs in any more. */
  async close(): Promise<void> {
    this.closed = true;
    const standing = await this.connection?.catch(() => undefined);
    this.connection = undefined;
    standing?.close();
  }

  /** A host that opens no session beside those that are open gets fewer at a time from now on. */
  private async runOnce(command: string, timeoutMilliseconds: number, mustSend: () => void): Promise<CommandResult | NoSessionError | NothingHeardError> {
    await this.turns.take();
    try {
      const connecting = this.connected();
      const standing = await connecting;
      mustSend();
      return await standing.execute(command, timeoutMilliseconds).catch((error: unknown) => {
        if (error instanceof UnreachableError) this.drop(connecting, standing);
        throw error;
      });
    } catch (error) {
      if (error instanceof NothingHeardError) return error;
      if (!(error instanceof NoSessionError)) throw error;
      this.turns.limit(Math.max(1, error.beside));
      return error;
    } finally {
      this.turns.giveBack();
    }
  }

  private connected(): Promise<StandingConnection> {
    if (this.closed) return Promise.reject(new UnreachableError('its connection was ended', 'connecting'));
    if (this.connection) return this.connection;
    const connecting = logIn(this.settings, this.keyKind).then(({ client, kind }) => {
      this.keyKind = kind;
      this.turns.limit(sessionsMax);
      const standing = new StandingConnection(client);
      client.once('close', () => this.drop(connecting, standing));
      return standing;
    });
    connecting.catch(() => this.drop(connecting));
    this.connection = connecting;
    return connecting;
  }

  /** The next command comes on a new connection. */
  private drop(connecting: Promise<StandingConnection>, standing?: StandingConnection): void {
    if (this.connection === connecting) this.connection = undefined;
    standing?.retire();
  }
}
