/** Commands at a host that were started before it is known what for: the words go to one that waits already, which spares a way there and back and the host a start that is waited for. */
import type { Client } from 'ssh2';
import { type CommandResult, Running } from './running.ts';

/** What the agent is asked for so that it waits: its verb and arguments then come as one line of standard input. */
export const awaitWords = 'await';
/** The agent says so; one of an earlier version says that it knows no such verb, and ends. */
const isReady = /^waits=yes$/m;

/** It ended as it waited: it did not say that it has heard its words. */
export function heardNothing({ stdout }: CommandResult): boolean {
  return !/^heard=yes$/m.test(stdout);
}

/** Three of the ten sessions that sshd allows on a connection. */
export const readyMax = 3;
/** A host that has not started one within this is asked for none. */
const startMilliseconds = 10_000;
/** A script that was replaced meanwhile is not gone by for longer. */
const idleMilliseconds = 60_000;

/** Those of one connection. */
export class ReadyCommands {
  private readonly client: Client;
  private readonly waiting: { readonly running: Running; readonly timer: NodeJS.Timeout }[] = [];
  private starting = 0;
  private wanted = true;

  constructor(client: Client) {
    this.client = client;
  }

  get count(): number {
    return this.waiting.length + this.starting;
  }

  /** One that waits for its words; undefined where there is none. */
  take(): Running | undefined {
    const next = this.waiting.shift();
    clearTimeout(next?.timer);
    return next?.running;
  }

  /** Has one more started, for later. An agent that knows no such verb is not asked again on this connection, nor is a host that opens no session for it. */
  async prepare(): Promise<void> {
    if (!this.wanted || this.count >= readyMax) return;
    this.starting += 1;
    try {
      const running = await Running.start(this.client, awaitWords);
      await Promise.race([running.hasWritten(isReady), new Promise((resolve) => setTimeout(resolve, startMilliseconds).unref())]);
      // Not ready: an older agent, or something before it that changes its lines or holds them back.
      this.wanted &&= isReady.test(running.output.stdout);
      if (this.wanted) this.keep(running);
      else running.giveInput();
    } catch {
      this.wanted = false;
    } finally {
      this.starting -= 1;
    }
  }

  /** Lets all of them end, and starts no more. */
  end(): void {
    this.wanted = false;
    this.dropAll();
  }

  /** Lets all of them end; those that are started later are of the script that is there then. */
  dropAll(): void {
    for (let running = this.take(); running; running = this.take()) running.giveInput();
  }

  private keep(running: Running): void {
    const remove = () => {
      const at = this.waiting.indexOf(waiting);
      if (at >= 0) this.waiting.splice(at, 1);
      clearTimeout(waiting.timer);
      return at >= 0;
    };
    const timer = setTimeout(() => remove() && running.giveInput(), idleMilliseconds).unref();
    const waiting = { running, timer };
    this.waiting.push(waiting);
    void running.ended.then(remove);
  }
}
