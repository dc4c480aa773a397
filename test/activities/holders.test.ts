/** Goal: before what cannot be taken back a majority of all holders confirms the run's epoch, whoever failed, and nobody silent is waited for. Method: agents as values, a server that answers for the zone. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunContext } from '../../activities/context.ts';
import type { ActivityDependencies, AgentAnswer } from '../../activities/dependencies.ts';
import { failure } from '../../activities/errors.ts';
import { mustHoldMajority } from '../../activities/holders.ts';
import { createWitnessActivities } from '../../activities/witness/activities.ts';
import { parseFields } from '../../activities/ssh/agent.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { ZoneStandIn } from '../support/zone-stand-in.ts';
import { dependenciesOf } from '../support/dependencies.ts';

type Held = { readonly epoch: number; readonly holder: string };

const run: RunContext = { runId: 'recovery/x', execution: 'recovery/x@1', planDigest: '', epoch: 8 };
const ours: Held = { epoch: 8, holder: run.execution };
const newer: Held = { epoch: 9, holder: 'recovery/x@2' };
const { plan } = await erlmcpPlan();
let zone: ZoneStandIn;
/** What each agent holds; one that is not there is silent. */
let agents: Record<string, Held>;
/** What a silent agent waits for before it says so. */
let silence: Promise<void>;
/** What an agent that answers waits for. */
let answersAfter: Record<string, Promise<void>>;
let secret: ActivityDependencies['secret'];

const dependencies: ActivityDependencies = dependenciesOf({
  planOf: async () => zone.in(plan),
  secret: (reference) => secret(reference),
  agent: (_run, site) => ({
    async ask(): Promise<AgentAnswer> {
      await answersAfter[site];
      const held = agents[site];
      if (held) return { reachable: true, fields: parseFields(`site-agent=4\nsite=${site}\nepoch=${held.epoch}\nepoch_holder=${held.holder}\n`, 'identify') };
      await silence;
      return { reachable: false, reason: 'no answer' };
    },
    change: () => Promise.reject(new Error('nothing is changed')),
    tryChange: () => Promise.reject(new Error('nothing is changed')),
  }),
  now: () => new Date(),
});
const hold = (change: Partial<RunContext> = {}) => mustHoldMajority(dependencies, { ...run, ...change }, 'Nothing was done.');
const forEver = new Promise<void>(() => undefined);

beforeAll(async () => {
  zone = await ZoneStandIn.start();
});
afterAll(() => zone?.stop());
beforeEach(() => {
  [agents, silence, answersAfter] = [{}, Promise.resolve(), {}];
  secret = async () => 'test';
  zone.held = () => undefined;
  zone.before = () => undefined;
});

describe('where people accepted fewer', () => {
  it('a newer run that a later answer knows of is heard', async () => {
    agents = { 'eu-central-1': ours, dr: ours, 'ap-southeast-1': newer };
    let both = 0;
    const others = new Promise<void>((resolve) => {
      const asked = agents;
      agents = new Proxy(asked, { get: (all, site: string) => ((both += site === 'ap-southeast-1' ? 0 : 1), both === 3 && resolve(), all[site]) });
    });
    answersAfter = { 'ap-southeast-1': others };
    await expect(hold({ holdersAccepted: 2 })).rejects.toMatchObject({ type: 'stale-epoch' });
  });

  it('as many as they accepted suffice, when nobody knows of a newer one', async () => {
    agents = { 'eu-central-1': ours, dr: ours };
    await expect(hold({ holdersAccepted: 2 })).resolves.toBeUndefined();
  });
});

it('a number that names nobody confirms no run', async () => {
  const nobody = { epoch: 8, holder: '' };
  agents = { 'eu-central-1': ours, dr: nobody, 'ap-southeast-1': nobody };
  await expect(hold()).rejects.toMatchObject({ type: 'transient', message: expect.stringContaining('dr: holds epoch 8 of nobody') as string });
});

it('a witness whose secret a worker lacks is silent, and the others are read', async () => {
  secret = () => Promise.reject(failure('secret-missing', { happened: 'The secret is not there.', leftAs: 'Nothing was asked.' }));
  const witness = {
    name: 'one',
    bucket: 'dr-one',
    key: 'epoch',
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'env:NOT_THERE' },
  };
  const witnessed = { ...dependencies, planOf: async () => ({ ...plan, estate: { ...plan.estate, witnesses: [witness] } }) };
  expect(await createWitnessActivities(witnessed).readWitnesses({ run })).toEqual([
    { witness: 'one', reachable: false, reason: expect.stringContaining('The secret is not there') as string },
  ]);
});

describe('of four sites and the zone', () => {
  it('two confirm nothing, and the refusal says who is silent', async () => {
    agents = { 'eu-central-1': ours, 'ap-southeast-1': ours };
    await expect(hold()).rejects.toMatchObject({
      type: 'transient',
      message: expect.stringMatching(
        /^Epoch 8 of this run is confirmed by 2 of its 5 holders, and 3 are needed \(us-east-1: no answer; dr: no answer; the DNS zone: .*\)\. Nothing was done\./,
      ),
    });
  });

  it('the zone is the third', async () => {
    agents = { 'eu-central-1': ours, 'ap-southeast-1': ours };
    zone.held = () => ours;
    await hold();
  });

  it("the failed site's agent is the third, and it counts as any other", async () => {
    agents = { 'us-east-1': ours, 'eu-central-1': ours, 'ap-southeast-1': ours };
    await hold();
  });

  it('a newer run at the zone is enough to refuse this one', async () => {
    agents = { 'eu-central-1': ours, 'ap-southeast-1': ours };
    zone.held = () => newer;
    await expect(hold()).rejects.toMatchObject({
      type: 'stale-epoch',
      message: expect.stringContaining('The DNS zone holds epoch 9 of recovery/x@2; this run holds 8.'),
    });
  });

  it("a newer run at the failed site's agent is enough, too", async () => {
    agents = { 'us-east-1': newer, 'eu-central-1': ours, 'ap-southeast-1': ours };
    await expect(hold()).rejects.toMatchObject({ type: 'stale-epoch', message: expect.stringContaining('The agent of us-east-1 holds epoch 9') });
  });

  it('nobody who is silent is waited for where three have confirmed, neither a dead site nor the zone', { timeout: 1_500 }, async () => {
    [agents, silence] = [{ 'eu-central-1': ours, 'ap-southeast-1': ours, dr: ours }, forEver];
    zone.before = () => forEver;
    await hold();
  });

  it('as many suffice as people have accepted, and no fewer', async () => {
    agents = { 'eu-central-1': ours, 'ap-southeast-1': ours };
    await hold({ holdersAccepted: 2 });
    delete agents['ap-southeast-1'];
    await expect(hold({ holdersAccepted: 2 })).rejects.toThrow('is confirmed by 1 of its 5 holders, and 2 are needed');
  });

  it('a worker that lacks the credentials of the zone still hears the agents', async () => {
    agents = { 'eu-central-1': ours, 'ap-southeast-1': ours };
    secret = () => Promise.reject(failure('secret-missing', { happened: 'There is no DNS_KEY.', leftAs: 'Nothing was asked.' }));
    await expect(hold(), 'and says why it did not hear the zone').rejects.toMatchObject({
      type: 'transient',
      message: expect.stringContaining('the DNS zone: There is no DNS_KEY'),
    });
    agents = { ...agents, dr: ours };
    await hold();
  });
});
