/** Goal: shares of the customers are led where a run says, to nobody else, and leave nothing behind. Method: the drivers on real zones at the lab's Route 53 and DNS servers. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkDnsApi, checkRemainder } from '../../activities/access/dns.ts';
import { LabAddresses } from '../../lab/addresses.ts';
import { ask } from '../../lab/dns/ask.ts';
import { certificateFiles, makeCertificates } from '../../lab/certificates.ts';
import { createMaintenance } from '../../lab/maintenance.ts';
import { normalName } from '../../lab/route53/records.ts';
import { publicHost } from '../../lab/settings.ts';
import { testContext, type TestContext } from '../lab/support.ts';
import { DnsPlace, epochName, lost, recordName, target, ttlSeconds } from './dns-place.ts';

const to = target;
/** An address of this test: nobody stands there unless a test says so. */
const { host: remainder, port: publicPort } = new LabAddresses(250).maintenance;
let place: DnsPlace;
let servers: TestContext;

beforeAll(async () => {
  place = await DnsPlace.open(250);
  servers = testContext(250);
  await makeCertificates(servers.directory);
});
afterAll(async () => {
  servers?.remove();
  await place?.close();
});
beforeEach(async () => {
  await place.reset();
  place.change({ gradual: { shares: [10, 50, 100], watch: `PT${ttlSeconds}S`, remainder } });
});

const held = () => place.zone.accepted().filter(({ name, type }) => name === normalName(recordName) && type === 'A');
const epoch = () => place.zone.accepted().find(({ name }) => name === normalName(epochName))?.values;
const shares = (percent: number) => place.weighted({ 'dr-share-target': [percent, place.address(to)], 'dr-share-remainder': [100 - percent, remainder] });
const plain = () => ({ name: normalName(recordName), type: 'A', ttlSeconds, values: [place.address(to)] });

/** How many of so many questions of customers meet the target, and what else they meet. */
async function asked(times: number): Promise<{ readonly there: number; readonly others: readonly string[] }> {
  const [server] = place.plan.estate.dns.authoritativeServers;
  const given: string[] = [];
  for (let count = 0; count < times; count += 1) {
    const { answers = [] } = await ask(server!, recordName, 'A', 1_000);
    given.push(...answers.flatMap((answer) => (answer.type === 'A' ? [answer.data] : [])));
  }
  return {
    there: given.filter((address) => address === place.address(to)).length,
    others: [...new Set(given)].filter((address) => address !== place.address(to)),
  };
}

describe('a share', () => {
  test('takes the place of the failover pair, with the epoch, and everybody is led to one of the two', async () => {
    const run = place.run(1);
    expect(await place.dns.shareRecord({ run, to, percent: 10 })).toMatchObject({ changed: true, after: expect.stringContaining('10 % ') });
    expect(held()).toEqual(shares(10));
    expect(epoch()).toEqual(['"epoch=1 run=recovery/zoo@1"']);
    expect(await place.dns.proveShare({ run, to, percent: 10, withinSeconds: 5 })).toEqual({ proven: true });
    expect(await asked(20)).toEqual({ there: 2, others: [remainder] });
    expect(await place.dns.shareRecord({ run, to, percent: 10 }), 'a repeat').toMatchObject({ changed: false });
    expect(await place.dns.proveRoute({ run, to, withinSeconds: 0 }), 'it is not all of them').toMatchObject({ moved: false });
    expect(await place.dns.lookAtShares({ run, to })).toMatchObject({ percent: 10 });
    expect(await place.dns.lookAtShares({ run, to: lost })).toMatchObject({ percent: 0 });
  });

  test('rises, falls to nobody, and ends in one plain record without a residue', async () => {
    const run = place.run(1);
    for (const percent of [10, 50, 0]) {
      await place.dns.shareRecord({ run, to, percent });
      expect(held()).toEqual(shares(percent));
      expect(await place.dns.proveShare({ run, to, percent, withinSeconds: 5 })).toEqual({ proven: true });
      expect((await asked(20)).there).toBe(percent / 5);
    }
    expect(await place.dns.changeRecord({ run, to })).toMatchObject({ changed: true });
    expect(held()).toEqual([plain()]);
    expect(await place.dns.proveRoute({ run, to, withinSeconds: 5 })).toMatchObject({ moved: true });
    expect(await place.dns.lookAtShares({ run, to })).toMatchObject({ percent: 100 });
  });

  test('takes the place of a plain record, and of none', async () => {
    for (const before of [[plain()], []]) {
      place.hold(...before, place.epoch());
      await place.dns.shareRecord({ run: place.run(1), to, percent: 10 });
      expect(held()).toEqual(shares(10));
    }
  });

  test('is not proven while a server gives anything else, and of nobody while it gives the target', async () => {
    const run = place.run(1);
    const early = await place.dns.proveShare({ run, to, percent: 10, withinSeconds: 0 });
    expect(early).toEqual({
      proven: false,
      detail: expect.stringMatching(/^After 0 s not all authoritative servers give \S+ or 127\.250\.0\.92 alone: \S+ gives \S+ \(us-east-1\)\.$/),
    });
    place.hold(...shares(50), place.epoch());
    expect(await place.dns.proveShare({ run, to, percent: 0, withinSeconds: 0 })).toMatchObject({ proven: false, detail: expect.stringContaining(`(${to})`) });
    const [server] = place.plan.estate.dns.authoritativeServers;
    place.change({ authoritativeServers: [{ ...server!, port: 9 }] });
    expect(await place.dns.proveShare({ run, to, percent: 50, withinSeconds: 0 })).toMatchObject({
      proven: false,
      detail: expect.stringContaining('no authoritative server answers'),
    });
  });

  test('whose reply was lost is found done by the next attempt', async () => {
    const run = place.run(1);
    await place.dns.claimZone({ run });
    await place.fault('lose-replies', 1);
    await expect(place.dns.shareRecord({ run, to, percent: 10 })).rejects.toMatchObject({ type: 'transient' });
    expect(held()).toEqual(shares(10));
    expect(await place.dns.shareRecord({ run, to, percent: 10 })).toMatchObject({ changed: false });
  });

  test.each(['throttle', 'fail'] as const)('that the API does not take (%s) may heal, and nothing was changed', async (fault) => {
    const before = place.zone.accepted();
    await place.fault(fault, 9);
    await expect(place.dns.shareRecord({ run: place.run(1), to, percent: 10 })).rejects.toMatchObject({ type: 'transient' });
    expect(place.zone.accepted()).toBe(before);
  });

  test('of an older run is refused, and leaves what stands', async () => {
    await place.dns.shareRecord({ run: place.run(2), to, percent: 50 });
    await expect(place.dns.shareRecord({ run: place.run(1), to, percent: 10 })).rejects.toMatchObject({ type: 'stale-epoch' });
    expect(held()).toEqual(shares(50));
  });

  test('is refused beside weighted sets of somebody else', async () => {
    place.hold(...place.weighted({ blue: [90, place.address(lost)], green: [10, place.address(to)] }), place.epoch());
    const before = place.zone.accepted();
    const said = expect.stringContaining('has 2 A records by Weight (blue and green), which no run can change');
    await expect(place.dns.shareRecord({ run: place.run(1), to, percent: 10 })).rejects.toMatchObject({ type: 'refused', message: said });
    await expect(place.dns.changeRecord({ run: place.run(1), to })).rejects.toMatchObject({ type: 'refused', message: said });
    expect(place.zone.accepted()).toBe(before);
  });

  test('of a plan without shares is refused', async () => {
    const { gradual: _none, ...dns } = place.plan.estate.dns;
    place.plan = { ...place.plan, estate: { ...place.plan.estate, dns } };
    await expect(place.dns.shareRecord({ run: place.run(1), to, percent: 10 })).rejects.toMatchObject({ type: 'refused' });
  });
});

