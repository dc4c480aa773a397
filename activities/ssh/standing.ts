/** A connection to a host that stands: commands side by side, and some that wait for their words. */
import type { Client } from 'ssh2';
import { UnreachableError } from './login.ts';
import { heardNothing, ReadyCommands } from './ready.ts';
import { type CommandResult, Running } from './running.ts';

/** The host opens no further session beside `beside` others on this connection, which goes on; nothing was sent. */
export class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
  readonly beside: number;
  constructor(beside: number, cause: Error) {
    super(`the host opens no session for a command: ${cause.message}`, { cause });
    this.beside = beside;
  }
}

/** The command that waited ended before it heard its words: nothing of it was done. */
export class NothingHeardError extends Error {
  override readonly name = 'NothingHeardError';
}

export class StandingConnection {
  private readonly client: Client;
  private readonly ready: ReadyCommands;
  /** Commands under way. */
  private busy = 0;
  private retired = false;

  constructor(client: Client) {
    this.client = client;
    this.ready = new ReadyCommands(client);
  }

  /** Runs one command. Throws `NoSessionError`, `NothingHeardError`, or `UnreachableError` when the connection broke or the answer did not come in time; it may have been carried out then. */
  async execute(command: string, timeoutMilliseconds: number): Promise<CommandResult> {
    this.busy += 1;
    try {
      return await this.bounded(this.carryOut(command), timeoutMilliseconds);
    } finally {
      this.busy -= 1;
      if (this.retired && this.busy === 0) this.client.destroy();
    }
  }

  /** No further command comes. Others that are under way go on: one look that got no answer says nothing of them. */
  retire(): void {
    this.retired = true;
    this.ready.end();
    if (this.busy === 0) this.client.destroy();
  }

  /** Ends it with whatever is under way. */
  close(): void {
    this.client.end();
  }

  private async carryOut(command: string): Promise<CommandResult> {
    const waiting = this.ready.take();
    const running = waiting ?? (await this.start(command));
    running.giveInput(waiting ? `${command}\n` : '');
    void this.ready.prepare(); // the next command finds one that waits
    const result = await running.ended;
    if (result === undefined) throw broken();
    if (waiting && heardNothing(result)) {
      this.ready.dropAll();
      throw new NothingHeardError();
    }
    // Where the agent is too old people replace it, and the next verb shall not meet those of the old script. Its configuration each reads after its words.
    if (result.code !== 0) this.ready.dropAll();
    return result;
  }

  private async start(command: string): Promise<Running> {
    try {
      return await Running.start(this.client, command);
    } catch (error) {
      if (!(error instanceof Error) || !isRefusal(error)) throw new UnreachableError(error instanceof Error ? error.message : String(error), 'broken', error);
      const beside = this.busy - 1 + this.ready.count;
      this.ready.end();
      throw new NoSessionError(beside, error);
    }
  }

  private async bounded(work: Promise<CommandResult>, timeoutMilliseconds: number): Promise<CommandResult> {
    let letGo = () => {};
    const failed = new Promise<never>((_, reject) => {
      const closed = () => reject(broken());
      const timer = setTimeout(() => reject(new UnreachableError(`no answer within ${timeoutMilliseconds / 1000} s`, 'silent')), timeoutMilliseconds);
      this.client.once('close', closed);
      letGo = () => {
        clearTimeout(timer);
        this.client.off('close', closed);
      };
    });
    try {
      return await Promise.race([work, failed]);
    } finally {
      letGo();
    }
  }
}

function broken(): UnreachableError {
  return new UnreachableError('the connection broke off before the answer was complete', 'broken');
}

/** The host's own answer to the request for a session: it alone has a number for the reason. */
function isRefusal(error: Error): boolean {
  return 'reason' in error && typeof error.reason === 'number';
}
