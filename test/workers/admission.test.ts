/** Goal: an activity begins for whom it may, and for nobody else. Method: the check alone, with what Temporal and the agents would tell about each execution; the same for real: test/scenarios/hostile-client.test.ts. */
import { describe, expect, it } from 'vitest';
import { failure } from '../../activities/errors.ts';
import { createWorkerActivities } from '../../workers/activities.ts';
import { createAdmission, type AdmittedInfo } from '../../workers/admission.ts';
import type { Beginning, ExecutionId, Executions } from '../../workers/executions.ts';
import { readTypes } from '../../workflows/wire/ids.ts';
import { changeNames } from '../../workflows/wire/changes.ts';

const estate = 'shop';
const lock = 'recovery/shop';
const watchId = 'fence-on-return/shop/east';
const digest = 'a'.repeat(64);
const ours: Beginning = { type: 'regionalFailover', taskQueue: 'dr/shop', parent: null, reset: 'no' };
const parent = { workflowId: lock, runId: '1' };
const watch: Beginning = { ...ours, type: 'fenceOnReturn', parent };
const context = { runId: lock, execution: `${lock}@1`, planDigest: digest, from: 'east', epoch: 3 };

interface World {
  readonly beginning: Beginning;
  readonly open: boolean;
  readonly recovered: boolean;
  /** How the run that started a watch began; null when its history is gone. */
  readonly run: Beginning | null;
  /** What the agents say of the epoch. */
  readonly held: 'held' | 'newer' | 'silent';
}

function admit(info: Partial<AdmittedInfo>, given: unknown, world: Partial<World> = {}): Promise<void> {
  const { beginning = ours, open = true, recovered = true, run = ours, held = 'held' } = world;
  const executions: Executions = {
    beginningOf: async ({ workflowId, runId }) => (beginning.type === 'fenceOnReturn' && workflowId === lock && runId !== '2' ? run : beginning),
    isOpen: async () => open,
    hasRecovered: async () => recovered,
  };
  const mustHoldEpoch = async (): Promise<void> => {
    if (held !== 'held') throw failure(held === 'newer' ? 'stale-epoch' : 'transient', { happened: held, leftAs: 'Nothing was done.' });
  };
  const admission = createAdmission({ estate, executions, lenders: ['exercise'], holdsPlan: (asked) => asked === digest, mustHoldEpoch });
  const workflowExecution = { workflowId: beginning.type === 'fenceOnReturn' ? watchId : lock, runId: beginning.type === 'fenceOnReturn' ? '2' : '1' };
  return admission.admit({ activityType: 'fenceByAgent', workflowType: beginning.type, workflowExecution, ...info }, [given]);
}

const typeOf = (admitted: Promise<void>): Promise<string> =>
  admitted.then(
    () => 'admitted',
    (error: Error & { type?: string }) => error.type ?? error.message,
  );

const change = { run: context, site: 'east' };

describe('a run', () => {
  it.each<[string, Partial<AdmittedInfo>, unknown, Partial<World>, string]>([
    ['that holds the lock', {}, change, {}, 'admitted'],
    ['that has claimed no epoch', {}, { run: { ...context, epoch: 0 } }, {}, 'no-lock'],
    ['that claims its first epoch', { activityType: 'claimEpoch' }, { run: { ...context, epoch: 0 } }, {}, 'admitted'],
    ['that is over', {}, change, { open: false }, 'no-lock'],
    ['under another id', { workflowExecution: { workflowId: 'anything', runId: '1' } }, change, {}, 'no-lock'],
    ['of another estate', { workflowExecution: { workflowId: 'recovery/other', runId: '1' } }, change, {}, 'no-lock'],
    ['in the name of another execution', { workflowExecution: { workflowId: lock, runId: '9' } }, change, {}, 'no-lock'],
    ['in the name of another run', {}, { ...change, run: { ...context, runId: 'recovery/other' } }, {}, 'no-lock'],
    ['on another queue', {}, change, { beginning: { ...ours, taskQueue: 'mine' } }, 'no-lock'],
    ['that only calls itself one', {}, change, { beginning: { ...ours, type: 'mine' } }, 'no-lock'],
    ['of another type', { workflowType: 'mine' }, change, {}, 'no-lock'],
    ['that is a child', {}, change, { beginning: { ...ours, parent } }, 'no-lock'],
    ['that a reset made', {}, change, { beginning: { ...ours, reset: 'while it was open' } }, 'no-lock'],
    ['that a reset made, and that reads', { activityType: 'readAgents' }, { run: context }, { beginning: { ...ours, reset: 'while it was open' } }, 'no-lock'],
    ['that is dry', { workflowExecution: { workflowId: 'dry-run/shop', runId: '1' } }, { run: { ...context, runId: 'dry-run/shop', execution: 'dry-run/shop@1' } }, {}, 'no-lock'],
    ['that is dry and stores its report', { activityType: 'storeReport', workflowExecution: { workflowId: 'dry-run/shop', runId: '1' } }, { run: { ...context, runId: 'dry-run/shop', execution: 'dry-run/shop@1', epoch: 0 } }, {}, 'admitted'],
  ])('%s', async (_name, info, input, world, outcome) => {
    expect(await typeOf(admit(info, input, world))).toBe(outcome);
  }); // prettier-ignore
});