describe('shares that a run has left', () => {
  beforeEach(() => place.hold(...shares(10), place.epoch()));

  test('are no obstacle, and are named by the look and by the check', async () => {
    const look = await place.dns.lookAtRecords({ run: place.run(1) });
    expect(look).toMatchObject({
      obstacles: [],
      differences: [expect.stringMatching(/^shop\.example\.com has the shares of a cold start \(90 % → 127\.250\.0\.92, 10 % → \S+\)\./)],
    });
    const checks = await checkDnsApi(place.plan, place.dependencies.secret);
    expect(checks).toContainEqual(expect.objectContaining({ result: 'lacking', detail: look.differences[0] }));
  });

  test('are replaced by a later route, wherever it leads', async () => {
    for (const site of [lost, to]) {
      place.hold(...shares(10), place.epoch());
      expect(await place.dns.changeRecord({ run: place.run(1), to: site })).toMatchObject({ changed: true, before: expect.stringContaining('10 % → ') });
      expect(held()).toEqual([{ ...plain(), values: [place.address(site)] }]);
    }
  });

  test('are replaced by the shares of another target', async () => {
    await place.dns.shareRecord({ run: place.run(1), to: lost, percent: 50 });
    expect(held()).toEqual(place.weighted({ 'dr-share-target': [50, place.address(lost)], 'dr-share-remainder': [50, remainder] }));
  });
});

describe('the maintenance answer', () => {
  /** Under the public name of the lab, for which its certificate is. */
  const standAt = () => place.change({}, { publicHost, publicPort, caFile: certificateFiles(servers.directory).ca });
  const silent = async () => (await place.dns.lookAtShares({ run: place.run(1), to })).remainderSilent;

  test('that answers under the public name is one, whatever it says', async () => {
    const maintenance = createMaintenance(servers);
    standAt();
    await maintenance.start();
    try {
      expect(await silent()).toBeNull();
      expect(await checkRemainder(place.plan, '/')).toMatchObject([{ result: 'ok', steps: ['route-traffic'] }]);
      place.change({}, { publicHost: 'shop.example.com' });
      expect(await silent(), 'customers would not believe it').toMatch(/^no answer: .*certificate/);
    } finally {
      await maintenance.stop();
    }
  });

  test('that is not there is told with its reason', async () => {
    standAt();
    expect(await silent()).toMatch(/^no answer: .*ECONNREFUSED/);
    expect(await checkRemainder(place.plan, '/')).toMatchObject([{ result: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') }]);
  });
});
