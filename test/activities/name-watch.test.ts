/** Goal: a watch says of the public name what its rounds have shown, and no more. Method: a DNS server that answers each round as the test wants. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NameWatch } from '../../activities/verification/name-watch.ts';
import { nothing } from '../../lab/dns/message.ts';
import { DnsServer } from '../../lab/dns/server.ts';
import type { Plan } from '../../plan/schema.ts';
import { testNetwork } from '../site-agent/support.ts';

const host = `127.${testNetwork()}.9.53`;
const name = 'shop.example.com';
const [there, elsewhere] = ['192.0.2.1', '192.0.2.2'];
const plan = {
  estate: {
    dns: { recordName: name, authoritativeServers: [{ host, port: 5300 }], resolvers: [] },
    sites: { east: { publicAddress: elsewhere }, west: { publicAddress: there } },
  },
} as unknown as Plan;

let address: string;
let server: DnsServer;
beforeEach(async () => {
  const answer = () => ({ ...nothing('NOERROR'), authoritative: true, answers: [{ type: 'A', name, ttl: 1, data: address } as const] });
  server = new DnsServer({ host, port: 5300, recursive: false, answer });
  await server.listen();
});
afterEach(() => server.close());

/** A watch of a round for each address; null for one in which nobody answers. */
async function watched(...rounds: readonly (string | null)[]): Promise<string> {
  const watch = new NameWatch(plan, 'west');
  for (const given of rounds) {
    server.silent = given === null;
    address = given ?? there;
    await watch.look();
  }
  return watch.summary;
}

test.each<[string, readonly (string | null)[], string]>([
  ['every round', [there, there], 'shop.example.com led there all the while.'],
  ['all rounds but one', [there, elsewhere, there], 'shop.example.com led there in all but 1 of 3 rounds.'],
  ['the rounds that were answered', [there, null], 'No authoritative server answered in 1 of 2 rounds.'],
  [
    'one, in one that was answered otherwise, and in one that was not',
    [there, elsewhere, null],
    'shop.example.com led there in all but 2 of 3 rounds. No authoritative server answered in 1 of 3 rounds.',
  ],
])('that led there in %s', async (_which, rounds, said) => {
  expect(await watched(...rounds)).toBe(said);
});