describe('a procedure under a lent lock', () => {
  const lentId = `${lock}/regionalFailover`;
  const lender: Beginning = { ...ours, type: 'exercise' };
  const run = { ...change.run, runId: lentId, execution: `${lentId}@2` };

  async function admitLent(
    parts: {
      readonly parent?: ExecutionId | null;
      readonly lender?: Beginning | null;
      readonly open?: { readonly lender?: boolean; readonly child?: boolean };
    } = {},
    activityType = 'fenceByAgent',
  ): Promise<string> {
    const { parent: by = parent, lender: how = lender, open = {} } = parts;
    const executions: Executions = {
      beginningOf: async ({ workflowId }) => (workflowId === lock ? how : { ...ours, parent: by }),
      isOpen: async ({ workflowId }) => (workflowId === lock ? open.lender !== false : open.child !== false),
      hasRecovered: async () => true,
    };
    const admission = createAdmission({ estate, executions, lenders: ['exercise'], holdsPlan: () => true, mustHoldEpoch: async () => undefined });
    const info = { activityType, workflowType: 'regionalFailover', workflowExecution: { workflowId: lentId, runId: '2' } };
    return typeOf(admission.admit(info, [{ run, site: 'east' }]));
  }

  it('may do what a run may, for as long as its lender is open', async () => {
    expect(await admitLent()).toBe('admitted');
    expect(await admitLent({ open: { lender: false } })).toBe('no-lock');
    expect(await admitLent({ open: { child: false } })).toBe('no-lock');
  });

  it.each<[string, Parameters<typeof admitLent>[0]]>([
    ['that nobody started', { parent: null }],
    ['that another workflow started', { parent: { workflowId: 'mine', runId: '1' } }],
    ['whose lender is no lender', { lender: { ...lender, type: 'mine' } }],
    ['whose lender is a run', { lender: ours }],
    ['whose lender runs elsewhere', { lender: { ...lender, taskQueue: 'mine' } }],
    ['whose lender was made by a reset', { lender: { ...lender, reset: 'while it was open' } }],
    ['whose lender Temporal does not know', { lender: null }],
  ])('%s may change nothing', async (_name, parts) => {
    expect(await admitLent(parts)).toBe('no-lock');
    // Nor ask the estate, and then people: it would end only when it would change something.
    expect(await admitLent(parts, 'readAgents')).toBe('no-lock');
  });
});

describe('the watch of a procedure under a lent lock', () => {
  const lentId = `${lock}/regionalFailover`;
  const run = { ...change.run, runId: lentId, execution: `${lentId}@2` };

  /** `by`: who had started that procedure. */
  async function admitWatch(by: ExecutionId): Promise<string> {
    const executions: Executions = {
      beginningOf: async ({ workflowId }) => (workflowId === lentId ? { ...ours, parent: by } : { ...watch, parent: { workflowId: lentId, runId: '2' } }),
      isOpen: async () => true,
      hasRecovered: async () => true,
    };
    const admission = createAdmission({ estate, executions, lenders: ['exercise'], holdsPlan: () => true, mustHoldEpoch: async () => undefined });
    const info = { activityType: 'fenceByAgent', workflowType: 'fenceOnReturn', workflowExecution: { workflowId: watchId, runId: '3' } };
    return typeOf(admission.admit(info, [{ run, site: 'east' }]));
  }

  it('acts for it, also when the lender has ended: it outlives both', async () => {
    expect(await admitWatch(parent)).toBe('admitted');
  });

  it('does nothing where another workflow had started that procedure', async () => {
    expect(await admitWatch({ workflowId: 'mine', runId: '1' })).toBe('no-lock');
  });
});

