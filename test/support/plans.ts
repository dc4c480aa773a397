/** Plans of this repository, as runs in tests work on them. */
import { fileURLToPath } from 'node:url';
import { loadPlan } from '../../plan/load.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';

/** The plan of the repository. */
export const erlmcpPlan = (): Promise<PlanSnapshot> => testPlan('plan/erlmcp');

/** Evidence stays fresh for 5 minutes, so that a gate that expires takes few rounds. */
export async function testPlan(folder: string): Promise<PlanSnapshot> {
  const { plan, digest } = await loadPlan(fileURLToPath(new URL(`../../${folder}`, import.meta.url)));
  const detection = { ...plan.estate.detection, evidenceMaxAge: 'PT5M' };
  return { digest, plan: { ...plan, estate: { ...plan.estate, detection } } };
}
