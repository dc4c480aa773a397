/** Goal: the epoch at a zone, at a resource of AWS and at an agent is read as a number, and raised no further than runs can have raised it. Method: what was read, as values. */
import { describe, expect, it } from 'vitest';
import { heldByTag, takeResource } from '../../activities/aws/epoch-tag.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { mustBeWithinReach } from '../../activities/epoch.ts';
import { mustHoldMajority } from '../../activities/holders.ts';
import { createHostsActivities } from '../../activities/hosts/activities.ts';
import { parseFields } from '../../activities/ssh/agent.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { dependenciesOf } from '../support/dependencies.ts';

const run = (epoch: number) => ({ runId: 'recovery/x', execution: 'recovery/x@1', planDigest: '', epoch });
const { plan } = await erlmcpPlan();

function agentsThatHold(epoch: string): ActivityDependencies {
  const ask = async (_verb: string, site: string) => ({
    reachable: true as const,
    fields: parseFields(`site-agent=4\nsite=${site}\nepoch=${epoch}\nepoch_holder=recovery/x@1\n`, 'identify'),
  });
  const never = () => Promise.reject(new Error('nothing is changed'));
  return dependenciesOf({
    planOf: async () => plan,
    secret: async () => '',
    agent: (_run, site) => ({ ask: (verb) => ask(verb, site), change: never, tryChange: never }),
    now: () => new Date(),
  });
}

describe('an epoch', () => {
  it('of a zone or a resource is raised by a thousand at most, and the refusal says the way out', () => {
    const held = { epoch: 7, holder: 'recovery/x@0' };
    mustBeWithinReach('the zone', held, run(1007), 'No record was changed.');
    expect(() => mustBeWithinReach('the zone', held, run(1008), 'No record was changed.')).toThrow(
      /^Epoch 1008 of this run is more than 1000 above 7, which the zone holds\. No record was changed\. HINT: .*write 1007 there by hand/,
    );
  });

  it('of a tag is a number, and one that is none is no epoch 0', () => {
    expect(heldByTag([{ Key: 'dr-epoch', Value: '08 recovery/x@1' }])).toEqual({ epoch: 8, holder: 'recovery/x@1' });
    expect(heldByTag([])).toEqual({ epoch: 0, holder: '' });
    expect(() => heldByTag([{ Key: 'dr-epoch', Value: 'eight recovery/x@1' }])).toThrow('The tag dr-epoch holds "eight recovery/x@1", which is no epoch.');
  });

  it('is not written to a resource whose epoch is out of reach', async () => {
    const written: unknown[] = [];
    const resource = {
      name: 'The group',
      readTags: async () => [{ Key: 'dr-epoch', Value: '7 recovery/x@0' }],
      writeTag: async (tag: unknown) => void written.push(tag),
    };
    await expect(takeResource(agentsThatHold('5000'), run(5000), resource, 'Nothing was done.')).rejects.toMatchObject({ type: 'refused' });
    expect(written).toEqual([]);
  });

  it('of an agent that tells none confirms nothing', async () => {
    await expect(mustHoldMajority(agentsThatHold('eight'), run(8), 'Nothing was done.')).rejects.toThrow('tells no epoch, but "eight"');
    const [seen] = await createHostsActivities(agentsThatHold('99999999999999999')).readAgents({ run: run(8), sites: ['eu-central-1'] });
    expect(seen).toMatchObject({ reachable: false, reason: 'the agent there tells no epoch, but "99999999999999999"' });
  });
});
