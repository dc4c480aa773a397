/** Asks DNS servers of the plan directly, past every cache of this machine. */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Endpoint } from '../../plan/schema.ts';

export interface AddressAnswer {
  readonly address: string;
  readonly ttlSeconds: number;
}

/** The first IPv4 address that a server gives for a name. Rejects when it does not answer in time or has none. */
export async function resolveAt(server: Endpoint, name: string, timeoutMilliseconds: number): Promise<AddressAnswer> {
  const resolver = await resolverFor(server, timeoutMilliseconds);
  const answers = await resolver.resolve4(name, { ttl: true });
  const first = answers[0];
  if (!first) throw new Error(`${server.host} has no address for ${name}`);
  return { address: first.address, ttlSeconds: first.ttl };
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
