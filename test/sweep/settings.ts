/** How the region is lost. The first is the usual one; the others reach activities that it does not need. */
import { failed, target } from '../scenarios/scenarios.ts';
import type { Start } from '../stage/drive.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../support/until.ts';

export interface Setting {
  readonly name: string;
  readonly breakIt: (stage: Stage) => Promise<void>;
  readonly start: Start;
}

export const settings: readonly Setting[] = [
  { name: 'killed', start: {}, breakIt: async ({ scenarios }) => void (await scenarios.control('kill', { site: failed })) },
  {
    // It answers all probes, and its own agent fences it.
    name: 'declared',
    start: { declaredFailed: { reason: 'The people who pay see errors.' } },
    breakIt: async () => {},
  },
  {
    name: 'behind',
    start: {},
    async breakIt({ scenarios }) {
      await scenarios.control('fault/inject', { name: 'lag', site: target });
      const since = new Date().toISOString();
      await until('writes went on without the target', async () => ((await scenarios.figures(since)).acknowledgedWrites > 20 ? true : undefined), 30);
      await scenarios.control('kill', { site: failed });
    },
  },
];
