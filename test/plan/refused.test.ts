/** Goal: what no run could work with is an error of the check, with a sentence. Method: the plan of the repository with one thing wrong. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlanCopy } from '../support/plan-copies.ts';

let copy: PlanCopy;

beforeEach(async () => {
  copy = await PlanCopy.of();
});
afterEach(() => copy.remove());

const estate = (from: string | RegExp, to: string) => () => copy.change('estate.yaml', from, to);
const plan = (from: string | RegExp, to: string) => () => copy.change('plan.yaml', from, to);

const cases: readonly (readonly [string, () => Promise<void>, string])[] = [
  ['a TTL of half a second', estate('ttl: PT30S', 'ttl: PT1.5S'), '"PT1.5S" does not fit: write a duration of whole seconds from PT1S to PT1H'],
  ['one resolver twice', estate('host: 198.51.100.53', 'host: 192.0.2.53'), 'estate.dns.resolvers.1: 192.0.2.53:53 stands twice in this list'],
  ['a level twice', plan('level: 3', 'level: 2'), 'The id "2" is used twice in this list.'],
  [
    'a title of 5,000 characters',
    plan(/title: .*/, `title: ${'x'.repeat(5000)}`),
    'plan.yaml:6 plan.title: This text does not fit: write at most 200 characters.',
  ],
  ['a title with a line of its own', plan(/title: .*/, 'title: "ours\\nerror: none"'), 'plan.title: This text does not fit: write one line of text'],
  ['a site named __proto__', estate('    dr:\n      agent', '    __proto__:\n      agent'), 'estate.yaml:103 : "__proto__" cannot be a key'],
  ['a site named constructor', plan('id: dr\n', 'id: constructor\n'), 'sites.constructor.id: "constructor" does not fit: use lower-case letters'],
  ['the host ::::', estate('host: mail.example.com', "host: '::::'"), 'estate.mail.server.host: "::::" does not fit: write a host name or an IP address'],
  ['the host 999.1.1.1', estate('host: mail.example.com', 'host: 999.1.1.1'), 'estate.mail.server.host: "999.1.1.1" does not fit'],
  [
    'an interval of PT0S',
    estate('probeInterval: PT5S', 'probeInterval: PT0S'),
    'estate.detection.probeInterval: "PT0S" does not fit: write a duration from PT0.1S to PT5M: ',
  ],
  ['evidence of PT0S', estate('evidenceMaxAge: PT2M', 'evidenceMaxAge: PT0S'), '"PT0S" does not fit: write a duration from PT5S to PT1H: '],
  ['a deadline of PT0S', () => copy.change('procedures.yaml', 'deadline: PT15M', 'deadline: PT0S'), 'gates.activation.deadline: "PT0S" does not fit'],
  [
    'a heartbeat of a month',
    estate('heartbeatMaxAge: PT10S', 'heartbeatMaxAge: P30D'),
    '"P30D" does not fit: write a duration from PT1S to PT1M: the agent beats every second',
  ],
  [
    'one public address for two sites',
    estate('publicAddress: 198.51.100.10', 'publicAddress: 192.0.2.10'),
    'estate.sites.ap-southeast-1.publicAddress: 192.0.2.10 stands at us-east-1 too. Customers of the one would come to the other.',
  ],
  ['an address that no host has', estate('publicAddress: 198.51.100.10', 'publicAddress: 0.0.0.0'), '0.0.0.0 is an address that no host can have.'],
  [
    'one host key for two hosts',
    estate('OkKbB1oUIkwAdp/40c1pe2XQknnITae82hRjIgNMtrM', '1CbeLpNdDB/qUeGOpTPH7w6g2OWUKR+HdSyABCdo4Yk'),
    'estate.sites.dr.agent.hostKey: SHA256:1CbeLpNdDB/qUeGOpTPH7w6g2OWUKR+HdSyABCdo4Yk stands at us-east-1 too.',
  ],
  [
    'one health check for both',
    estate('000000000002', '000000000001'),
    'estate.dns.siteHealthCheckId: The health check 00000000-0000-4000-8000-000000000001 is the one of the switch too',
  ],
  [
    'a health check abc',
    estate(/switchHealthCheckId: .*/, 'switchHealthCheckId: abc'),
    'estate.dns.switchHealthCheckId: "abc" does not fit: write the id of a health check',
  ],
  [
    'another name than customers use',
    estate('recordName: erlmcp.example.com', 'recordName: www.example.com'),
    'estate.dns.recordName: A run moves the record www.example.com, and customers use erlmcp.example.com (estate.service.publicHost).',
  ],
  [
    'what dr init left',
    plan('provider: AWS us-east-1', 'provider: REPLACE'),
    'sites.us-east-1.provider: "REPLACE" is what dr init has left to be filled in. Write your own.',
  ],
  ['a made-up host key', estate('OkKbB1oUIkwAdp/40c1pe2XQknnITae82hRjIgNMtrM', 'A'.repeat(43)), 'estate.sites.dr.agent.hostKey: "SHA256:AAAA'],
  ['a site that is nobody’s target', plan('targetOf: [coldStart]', 'targetOf: []'), 'sites.dr: No procedure can make this site the target'],
  [
    'a circle of dependencies',
    plan('    name: Data persistence\n    tier: 1\n', '    name: Data persistence\n    tier: 1\n    dependsOn: [session-management]\n'),
    'functions.session-management.dependsOn: The functions depend on each other in a circle: session-management needs data-persistence needs session-management.',
  ],
  [
    'a dependency on nothing',
    plan('dependsOn: [data-persistence]', 'dependsOn: [data-persistance]'),
    '"data-persistance" is no function of this plan. Write "data-persistence" if that was meant',
  ],
  [
    'a group with the id of a person',
    () => copy.change('people.yaml', 'id: on-call,', 'id: jane-smith,'),
    '"jane-smith" is a person and a group of this plan.',
  ],
];

test.each(cases)('%s', async (_what, spoil, sentence) => {
  await spoil();
  expect((await copy.errors()).join('\n')).toContain(sentence);
  expect((await copy.check()).usable).toBe(false);
});

test.each([
  'https://jane:hunter2@monitoring.example.com/',
  'https://monitoring.example.com/?token=hunter2',
  'https://hooks.example.com/services/T0hunter2hunter2XYZ1',
  'https://monitoring.example.com/#hunter2',
])('a secret inside of an address is refused and not repeated: %s', async (url) => {
  await copy.change('estate.yaml', 'https://monitoring.example.com/api/status', url);
  const { findings, usable } = await copy.check();
  expect(usable).toBe(false);
  expect(findings.map(({ path, message }) => `${path}: ${message}`)).toContainEqual(
    expect.stringContaining('estate.monitoring.url: This value does not fit: write an address without user, password, query and token'),
  );
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

test.each(['https://monitoring.example.com/api/2b0c7f3e-9c1d-4a55-8f0e-1d2c3b4a5968', 'http://[2001:db8::1]:8080/status'])(
  'an address without one is taken: %s',
  async (url) => {
    await copy.change('estate.yaml', 'https://monitoring.example.com/api/status', url);
    expect(await copy.errors()).toEqual([]);
  },
);

test.each(['plan/erlmcp', 'test/plans/library', 'test/plans/tickets'])('the plan %s has nothing of it', async (folder) => {
  const other = await PlanCopy.of(folder);
  expect(await other.errors()).toEqual([]);
  await other.remove();
});
