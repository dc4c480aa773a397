/** Goal: what runs of earlier releases have decided, today's code decides again: a release that could not go on with them is found before it is one. Method: stored histories, replayed. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../support/bundle.ts';
import { coverageSinks, keepCoverage } from '../support/coverage.ts';
import { beginOf, endings, type EndingName, endingNames, endOf } from './endings.ts';
import { readHistory, storedNames, storedReleases } from './store.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let workflowBundle: { readonly code: string };

beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
});

async function replay(history: History): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle, sinks: coverageSinks }, history, beginOf(history).workflowId);
  keepCoverage();
}

describe.each(storedReleases().map((release) => ({ release })))('the histories of $release', ({ release }) => {
  it.each(storedNames(release).map((name) => ({ name })))('$name goes on under the code of today', async ({ name }) => {
    await replay(readHistory(release, name));
  });
});

describe('the histories of the latest release', () => {
  const latest = storedReleases().at(-1) ?? '';

  it('show every ending; what lacks is made by npm run histories', () => {
    expect(storedNames(latest).toSorted()).toEqual(endingNames.toSorted());
  });

  it.each(endingNames.map((name) => ({ name })))('$name ended so', ({ name }) => {
    const history = readHistory(latest, name);
    const ending: (typeof endings)[EndingName] = endings[name];
    expect({ type: beginOf(history).type, end: endOf(history) }).toEqual({ type: ending.type, end: ending.end });
  });

  it('an incompatible one fails: it was begun by code that called another activity', async () => {
    const history = readHistory(latest, 'recovered');
    const first = history.events?.find((event) => event.activityTaskScheduledEventAttributes)?.activityTaskScheduledEventAttributes;
    if (!first?.activityType) throw new Error('The history has no activity.');
    first.activityType.name = 'loadAnotherPlan';
    await expect(replay(history)).rejects.toThrow(/TMPRL1100|nondeterminism/i);
  });
});