describe('a watch', () => {
  it.each<[string, Partial<AdmittedInfo>, unknown, Partial<World>, string]>([
    ['of a run that claimed the epoch', {}, change, { beginning: watch }, 'admitted'],
    ['that nobody started', {}, change, { beginning: { ...watch, parent: null } }, 'no-lock'],
    ['that another run started', {}, change, { beginning: { ...watch, parent: { workflowId: lock, runId: '9' } } }, 'no-lock'],
    ['that another workflow started', {}, change, { beginning: { ...watch, parent: { workflowId: 'mine', runId: '1' } } }, 'no-lock'],
    ['after a later run for another site', {}, change, { beginning: watch, held: 'newer' }, 'admitted'],
    ['that an impostor of a run started', {}, change, { beginning: watch, run: { ...ours, taskQueue: 'mine' } }, 'no-lock'],
    ['that a run started which a reset made', {}, change, { beginning: watch, run: { ...ours, reset: 'while it was open' } }, 'no-lock'],
    ['whose run is gone from Temporal, and holds the epoch', {}, change, { beginning: watch, run: null }, 'admitted'],
    ['whose run is gone, and whose epoch is another´s', {}, change, { beginning: watch, run: null, held: 'newer' }, 'no-lock'],
    ['whose run is gone, and whose epoch nobody confirms', {}, change, { beginning: watch, run: null, held: 'silent' }, 'transient'],
    ['of another site', {}, { ...change, site: 'west' }, { beginning: watch }, 'no-lock'],
    ['under another id', { workflowExecution: { workflowId: 'anything', runId: '2' } }, change, { beginning: watch }, 'no-lock'],
    ['that tells people', { activityType: 'notifyStakeholders' }, { run: context, values: {} }, { beginning: watch }, 'admitted'],
    ['that tells people, and that nobody started', { activityType: 'notifyStakeholders' }, { run: context, values: {} }, { beginning: { ...watch, parent: null } }, 'no-lock'],
    ['that changes something else', { activityType: 'promoteDatabase' }, change, { beginning: watch }, 'no-lock'],
    ['that is over', {}, change, { beginning: watch, open: false }, 'no-lock'],
    ['that was reset after its run recovered', {}, change, { beginning: { ...watch, reset: 'while it was open' } }, 'admitted'],
    ['that was reset after its run took everything back', {}, change, { beginning: { ...watch, reset: 'while it was open' }, recovered: false }, 'no-lock'],
    ['that was reset after it had ended', {}, change, { beginning: { ...watch, reset: 'after its end' } }, 'no-lock'],
    ['that reads by a plan that is here', { activityType: 'awaitReturn' }, change, { beginning: { ...watch, parent: null } }, 'admitted'],
    ['that reads by a plan of its own', { activityType: 'awaitReturn' }, { ...change, run: { ...context, planDigest: 'b'.repeat(64) } }, { beginning: { ...watch, parent: null } }, 'no-lock'],
  ])('%s', async (_name, info, input, world, outcome) => {
    expect(await typeOf(admit(info, input, world))).toBe(outcome);
  }); // prettier-ignore
});

describe('whoever else asks', () => {
  const admission = createAdmission({
    estate,
    lenders: [],
    holdsPlan: () => true,
    mustHoldEpoch: async () => undefined,
    executions: { beginningOf: async () => ours, isOpen: async () => true, hasRecovered: async () => true },
  });

  it('every activity that the worker has is refused to a workflow of another type, and where it is started by itself', async () => {
    // Nothing of what they are built with is used: none of them begins.
    const all = Object.keys(createWorkerActivities({ plans: {}, clock: {} } as never).activities);
    expect(all).toEqual(expect.arrayContaining(['loadPlan', 'readAgents', 'awaitReturn', 'checkSiteAccess', ...changeNames]));
    for (const activityType of all) {
      const theirs = { activityType, workflowType: 'theirs', workflowExecution: { workflowId: `recovery/${estate}`, runId: '1' } };
      for (const info of [theirs, { activityType }]) expect(await typeOf(admission.admit(info, [change])), activityType).toBe('no-lock');
    }
  });

  it.each(readTypes)('%s reads and changes nothing', async (type) => {
    const beginning = { ...ours, type };
    const info = { workflowExecution: { workflowId: `assessment/${estate}/east`, runId: '1' } };
    expect(await typeOf(admit({ ...info, activityType: 'readAgents' }, { run: context }, { beginning }))).toBe('admitted');
    expect(await typeOf(admit(info, change, { beginning }))).toBe('no-lock');
  });

  it.each<[string, unknown]>([
    ['no run', { site: 'east' }],
    ['a digest that is none', { run: { ...context, planDigest: 'none' } }],
    ['an epoch that is none', { run: { ...context, epoch: '3' } }],
    ['a site that is a path', { run: context, site: '../east' }],
    ['nothing', undefined],
    ['a number', 7],
    ['more than a report needs', { run: context, report: 'x'.repeat(1_600_000) }],
  ])('an input with %s is refused', async (_name, input) => {
    expect(['refused', 'no-lock']).toContain(await typeOf(admit({}, input)));
  });
});
