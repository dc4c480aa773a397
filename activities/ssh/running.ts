/** A command that runs at a host, in a session of a connection that others share. */
import type { Client, ClientChannel } from 'ssh2';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** Diagnostics: for people, when the command fails. */
  readonly stderr: string;
}

const outputBytesMax = 1_000_000;

export class Running {
  /** What it has written so far. */
  readonly output = { stdout: '', stderr: '' };
  /** Undefined when the session ended without its end. */
  readonly ended: Promise<CommandResult | undefined>;
  private readonly channel: ClientChannel;

  private constructor(channel: ClientChannel) {
    this.channel = channel;
    let code: number | undefined;
    const collect = (to: 'stdout' | 'stderr') => (data: Buffer) => {
      this.output[to] = (this.output[to] + data.toString('utf8')).slice(0, outputBytesMax);
    };
    channel.on('data', collect('stdout')).stderr.on('data', collect('stderr'));
    channel.on('error', () => {}); // its end says what became of it
    channel.on('exit', (status: number | null) => (code = status ?? -1));
    this.ended = new Promise((resolve) => channel.on('close', () => resolve(code === undefined ? undefined : { code, ...this.output })));
  }

  /** Rejects when the host opens no session, or the connection breaks. */
  static start(client: Client, command: string): Promise<Running> {
    return new Promise((resolve, reject) => {
      client.exec(command, (error, channel) => {
        if (error) reject(error);
        else resolve(new Running(channel));
      });
    });
  }

  /** Resolves when what it has written fits, or when it has ended. */
  async hasWritten(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => pattern.test(this.output.stdout) && resolve();
      this.channel.on('data', look);
      void this.ended.then(() => resolve());
      look();
    });
  }

  /** Gives it its standard input, whole. */
  giveInput(text = ''): void {
    this.channel.end(text);
  }
}
