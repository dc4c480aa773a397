import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests that start a lab, whole or in part, or a browser with a server: few at a time, since a lab's customers give up after 1 s. */
const withLab = ['test/lab/**/*.test.ts', 'test/scenarios/**/*.test.ts', 'test/browser/**/*.test.ts'];

/** A customer gives up after 1 s, and a second lab on two cores takes longer than that at times: where not one call may fail, no other lab runs. */
const alone = ['test/scenarios/dry-run.test.ts'];

/** Whole failovers of dangerous shapes, and those whose rule others prove already: `npm run test:estates`. */
const estates = ['test/scenarios/ordinary-estates.test.ts', 'test/scenarios/further.test.ts'];

/** Tests of a procedure that is added in a copy of the repository: they run there. */
const toAdd = ['test/toy/added/**'];

/** Rules on random cases: how many they are is said by the environment. */
const random = ['test/simulation/random-schedules.test.ts', 'test/plan/fuzz/fuzz.test.ts'];

/** Rules that take longest, or wait for real seconds most of the time; by duration, the longest first. */
const long = [
  'test/workers/releases.test.ts',
  'test/zoo/estate-servers.test.ts',
  'test/zoo/estate.test.ts',
  'test/simulation/interruptions.test.ts',
  'test/simulation/cold-start.test.ts',
  'test/site-agent/afterwards.test.ts',
  'test/workers/stuck.test.ts',
  'test/toy/toy.test.ts',
  ...random,
  'test/zoo/draws.test.ts',
  'test/temporal-docker/image.test.ts',
  'test/site-agent/agent.test.ts',
  'test/site-agent/locks.test.ts',
  'test/workers/long-decision.test.ts',
  'test/client/unanswered-vote.test.ts',
  'test/simulation/month.test.ts',
  'test/client/flooded.test.ts',
  'test/zoo/access-file-fuzz.test.ts',
];

/**
 * The order in which files begin, by what they take on a quiet machine, the longest first, so that no worker sits with one of them while the others have nothing left to do. What is not here takes less than half a
 * minute and comes after. A new file that takes longer belongs here.
 */
const inOrder = [
  'test/workers/releases.test.ts',
  'test/site-restore/contract.test.ts',
  ...long.slice(1, 5),
  'test/site-restore/pitfalls.test.ts',
  'test/site-restore/trees.test.ts',
  'test/site-restore/trees-pitfalls.test.ts',
  'test/site-restore/cache-pitfalls.test.ts',
  'test/site-restore/cache.test.ts',
  'test/activities/access/needs.test.ts',
  'test/activities/error-law.test.ts',
  'test/workflows/procedures/cold-start.test.ts',
  'test/activities/stack/cloudformation.test.ts',
  'test/workflows/procedures/cold-start-infrastructure.test.ts',
  'test/workflows/procedures/endings.test.ts',
  'test/workflows/engine/jobs.test.ts',
  'test/workers/process.test.ts',
  ...long.slice(5),
  // Of the lab.
  'test/scenarios/routes.test.ts',
  'test/scenarios/stale-worker.test.ts',
  'test/scenarios/isolation.test.ts',
  'test/scenarios/data-faults.test.ts',
  'test/scenarios/hostile-client.test.ts',
  'test/scenarios/skew.test.ts',
  'test/scenarios/bad-input.test.ts',
  'test/scenarios/site-clock.test.ts',
  'test/scenarios/failover.test.ts',
  'test/scenarios/drivers.test.ts',
  'test/scenarios/beyond.test.ts',
  'test/scenarios/stock-client.test.ts',
  'test/lab/lab.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (inOrder.findIndex((file) => moduleId.endsWith(`/${file}`)) + inOrder.length + 1) % (inOrder.length + 1);
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

/** `npm run test:quick`: rules without those that take long and without the zoo, on fewer random cases. */
const isQuick = process.env['DR_TIER'] === 'quick';
const notQuick = [...long.filter((file) => !random.includes(file)), 'test/zoo/**'];
const fewer = { DR_SCHEDULES: '60', DR_MUTANTS: '60', DR_MESSAGES: '5' };

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    // The SDK's native bridge does not bear threads.
    pool: 'forks',
    reporters: ['default', './test/support/reporter.ts'],
    coverage: {
      // Workflows run in a sandbox, where only istanbul's counters reach.
      provider: 'istanbul',
      include: ['plan/**/*.ts', 'report/**/*.ts', 'workflows/**/*.ts', 'activities/**/*.ts', 'client/**/*.ts', 'workers/**/*.ts'],
      reporter: ['text', 'html'],
    },
    projects: [
      {
        test: {
          name: 'rules',
          include: ['test/**/*.test.ts'],
          exclude: [...withLab, ...toAdd, ...(isQuick ? notQuick : [])],
          env: isQuick ? fewer : {},
          pool: 'forks',
          // One more than processors where tests are tried: some wait most of the time.
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'lab',
          include: withLab,
          exclude: [...estates, ...alone],
          pool: 'forks',
          // A lab with its run takes more than half a core: three of them are slower than two, and their customers give up.
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'estates',
          include: estates,
          // One lab at a time.
          maxWorkers: 1,
          pool: 'forks',
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
