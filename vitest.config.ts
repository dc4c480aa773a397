import { defineConfig } from 'vitest/config';

/** Tests that start a whole lab: one after the other, since a lab wants the machine for itself. */
const withLab = ['test/lab/**/*.test.ts', 'test/activities/**/*.test.ts', 'test/scenarios/**/*.test.ts', 'test/browser/**/*.test.ts'];

/** A customer gives up after 1 s, and a second lab on two cores takes longer than that at times: where not one call may fail, no other lab runs. */
const alone = ['test/scenarios/dry-run.test.ts'];

/** Whole failovers of dangerous shapes, ten minutes of one lab: `npm run test:estates`. */
const ordinaryEstates = ['test/scenarios/ordinary-estates.test.ts'];

/** Tests of a procedure that is added in a copy of the repository: they run there. */
const toAdd = ['test/toy/added/**'];

export default defineConfig({
  test: {
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
          exclude: [...withLab, ...toAdd],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'lab',
          include: withLab,
          exclude: [...ordinaryEstates, ...alone],
          pool: 'forks',
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
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'estates',
          include: ordinaryEstates,
          pool: 'forks',
          testTimeout: 180_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
