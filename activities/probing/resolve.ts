/** Asks DNS servers of the plan directly, past every cache of this machine. */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Endpoint } from '../../plan/schema.ts';

export interface AddressAnswer {
  /** Every address that was given, each once, in order; none where the server knows the name, or knows that it is not there, and gives no address. */
  readonly addresses: readonly string[];
  /** The longest of them; 0 where there is none. */
  readonly ttlSeconds: number;
}

/** What a server says of a name that has no address: it is an answer, and resolvers keep it. */
const noAddress = new Set(['ENOTFOUND', 'ENODATA']);

/** All IPv4 addresses that a server gives for a name, at the end of a CNAME too. Rejects when it does not answer in time, or will not serve the name. */
export async function resolveAt(server: Endpoint, name: string, timeoutMilliseconds: number): Promise<AddressAnswer> {
  const resolver = await resolverFor(server, timeoutMilliseconds);
  const answers = await resolver.resolve4(name, { ttl: true }).catch(noneGiven);
  return { addresses: [...new Set(answers.map(({ address }) => address))].toSorted(), ttlSeconds: Math.max(0, ...answers.map(({ ttl }) => ttl)) };
}

/** The same of its IPv6 addresses. */
export async function resolve6At(server: Endpoint, name: string, timeoutMilliseconds: number): Promise<readonly string[]> {
  const resolver = await resolverFor(server, timeoutMilliseconds);
  const addresses: readonly string[] = await resolver.resolve6(name).catch(noneGiven);
  return addresses.toSorted();
}

function noneGiven(error: unknown): never[] {
  if (noAddress.has((error as NodeJS.ErrnoException).code ?? '')) return [];
  throw error;
}

/** Exactly this address, and no other beside it. */
export function givesOnly({ addresses }: Pick<AddressAnswer, 'addresses'>, address: string): boolean {
  return addresses.length === 1 && addresses[0] === address;
}

/** An answer in words. */
export function given({ addresses }: Pick<AddressAnswer, 'addresses'>): string {
  return addresses.join(' and ') || 'no address';
}

export function serverName(server: Endpoint): string {
  return `${server.host}:${server.port}`;
}

async function resolverFor(server: Endpoint, timeoutMilliseconds: number): Promise<Resolver> {
  const resolver = new Resolver({ timeout: timeoutMilliseconds, tries: 1 });
  const address = isIP(server.host) ? server.host : (await lookup(server.host)).address;
  resolver.setServers([isIP(address) === 6 ? `[${address}]:${server.port}` : `${address}:${server.port}`]);
  return resolver;
}
