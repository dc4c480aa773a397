/** Coverage of code that runs in the workflows' sandbox, which vitest's own instruments do not reach. Does nothing unless vitest measures coverage. */
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import type { BundleOptions, InjectedSinks } from '@temporalio/worker';

/** Where vitest's istanbul provider keeps its counters, and where Temporal's tool looks for them. */
const store = globalThis as { __VITEST_COVERAGE__?: object; __coverage__?: object };
if (store.__VITEST_COVERAGE__) store.__coverage__ = {};
const coverage = new WorkflowCoverage();
export const measuring = store.__VITEST_COVERAGE__ !== undefined;

/** Options of a bundle whose workflows/ are instrumented; what they import is measured by vitest. */
export function measured(options: BundleOptions): BundleOptions {
  const augmented: BundleOptions = coverage.augmentBundleOptions(options);
  const hook = augmented.webpackConfigHook;
  if (!hook || hook === options.webpackConfigHook) return options;
  return {
    ...augmented,
    webpackConfigHook: (config) => {
      const hooked = hook(config);
      const rule = hooked.module?.rules?.at(-1);
      if (rule && typeof rule === 'object') rule.include = /[/\\]workflows[/\\]/;
      return hooked;
    },
  };
}

/** What a worker, or whoever runs the sandbox, hands over after each activation. */
export const coverageSinks = coverage.sinks as unknown as InjectedSinks<{ coverage: { merge(data: object): void } }>;

/** Adds what was measured to vitest's counters. A file that a test also runs outside the sandbox keeps vitest's own: counters of two instruments cannot be added. */
export function keepCoverage(): void {
  if (!store.__coverage__ || !store.__VITEST_COVERAGE__) return;
  coverage.mergeIntoGlobalCoverage();
  const counters = JSON.parse(JSON.stringify(store.__coverage__)) as Record<string, unknown>;
  const kept = store.__VITEST_COVERAGE__ as Record<string, unknown>;
  for (const [file, counter] of Object.entries(counters)) {
    if (file in kept && !own.has(file)) continue;
    own.add(file);
    kept[file] = counter;
  }
}
const own = new Set<string>();
