/** Does a server ask for TLS where the plan has none? Tried by looking: nothing secret is sent, so the server's certificate need not be trusted for it. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import type { Endpoint } from '../../plan/schema.ts';
import type { AccessCheck } from './port.ts';

/** What would let the worker in: TLS, or TLS with a certificate of its own. */
type TlsWanted = 'tls' | 'client certificate';

/** Whether `pg_hba.conf` has a line by which the user may come over TLS, which PostgreSQL decides before it asks for a password. Undefined: it has none, or the server speaks no TLS. */
export async function tlsWantedByDatabase(endpoint: Endpoint, database: string, user: string, timeoutMilliseconds: number): Promise<TlsWanted | undefined> {
  let asked = false;
  const client = new pg.Client({
    ...endpoint,
    database,
    user,
    password: () => {
      asked = true;
      return '';
    },
    ssl: { rejectUnauthorized: false },
    connectionTimeoutMillis: timeoutMilliseconds,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return 'tls';
  } catch (error) {
    if (asksForCertificate(error)) return 'client certificate';
    return asked ? 'tls' : undefined;
  } finally {
    void client.end().catch(() => {});
  }
}

/** Whether the server answers over TLS. Undefined: it does not. */
export async function tlsWantedByCache({ host, port }: Endpoint, timeoutMilliseconds: number): Promise<TlsWanted | undefined> {
  const answer = await pinged(connectTls({ host, port, rejectUnauthorized: false }), timeoutMilliseconds);
  if (answer === 'answers') return 'tls';
  return asksForCertificate(answer) ? 'client certificate' : undefined;
}

/** Whether the server answers without TLS. */
export async function answersPlainly({ host, port }: Endpoint, timeoutMilliseconds: number): Promise<boolean> {
  return (await pinged(connect({ host, port }), timeoutMilliseconds)) === 'answers';
}

/** Anything that it says counts as an answer, a refusal too; else what went wrong. */
function pinged(socket: Socket, timeoutMilliseconds: number): Promise<'answers' | Error> {
  return new Promise((resolve) => {
    const end = (answer: 'answers' | Error) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMilliseconds, () => end(new Error('no answer in time')));
    socket.once('data', () => end('answers'));
    socket.on('error', end);
    socket.once('close', () => end(new Error('closed without an answer')));
    socket.write('PING\r\n');
  });
}

/** The server speaks TLS, and lets in only who shows a certificate. */
export function asksForCertificate(error: unknown): boolean {
  const text = error instanceof Error ? `${'code' in error ? String(error.code) : ''} ${error.message}` : '';
  return /requires a valid client certificate|CERTIFICATE_REQUIRED|certificate required/i.test(text);
}

/** The line of the plan for it; `part` is `database` or `cache`. The files are examples. */
export function tlsOfPlan(part: 'database' | 'cache', wanted: TlsWanted): AccessCheck['add'] {
  const client = wanted === 'tls' ? '' : `, client: { certificate: 'file:${part}-client.pem', key: 'file:${part}-client.key' }`;
  const files =
    wanted === 'tls' ? "a file beside the plan with the servers' authority" : "files beside the plan: the servers' authority, and what the worker shows";
  return { where: `estate.${part} of the plan (${files})`, line: `tls: { caFile: ${part}-ca.pem${client} }` };
}
