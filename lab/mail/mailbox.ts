/** A mailbox for everybody: takes every message by SMTP and keeps it as a file. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import type { Control, LabContext, ResettableComponent } from '../component.ts';

const messageBytesMax = 1_048_576;

export interface ReceivedMessage {
  /** Position in order of arrival, from 1; also the name of the file `NNNN.eml`. */
  readonly number: number;
  /** RFC 3339. */
  readonly receivedAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
}

export function createMail(context: LabContext): { component: ResettableComponent; control: Record<string, Control> } {
  const folder = join(context.directory, 'mail');
  const { host, port } = context.addresses.smtp;
  let messages: ReceivedMessage[] = [];
  let server: SMTPServer | undefined;

  const keep = (source: Buffer, from: string, to: readonly string[]) => {
    const number = messages.length + 1;
    const headers =
      source
        .toString('utf8')
        .split(/\r?\n\r?\n/, 1)[0]
        ?.replace(/\r?\n[ \t]+/g, ' ') ?? '';
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(headers)?.[1]?.trim() ?? '';
    messages.push({ number, receivedAt: new Date().toISOString(), from, to, subject: decodeWords(header('Subject')), messageId: header('Message-ID') });
    writeFileSync(join(folder, `${String(number).padStart(4, '0')}.eml`), source);
  };
  const clear = () => {
    messages = [];
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  };

  const component: ResettableComponent = {
    name: 'mail',
    async start() {
      clear();
      const started = receiver(keep);
      server = started;
      await new Promise<void>((resolve, reject) => {
        started.once('error', reject);
        started.listen(port, host, () => {
          started.removeListener('error', reject);
          started.on('error', (error) => context.log(`mail: ${error.message}`));
          resolve();
        });
      });
    },
    check: async () => (server?.server.listening ? null : `The mailbox does not listen on ${host}:${port}.`),
    stop: () => new Promise((resolve) => (server ? server.close(() => resolve()) : resolve())),
    reset: async () => clear(),
  };
  return {
    component,
    control: {
      /** Gives `{ messages: ReceivedMessage[] }` in order of arrival. */
      'mail/list': async () => ({ messages }),
      /** `{ "number": n }`: gives `{ source }` of one message. */
      'mail/read': async (body) => {
        const { number } = (body ?? {}) as { number?: unknown };
        const file = readdirSync(folder).find((name) => Number.parseInt(name, 10) === number);
        if (!file) throw new Error(`The mailbox has no message ${String(number)}; mail/list tells which it has.`);
        return { source: readFileSync(join(folder, file), 'utf8') };
      },
    },
  };
}

/** A server that takes everything that is not too long. */
function receiver(keep: (source: Buffer, from: string, to: readonly string[]) => void): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: messageBytesMax,
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const to = rcptTo.map(({ address }) => address);
        keep(Buffer.concat(parts), mailFrom ? mailFrom.address : '', to);
        done();
      });
    },
  });
}

/** Encoded words of RFC 2047 in UTF-8, as senders use them for subjects that are not ASCII. */
function decodeWords(text: string): string {
  const joined = text.replace(/\?=\s+=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, content: string) => {
    if (encoding.toLowerCase() === 'b') return Buffer.from(content, 'base64').toString('utf8');
    return Buffer.from(
      content.replace(/_/g, ' ').replace(/=([0-9a-f]{2})/gi, (__, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  });
}
