/** Procedures that are swept, and how their sites are lost. The first of a procedure is the usual one; the others reach activities that it does not need. */
import type { ProcedureName } from '../../plan/catalogue/index.ts';
import type { Places } from '../../plan/rules/places.ts';
import { coldStart } from '../driven/cold-start.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import type { Start } from '../stage/drive.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../support/until.ts';

export interface Setting<Name extends ProcedureName = ProcedureName> extends Start<Name> {
  readonly name: string;
  readonly breakIt: (stage: Stage, places: Places) => Promise<void>;
}

async function killAll({ scenarios }: Stage, { failed }: Places): Promise<void> {
  for (const site of failed) await scenarios.control('kill', { site });
}

const ofTheFailover: readonly Setting<'regionalFailover'>[] = [
  { name: 'killed', driven: regionalFailover, breakIt: killAll },
  {
    // It answers all probes, and its own agent fences it.
    name: 'declared',
    driven: regionalFailover,
    change: { declaredFailed: { reason: 'The people who pay see errors.' } },
    breakIt: async () => {},
  },
  {
    name: 'behind',
    driven: regionalFailover,
    async breakIt(stage, places) {
      const { scenarios } = stage;
      await scenarios.control('fault/inject', { name: 'lag', site: places.target });
      const since = new Date().toISOString();
      await until('writes went on without the target', async () => ((await scenarios.figures(since)).acknowledgedWrites > 20 ? true : undefined), 30);
      await killAll(stage, places);
    },
  },
];

const ofTheColdStart: readonly Setting<'coldStart'>[] = [{ name: 'all killed', driven: coldStart, breakIt: killAll }];

export const settings: readonly Setting[] = [...ofTheFailover, ...ofTheColdStart];
