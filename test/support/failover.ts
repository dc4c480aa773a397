/** Regional failovers of the model estate as tests drive them (runs.ts). */
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { RegionalFailoverInput } from '../../workflows/wire/regional-failover.ts';
import { regionalFailover } from '../driven/regional-failover.ts';
import type { FakeEstate } from '../model/estate.ts';
import * as runs from './runs.ts';

export { changedPlan, electorate, endOf, estate, openGate, places, plan, rig, vote } from './runs.ts';
export type Handle = runs.Handle<'regionalFailover'>;

/** Call once in a test file. */
export const useFailovers = (load?: () => Promise<PlanSnapshot>): void => runs.useRuns(regionalFailover, load);

export const start = (change: Partial<RegionalFailoverInput> = {}, workflowId?: string): Promise<Handle> => runs.startRun(regionalFailover, change, workflowId);

/** The estate of this test, under a plan that lets a regional failover go to this site. */
export function withTarget(id: string): FakeEstate {
  const sites = runs.plan.plan.sites.map((site) => (site.id === id ? { ...site, targetOf: ['regionalFailover' as const] } : site));
  return runs.underPlan({ ...runs.plan.plan, sites });
}
