import { terminalJson, terminalPage, terminalText } from '../../report/media/terminal.ts';

/** What a command has of the world around it; tests hand in their own. */
export interface Io {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** True when a person sits at the other end: lines may be redrawn. */
  readonly interactive: boolean;
  out(text: string): void;
  /** Progress and errors, apart from what programs read. */
  err(text: string): void;
  /** Begins a page anew, where lines may be redrawn. */
  clear(): void;
  /** A line that the next one takes the place of, where lines may be redrawn; empty: it goes. */
  redraw(line: string): void;
  /** Calls `listener` at Ctrl-C; the returned function takes that back. */
  onInterrupt(listener: () => void): () => void;
}

export const processIo: Io = {
  environment: process.env,
  interactive: process.stdout.isTTY === true,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  clear: () => void process.stdout.write('\x1b[H\x1b[2J'),
  redraw: (line) => void process.stderr.write(`\r\x1b[2K${line}`),
  onInterrupt: (listener) => {
    process.once('SIGINT', listener);
    return () => void process.removeListener('SIGINT', listener);
  },
};

/** The same world with a wall before the terminal: nothing that is written acts on it, whoever made the text. */
export function guarded(io: Io): Io {
  return { ...io, out: (text) => io.out(terminalPage(text)), err: (text) => io.err(terminalPage(text)), redraw: (line) => io.redraw(terminalText(line)) };
}

export function printJson(io: Io, value: unknown): void {
  io.out(`${terminalJson(JSON.stringify(value, null, 2))}\n`);
}

/** One value on one line, for programs that read a row of them. */
export function printJsonLine(io: Io, value: unknown): void {
  io.out(`${terminalJson(JSON.stringify(value))}\n`);
}

/** Shows that something takes long while `work` is under way; silent for what ends within a second. */
export async function withProgress<T>(io: Io, text: string, work: Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    if (io.interactive) io.redraw(`${text}: ${seconds} s `);
    else if (seconds === 1 || seconds % 10 === 0) io.err(`${text}: ${seconds} s\n`);
  }, 1000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (io.interactive && Date.now() - startedAt > 1000) io.redraw('');
  }
}
