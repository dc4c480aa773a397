/** Goal: of a sweep that is too long for the time that there is, the first part is a fair sample. Method: the trials of two made-up runs. */
import { describe, expect, it } from 'vitest';
import { coldStart } from '../driven/cold-start.ts';
import { erlmcpPlan } from '../support/plans.ts';
import { inOrder, stepOf, trialsOf } from './plan.ts';
import { settings } from './settings.ts';

const names = ['Confirm the failure', 'Restore the database', 'Open the restored database', 'Watch'];
const activities = ['watchFromOrchestrator', 'restoreDatabase', 'acceptRestored', 'watchService'];

async function all() {
  const { plan } = await erlmcpPlan();
  const runbook = plan.procedures.coldStart;
  if (!runbook) throw new Error('The plan has no cold start.');
  const opening = runbook.steps.find(({ id }) => id === runbook.pointOfNoReturn)?.name ?? '';
  const setting = settings.find(({ driven }) => driven === coldStart);
  if (!setting) throw new Error('No setting sweeps the cold start.');
  const steps = names.map((name) => (name.startsWith('Open') ? opening : name));
  const found = [{ setting, activities: activities.map((activity, at) => ({ id: String(at), activity, step: steps[at] ?? '' })) }];
  return { opening, trials: trialsOf(found, plan) };
}

describe('the trials of a sweep', () => {
  it('leave the run without a worker where its plan says that it only goes forward', async () => {
    const { opening, trials } = await all();
    expect(trials.filter(({ act }) => act === 'minute').map(stepOf)).toEqual([opening]);
  });

  it('have the server killed at the landmarks of the procedure', async () => {
    const { trials } = await all();
    const killed = trials.flatMap(({ act, at }) => (act === 'server' && at !== 'gate' ? [at.activity] : []));
    expect(killed).toEqual(activities);
  });

  it.each([1, 2, 3])('meet every step before any step twice, and most acts by then (seed %i)', async (seed) => {
    const { trials } = await all();
    const first = inOrder(trials, seed).slice(0, names.length + 1);
    expect(new Set(first.map(stepOf)).size).toBe(names.length + 1);
    expect(new Set(first.map(({ act }) => act)).size).toBe(names.length + 1);
  });

  it('come in the same order by the same seed, each once', async () => {
    const { trials } = await all();
    expect(inOrder(trials, 7)).toEqual(inOrder(trials.toReversed(), 7));
    expect(new Set(inOrder(trials, 7)).size).toBe(trials.length);
  });
});
