/** The plan of the repository, with the runbook of the warm-up. */
import { stringify } from 'yaml';
import type { PlanSnapshot, Procedure } from '../../plan/schema.ts';
import { PlanCopy } from '../support/plan-copies.ts';
import { erlmcpPlan } from '../support/plans.ts';

export const who = ['jane-smith', 'john-doe'];
const step = (id: string, name: string): Procedure['steps'][number] => ({ id, name, bound: 'PT15M', critical: true, skippable: false });

export async function warmUpPlan(): Promise<PlanSnapshot> {
  const { plan, digest } = await erlmcpPlan();
  const { gates } = plan.procedures.regionalFailover;
  const runbook: Procedure = {
    title: 'Warm-up',
    section: 'none: planned work',
    steps: [
      step('activation', 'People choose the profile'),
      step('claim-epoch', 'Take the next epoch'),
      step('raise-capacity', 'Raise the capacity'),
      step('warm-caches', 'Fill the caches'),
      step('store-report', 'Store a copy of the report'),
    ],
    pointOfNoReturn: 'store-report',
    gates,
    watch: 'PT1M',
  };
  return { digest, plan: { ...plan, procedures: { ...plan.procedures, warmUp: runbook } } };
}

/** The same as a folder, for whoever reads one. */
export async function warmUpFolder(): Promise<PlanCopy> {
  const { warmUp: runbook } = (await warmUpPlan()).plan.procedures;
  const copy = await PlanCopy.of();
  await copy.change('procedures.yaml', /$/, `\n${stringify({ warmUp: runbook })}`.replaceAll('\n', '\n  ').trimEnd());
  return copy;
}
