/** Goal: between the decision and the opening nothing that has changed goes unseen. Method: as cold-start.test.ts; the model is changed under a run. */
import { expect, it } from 'vitest';
import type { RunStatus } from '../../../workflows/wire/messages.ts';
import { choiceWith } from '../../driven/driven.ts';
import { coldStart } from '../../driven/cold-start.ts';
import { electorate, endOf, estate, type Handle, openGate, rig, startRun, useRuns, vote } from '../../support/runs.ts';

useRuns(coldStart);

const site = 'dr';

/** People choose the newest moment, and accept by their figures what cannot be proven. */
async function begin(handle: Handle): Promise<void> {
  await vote(handle, choiceWith(await openGate(handle), 'restore'));
}

async function acceptRisks(handle: Handle): Promise<void> {
  for (const word of ['hold-with-2', 'accept']) {
    const open = await openGate(handle, 'accepted-risk');
    await vote(handle, choiceWith(open, word), electorate.slice(0, 2), open.gate);
  }
}

it('stands down when a site is back right after people have decided: it is not fenced, and nothing is restored', async () => {
  const report = await rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    estate.before = async () => {
      const { steps } = await handle.query<RunStatus, []>('status');
      if (steps.some(({ id, result }) => id === 'confirm-again' && result === 'running')) estate.dead.delete('ap-southeast-1');
    };
    await begin(handle);
    return endOf(handle);
  });
  expect(report.outcome).toBe('stood down');
  expect(report.summary).toContain('ap-southeast-1 is alive.');
  expect(estate.changes()).toEqual([]);
});

it('lets nobody in where what stands there after the restore is not proven', async () => {
  let asked = '';
  const report = await rig.with(estate, async () => {
    const handle = await startRun(coldStart);
    estate.before = (name) => {
      const restored = estate.restores.at.get(site);
      if (name === 'readRestored' && restored?.stage === 'begun') restored.stage = 'restored';
    };
    await begin(handle);
    await acceptRisks(handle);
    asked = (await openGate(handle, 'failed-step')).evidence.join(' ');
    await vote(handle, 'undo', electorate.slice(0, 2), 'failed-step');
    return endOf(handle);
  });
  expect(asked).toContain('The restore of the database at dr is done, and what stands there is restored');
  expect(report.outcome).toBe('aborted');
  for (const name of ['admitServices', 'startService', 'acceptRestored']) expect(estate.changes()).not.toContain(name);
});
