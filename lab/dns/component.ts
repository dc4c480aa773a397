/** DNS of the lab: the zone's name server and two caching resolvers before it. */
import type { Control, LabContext, ResettableComponent } from '../component.ts';
import type { ServedZone } from '../route53/zone.ts';
import { ask } from './ask.ts';
import { answerFromZone } from './authority.ts';
import { DnsCache } from './cache.ts';
import { nothing, responseCodes, type DnsAnswer, type ResponseCode } from './message.ts';
import { DnsServer } from './server.ts';
import { Turns } from './turns.ts';

const upstreamTimeoutMs = 1_000;

export interface DnsOptions {
  readonly zone: ServedZone;
  /** Name that customers ask for. */
  readonly publicHost: string;
}

export function createDns(context: LabContext, { zone, publicHost }: DnsOptions): { component: ResettableComponent; control: Record<string, Control> } {
  const { port } = context.addresses.dns;
  const authority = { host: context.addresses.authoritative, port };
  const resolvers = context.addresses.resolvers.map((host) => createResolver(host, port, authority));
  const turns = new Turns();
  const servers = [
    new DnsServer({ ...authority, recursive: false, answer: (name, type) => answerFromZone(zone, name, type, turns) }),
    ...resolvers.map(({ server }) => server),
  ];
  /** Of the last resolver; the first goes on well. */
  const misbehave = (keepsExpired: boolean, silent: boolean) => {
    const last = resolvers.at(-1);
    if (!last) return;
    last.cache.keepsExpired = keepsExpired;
    last.server.silent = silent;
  };
  const forget = () => resolvers.forEach(({ cache }) => cache.clear());

  const component: ResettableComponent = {
    name: 'dns',
    async start() {
      await Promise.all(servers.map((server) => server.listen()));
    },
    check: async () => (servers.every(({ listening }) => listening) ? null : 'A DNS server of the lab does not listen.'),
    async stop() {
      await Promise.all(servers.map((server) => server.close()));
    },
    async reset() {
      misbehave(false, false);
      forget();
      turns.forget();
    },
  };
  const control: Record<string, Control> = {
    /** Empties the caches of both resolvers. */
    'dns/forget': async () => {
      forget();
      return {};
    },
    /** `{ "keepsExpired"?: boolean, "silent"?: boolean }`: the last resolver keeps what it knows against the TTL, or answers nobody. */
    'dns/resolver': async (body) => {
      const { keepsExpired = false, silent = false } = (body ?? {}) as { keepsExpired?: boolean; silent?: boolean };
      if (keepsExpired) await resolvers.at(-1)?.answer(publicHost, 'A'); // it can keep only what somebody has asked it
      misbehave(keepsExpired, silent);
      return { keepsExpired, silent };
    },
  };
  return { component, control };
}

/** Asks the authority for what it does not hold; a silent authority is SERVFAIL, and nothing stale is given. */
function createResolver(host: string, port: number, authority: { host: string; port: number }) {
  const cache = new DnsCache();
  const answer = async (name: string, type: string): Promise<DnsAnswer> => {
    const held = cache.get(name, type, performance.now());
    if (held) return held;
    const response = await ask(authority, name, type, upstreamTimeoutMs);
    const code = (response as { rcode?: string }).rcode ?? 'SERVFAIL';
    if (!(code in responseCodes)) return nothing('SERVFAIL');
    const fresh: DnsAnswer = { code: code as ResponseCode, answers: response.answers ?? [], authorities: response.authorities ?? [], authoritative: false };
    cache.put(name, type, fresh, performance.now());
    return fresh;
  };
  return { server: new DnsServer({ host, port, recursive: true, answer }), cache, answer };
}
