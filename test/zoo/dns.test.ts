/** Goal: a route leads everybody to one site, or says whom it does not. Method: real zones of each shape at the lab's Route 53 and DNS servers, and all that a run does with one. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkDnsApi, checkDnsServers } from '../../activities/access/dns.ts';
import { normalName } from '../../lab/route53/records.ts';
import { passDns } from './dns-passage.ts';
import { DnsPlace, epochName, lost, recordName, target, ttlSeconds } from './dns-place.ts';
import { dnsShapes } from './dns-shapes.ts';
import { differs } from './shape.ts';

let place: DnsPlace;
beforeAll(async () => {
  place = await DnsPlace.open(255);
});
afterAll(() => place?.close());

describe('a zone with', () => {
  test.each(dnsShapes.map((shape) => [shape.name, shape] as const))('%s', async (_name, shape) => {
    expect(differs(shape.expected, await passDns(shape, place))).toBeUndefined();
  });
});

/** The smallest inputs that were once misread, by the drivers that a run asks. */
describe('a zone', () => {
  beforeEach(() => place.reset());
  const held = (name: string, type: string) => place.zone.accepted().filter((set) => set.name === normalName(name) && set.type === type);
  const third = 'ap-southeast-1';

  test('with two addresses in its record is changed to exactly one, and is not called moved before', async () => {
    const [primary, secondary] = place.pair();
    place.hold({ ...primary, values: [place.address(target), place.address(lost)] }, secondary, place.epoch());
    const run = place.run(1);
    const early = await place.dns.proveRoute({ run, to: target, withinSeconds: 0 });
    expect(early).toMatchObject({
      moved: false,
      detail: expect.stringMatching(/gives \S+ and \S+ \((us-east-1 and eu-central-1|eu-central-1 and us-east-1)\)/),
    });
    expect(await place.dns.readRoute({ run })).toMatchObject({ site: 'unknown' });
    expect(await place.verification.verifyAsCustomer({ run, site: target, functions: [], withinSeconds: 0 }), 'a resolver gives both').toMatchObject({
      found: false,
      remarks: [expect.stringContaining(' and '), expect.stringContaining(' and ')],
    });
    await place.forget();
    expect(await place.dns.changeRecord({ run, to: target })).toMatchObject({ changed: true, before: expect.stringContaining(' and ') });
    expect(held(recordName, 'A').map(({ values }) => values)).toEqual([[place.address(target)], [place.address(target)]]);
    expect(await place.dns.proveRoute({ run, to: target, withinSeconds: 5 })).toMatchObject({ moved: true });
  });

  test('is not called moved while one authoritative server knows no address', async () => {
    const [first] = place.plan.estate.dns.authoritativeServers;
    const [, resolver] = place.plan.estate.dns.resolvers;
    // It has heard that the name is not there, and goes on saying so.
    place.hold();
    await place.dns.readRoute({ run: place.run(0) });
    await place.keepAnswers();
    place.hold(...place.pair(), place.epoch());
    place.change({ authoritativeServers: [first!, resolver!] });
    expect(await place.dns.proveRoute({ run: place.run(1), to: lost, withinSeconds: 0 })).toMatchObject({
      moved: false,
      detail: expect.stringContaining('gives no address'),
    });
  });

  test('names an AAAA record in the check, and in the look of a run even when the API is silent', async () => {
    place.hold(...place.pair(), place.epoch(), { name: normalName(recordName), type: 'AAAA', ttlSeconds, values: ['2001:db8::1'] });
    const said = 'AAAA shop.example.com still leads to 2001:db8::1, which no step changes: customers that use IPv6 go there.';
    expect([await checkDnsApi(place.plan, place.dependencies.secret)].flat()).toContainEqual(expect.objectContaining({ result: 'lacking', detail: said }));
    place.available(false);
    expect(await place.dns.lookAtRecords({ run: place.run(1) })).toEqual({
      unseen: expect.stringContaining('no answer in time'),
      obstacles: [],
      differences: [],
      beside: [said],
    });
  });

  test('that leads to the lost site again is a relapse of the watched service', async () => {
    const watch = (site: string, routed: boolean) => place.verification.watchService({ run: place.run(1), site, functions: [], forSeconds: 0, routed });
    expect(await watch(target, true)).toMatchObject({
      relapsed: true,
      rounds: 2,
      detail: expect.stringMatching(/^shop\.example\.com: the name leads to us-east-1 again: \S+ gives \S+ \(us-east-1\)$/),
    });
    expect(await watch(target, false), 'people chose not to route').toMatchObject({ relapsed: false });
    expect(await watch(lost, true)).toMatchObject({ relapsed: false, detail: expect.stringContaining('shop.example.com led there all the while.') });
  });

  test('without its primary record keeps its epoch, and gets the record with the route', async () => {
    place.hold(place.pair()[1], place.epoch());
    const run = place.run(1);
    expect(await place.dns.readZoneEpoch({ run })).toEqual({ reachable: true, epoch: 0, holder: '' });
    expect(await place.dns.claimZone({ run })).toMatchObject({ reachable: true, epoch: 1 });
    expect(await place.dns.changeRecord({ run, to: third })).toMatchObject({ changed: true, before: expect.stringContaining('primary → nothing') });
    expect(held(recordName, 'A').find(({ failover }) => failover === 'PRIMARY')).toMatchObject({
      values: [place.address(third)],
      ttlSeconds,
      healthCheckId: place.switchHealthCheckId,
    });
    expect(await place.dns.proveRoute({ run, to: third, withinSeconds: 5 })).toMatchObject({ moved: true });
  });

  test('with a CNAME at the public name takes the epoch, and says why no route can be changed', async () => {
    place.hold(place.epoch(), { name: normalName(recordName), type: 'CNAME', ttlSeconds, values: ['front.example.net.'] });
    const run = place.run(1);
    expect(await place.dns.claimZone({ run })).toMatchObject({ reachable: true, epoch: 1 });
    const said = expect.stringContaining('shop.example.com is a CNAME to front.example.net., which no run can change');
    await expect(place.dns.changeRecord({ run, to: target })).rejects.toMatchObject({ type: 'refused', message: said });
    expect([await checkDnsApi(place.plan, place.dependencies.secret)].flat()).toContainEqual(expect.objectContaining({ result: 'lacking', detail: said }));
  });

  test('keeps the text of others at the name of its epoch, and reads no epoch from it', async () => {
    const foreign = ['"deploy-epoch=1764000000"', '"v=spf1 -all"', '"epoch=7 run=a b\\"c"', '"epoch=8" "more"'];
    place.hold(...place.pair(), { ...place.epoch(...foreign), ttlSeconds: 77 });
    expect(await place.dns.readZoneEpoch({ run: place.run(1) })).toEqual({ reachable: true, epoch: 0, holder: '' });
    await place.dns.claimZone({ run: place.run(1) });
    await place.dns.changeRecord({ run: place.run(2), to: target });
    expect(held(epochName, 'TXT')).toEqual([{ ...place.epoch(), ttlSeconds: 77, values: [...foreign, '"epoch=2 run=recovery/zoo@2"'] }]);
    await expect(place.dns.claimZone({ run: place.run(1) })).rejects.toMatchObject({ type: 'stale-epoch' });
  });

  test('goes by the highest of several epochs', async () => {
    place.hold(...place.pair(), place.epoch('"epoch=9 run=recovery/zoo@9"', '"epoch=4"'));
    expect(await place.dns.readZoneEpoch({ run: place.run(1) })).toEqual({ reachable: true, epoch: 9, holder: 'recovery/zoo@9' });
  });

  test('that other servers serve is named, and servers that give nobody’s address too', async () => {
    const [primary, secondary] = place.pair();
    place.zone.propagationMs = 60_000;
    place.hold({ ...primary, values: ['192.0.2.99'] }, { ...secondary, values: ['192.0.2.99'] }, place.epoch());
    expect(await checkDnsServers(place.plan)).toContainEqual(
      expect.objectContaining({ result: 'lacking', detail: 'shop.example.com is 192.0.2.99, and the publicAddress of one site alone was expected.' }),
    );
    // Accepted, and not given out: as if these servers served another zone.
    place.accept(...place.pair(), place.epoch());
    const { obstacles } = await place.dns.lookAtRecords({ run: place.run(1) });
    expect(obstacles).toEqual([expect.stringMatching(/give 192\.0\.2\.99 for shop\.example\.com, which zone \S+ does not hold: they serve another zone/)]);
  });
});
