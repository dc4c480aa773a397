/** Goal: on a quiet day people see what could be restored, and are told when it is nothing; in the worst hour one command begins with it. Method: the command line against a dev server and a model. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeRunWorkflowId, type RestorePointsFound } from '../../client/index.ts';
import { FakeEstate } from '../model/estate.ts';
import { Stage } from './support.ts';

let stage: Stage;
let estate: FakeEstate;

beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => stage?.close());
beforeEach(() => {
  estate = new FakeEstate(stage.plan);
});

describe('dr restore points', () => {
  it('shows each set, the newest moment and its age against the RPO, and tells programs the same', async () => {
    await stage.with(estate, async () => {
      const { code, out } = await stage.dr('restore', 'points');
      expect(out).toMatch(/^dr$/m);
      expect(out).toMatch(/full-1 +\d{4}-.* 60\.0 GB +1\.0 GB +\d{4}-.* … \d{4}-/);
      expect(out).toMatch(/Newest moment: \S+Z, \d.* ago, within the RPO of 5 min 00 s; any moment since \S+Z can be had\./);
      expect(code).toBe(0);
      const found = JSON.parse((await stage.dr('restore', 'points', '--json')).out) as RestorePointsFound;
      expect(found.sites).toMatchObject([{ site: 'dr', found: true, sets: [{ set: 'full-1' }] }]);
      expect(estate.changes(), 'it only looks').toEqual([]);
    });
  });

  it('says what cannot be used and why, and that a point is older than the RPO allows', async () => {
    const [set] = estate.restores.sets;
    if (!set) throw new Error('The model has no set.');
    estate.restores.sets = [
      { ...set, latest: new Date(Date.now() - 3_600_000).toISOString(), gapAt: '00000001000000000000000A' },
      { ...set, set: 'full-2', unusable: 'it is of another cluster (42)' },
    ];
    await stage.with(estate, async () => {
      const { code, out } = await stage.dr('restore', 'points');
      expect(out).toMatch(/full-1 .* its log has a gap at 00000001000000000000000A/);
      expect(out).toMatch(/full-2 .* no +it is of another cluster \(42\)/);
      expect(out).toMatch(/1 h 00 min ago, more than the RPO of 5 min 00 s/);
      expect(code, 'monitoring is to hear of it').toBe(5);
    });
  });

  it('ends with 5 where nothing can be restored', async () => {
    estate.restores.unread.set('dr', 'the repository cannot be read');
    await stage.with(estate, async () => {
      const { code, out } = await stage.dr('restore', 'points');
      expect(out).toContain('Nothing can be restored: the repository cannot be read');
      expect(code).toBe(5);
    });
  });
});

it('dr coldstart start names every site that keeps a copy of the data, the one first that customers are served at', async () => {
  for (const site of ['us-east-1', 'eu-central-1', 'ap-southeast-1']) estate.dead.add(site);
  await stage.with(estate, async () => {
    const started = await stage.dr('coldstart', 'start', '--at', 'dr', '--as', 'carol-brown', '--detach');
    expect(started.code, started.err).toBe(0);
    const view = await stage.client.status(makeRunWorkflowId('erlmcp-production'));
    expect(view.state === 'running' && view.status.places).toEqual({
      failed: ['us-east-1', 'eu-central-1', 'ap-southeast-1'],
      source: 'us-east-1',
      target: 'dr',
    });
    await stage.env.client.workflow.getHandle(makeRunWorkflowId('erlmcp-production')).terminate();
  });
});
