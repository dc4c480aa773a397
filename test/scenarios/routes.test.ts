/** Goal: a whole recovery sends everybody to one site, or says whom it does not, on zones as ordinary estates have them. Method: the lab, with its records changed at its API. */
import { ChangeResourceRecordSetsCommand, ListResourceRecordSetsCommand, Route53Client, type Change, type ResourceRecordSet } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decideUntilEnd, type OpenGate } from '../../lab/orchestrator/recovery.ts';
import { statusQuery } from '../../workflows/wire/messages.ts';
import { until } from '../support/until.ts';
import { approve, failed, Scenarios, target } from './support.ts';
import { outageClock } from '../../report/clock-words.ts';

let scenarios: Scenarios;
let api: Route53Client;
const minutes = 60_000;

beforeAll(async () => {
  scenarios = await Scenarios.start('routes');
  const { region, endpoint } = scenarios.plan.estate.dns;
  api = new Route53Client({ region, endpoint: endpoint ?? '', credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' } });
}, 5 * minutes);
afterAll(async () => {
  api?.destroy();
  await scenarios?.stop();
}, minutes);
beforeEach(async () => scenarios.reset(), 2 * minutes);

/** What another program does at the API, without an epoch, given out at once. */
async function change(...changes: [Change['Action'], ResourceRecordSet][]): Promise<void> {
  await scenarios.control('route53/propagation', { seconds: 0 });
  const Changes = changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet }));
  await api.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: scenarios.plan.estate.dns.hostedZoneId, ChangeBatch: { Changes } }));
}

/** The A records of the public name. */
async function addresses(): Promise<readonly ResourceRecordSet[]> {
  const { hostedZoneId, recordName } = scenarios.plan.estate.dns;
  const { ResourceRecordSets = [] } = await api.send(new ListResourceRecordSetsCommand({ HostedZoneId: hostedZoneId, StartRecordName: recordName }));
  return ResourceRecordSets.filter(({ Name, Type }) => Name === `${recordName}.` && Type === 'A');
}

const leadingTo = (site: string, set: ResourceRecordSet): ResourceRecordSet => ({ ...set, ResourceRecords: [{ Value: scenarios.publicAddress(site) }] });

describe('a failover', () => {
  it('that leaves an AAAA record behind is recovered with an exception that names it', { timeout: 3 * minutes }, async () => {
    const Name = scenarios.plan.estate.dns.recordName;
    await change(['CREATE', { Name, Type: 'AAAA', TTL: 5, ResourceRecords: [{ Value: '2001:db8::1' }] }]);
    const gates: OpenGate[] = [];
    const said = `AAAA ${Name} still leads to 2001:db8::1, which no step changes: customers that use IPv6 go there.`;
    const { report } = await scenarios.recover(() => scenarios.stack.lab('kill', failed), { activation: (gate) => (gates.push(gate), 'approve') });
    expect(gates[0]?.evidence).toContain(said);
    expect(report.outcome).toBe('recovered with exceptions');
    expect(report.exceptions).toEqual([said]);
  });

  it('creates the record that was deleted', { timeout: 3 * minutes }, async () => {
    const gates: OpenGate[] = [];
    const breakIt = async () => {
      await change(...(await addresses()).map((set): [Change['Action'], ResourceRecordSet] => ['DELETE', set]));
      await scenarios.stack.lab('kill', failed);
    };
    const { report } = await scenarios.recover(breakIt, { activation: (gate) => (gates.push(gate), 'approve') });
    expect(gates[0]?.evidence.join(' ')).toContain('has no primary A record. A route by the control plane creates it.');
    expect(report.outcome, report.summary).toBe('recovered');
    expect(outageClock(report)?.routingMethod).toBe('control-plane');
    expect(report.leftovers.join(' ')).not.toContain('does not hold epoch');
    expect(await addresses()).toMatchObject([{ ResourceRecords: [{ Value: scenarios.publicAddress(target) }] }]);
  });

  it('whose record is written back while it is watched has relapsed, and is recovered once people have fixed it', { timeout: 4 * minutes }, async () => {
    const [before] = (await addresses()).filter(({ Failover }) => Failover === 'PRIMARY');
    if (!before) throw new Error('The lab has no primary record.');
    const since = new Date().toISOString();
    for (const site of [target, 'ap-southeast-1']) await scenarios.control('fault/inject', { name: 'switch-dead', site });
    await scenarios.stack.lab('kill', failed);
    await scenarios.start();
    const writtenBack = (async () => {
      await until(
        'customers are verified',
        async () =>
          (await scenarios.run().query(statusQuery)).steps.some(({ id, result }) => id === 'verify-as-customer' && result === 'done') ? true : undefined,
        120,
      );
      await change(['UPSERT', before]);
    })();
    const relapses: OpenGate[] = [];
    const fixed: Promise<void>[] = [];
    await decideUntilEnd(scenarios.stack, {
      ...approve,
      'failed-step': (gate) => {
        relapses.push(gate);
        fixed.push(change(['UPSERT', leadingTo(target, before)]));
        return 'retry';
      },
    });
    await writtenBack;
    await Promise.all(fixed);
    expect(relapses.map(({ question }) => question)).toEqual([expect.stringContaining('Watch')]);
    expect(relapses[0]?.evidence.join(' ')).toMatch(/has relapsed: \S+: the name leads to us-east-1 again: /);
    const { report } = await scenarios.settle(since);
    expect(report.outcome, report.summary).toBe('recovered');
  });
});
