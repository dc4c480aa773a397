/** What a run does with a zone, in its order: check, look, claim, change, prove, watch, and the way back; judged by the records and by asking as a customer's resolver would. */
import { checkDnsApi, checkDnsServers } from '../../activities/access/dns.ts';
import { ask } from '../../lab/dns/ask.ts';
import { normalName, type RecordSet } from '../../lab/route53/records.ts';
import { DnsPlace, lost, target } from './dns-place.ts';
import type { Came, Shape } from './shape.ts';

/** An index that no lab and no other test is given. */
const zooIndex = 255;

/** Takes a shape through its passage, at a place of its own unless one is given. */
export async function passDns(shape: Shape<DnsPlace>, given?: DnsPlace): Promise<Came> {
  const place = given ?? (await DnsPlace.open(zooIndex));
  try {
    await place.reset();
    await shape.setUp(place);
    return await pass(place);
  } finally {
    if (!given) await place.close();
  }
}

async function pass(place: DnsPlace): Promise<Came> {
  const secret = place.dependencies.secret;
  const checks = [...(await checkDnsApi(place.plan, secret)), ...(await checkDnsServers(place.plan))];
  const named = checks.flatMap(({ result, detail }) => (result === 'ok' ? [] : [detail]));
  const look = await place.dns.lookAtRecords({ run: place.run(0) });
  const unnamed = [...look.obstacles, ...look.differences, ...look.beside].filter((finding) => !named.includes(finding));
  if (look.unseen !== undefined) return between(`the records were not seen: ${look.unseen}`);
  if (unnamed.length > 0) return between(`the check does not name it: ${unnamed.join(' ')}`);
  return look.obstacles.length > 0 ? refuse(place, look.obstacles) : route(place, named);
}

/** The verb itself must refuse what the look has named, and leave the zone. */
async function refuse(place: DnsPlace, obstacles: readonly string[]): Promise<Came> {
  const before = place.zone.accepted();
  const refusal = await place.dns.changeRecord({ run: place.run(1), to: target }).then(
    () => undefined,
    (error: unknown) => error as Error & { type?: string },
  );
  if (place.zone.accepted() !== before) return between('the zone was changed');
  if (refusal?.type !== 'refused') return between(`the change was not refused: ${refusal?.message ?? 'it was made'}`);
  return obstacles.every((obstacle) => refusal.message.includes(obstacle)) ? { comes: 'refused', said: [refusal.message] } : between(refusal.message);
}

async function route(place: DnsPlace, named: readonly string[]): Promise<Came> {
  const before = place.zone.accepted();
  const problems: string[] = [];
  const there = await moveTo(place, 1, target, problems);
  const { beside } = await place.dns.lookAtRecords({ run: place.run(1) });
  place.afterRoute();
  const watched = await place.verification.watchService({ run: place.run(1), site: target, functions: [], forSeconds: 1, routed: true });
  if (!watched.relapsed) await moveTo(place, 2, lost, problems);
  if (!watched.relapsed) problems.push(...unlike(place, before, place.zone.accepted()));
  const said = [...named, ...beside, ...(watched.relapsed ? [watched.detail] : [])];
  if (!there || problems.length > 0) return between(problems.join(' · '));
  return said.length === 0 ? { comes: 'works', said } : { comes: 'works with an exception', said };
}

/** One run's route; what is wrong with it is added to the problems. */
async function moveTo(place: DnsPlace, epoch: number, site: string, problems: string[]): Promise<boolean> {
  const run = place.run(epoch);
  const seen = await place.dns.readZoneEpoch({ run });
  if (!seen.reachable || seen.epoch !== epoch - 1) problems.push(`the zone was to hold epoch ${epoch - 1}: ${JSON.stringify(seen)}`);
  const claim = await place.dns.claimZone({ run });
  if (!claim.reachable) problems.push(`the epoch was not taken: ${claim.reason}`);
  const change = await place.dns.changeRecord({ run, to: site });
  if (!change.changed) problems.push(`nothing was changed on the way to ${site}`);
  if ((await place.dns.changeRecord({ run, to: site })).changed) problems.push('a repeat changed something');
  const proof = await place.dns.proveRoute({ run, to: site, withinSeconds: 5 });
  if (!proof.moved) problems.push(proof.detail);
  const addresses = await askedAddresses(place);
  if (addresses.join() !== place.address(site)) problems.push(`customers of ${site} are given ${addresses.join(' and ') || 'no address'}`);
  return proof.moved;
}

/** What the zone's name server gives, asked without the drivers. */
async function askedAddresses(place: DnsPlace): Promise<readonly string[]> {
  const [server] = place.plan.estate.dns.authoritativeServers;
  if (!server) return [];
  const { answers = [] } = await ask(server, place.plan.estate.dns.recordName.replace(/\.$/, ''), 'A', 1_000);
  return answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : []));
}

/** Everything but the route's own records and the epoch's own value must be as it was, byte for byte. */
function unlike(place: DnsPlace, before: readonly RecordSet[], after: readonly RecordSet[]): readonly string[] {
  const [were, are] = [others(place, before), others(place, after)];
  return [
    ...were.filter((record) => !are.includes(record)).map((record) => `gone: ${record}`),
    ...are.filter((record) => !were.includes(record)).map((record) => `new: ${record}`),
  ];
}

function others(place: DnsPlace, records: readonly RecordSet[]): readonly string[] {
  const { recordName, epochRecordName } = place.plan.estate.dns;
  return records
    .filter(({ name, type }) => name !== normalName(recordName) || type !== 'A')
    .flatMap((record) => {
      if (record.name !== normalName(epochRecordName) || record.type !== 'TXT') return [JSON.stringify(record)];
      const foreign = record.values.filter((value) => !/^"epoch=\d+( run=.*)?"$/.test(value));
      return foreign.length === 0 ? [] : [JSON.stringify({ ...record, values: foreign })];
    });
}

function between(what: string): Came {
  return { comes: 'in between', said: [what] };
}
