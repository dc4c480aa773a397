/** What a command has of the world around it; tests hand in their own. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when a person sits at the other end: lines may be redrawn. */
  readonly interactive: boolean;
  out(text: string): void;
  /** Progress and errors, apart from what programs read. */
  err(text: string): void;
  /** Calls `listener` at Ctrl-C; the returned function takes that back. */
  onInterrupt(listener: () => void): () => void;
}

export const processIo: Io = {
  environment: process.env,
  interactive: process.stdout.isTTY === true,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  onInterrupt: (listener) => {
    process.once('SIGINT', listener);
    return () => void process.removeListener('SIGINT', listener);
  },
};

export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Shows that something takes long while `work` is under way; silent for what ends within a second. */
export async function withProgress<T>(io: Io, text: string, work: Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    if (io.interactive) io.err(`\r${text}: ${seconds} s `);
    else if (seconds === 1 || seconds % 10 === 0) io.err(`${text}: ${seconds} s\n`);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (io.interactive && Date.now() - startedAt > 1000) io.err('\r\x1b[2K');
  }
}
