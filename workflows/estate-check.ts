/** What the workers reach of an estate, as whom, and what they lack: `dr estate check`. Reads only, takes no lock. */
import { workflowInfo } from '@temporalio/workflow';
import { toolsFor } from './activity-proxies.ts';
import type { EstateCheck, EstateCheckInput } from './messages.ts';

/** Longest time for one site, seconds. An unreachable site takes a few of the plan's time-outs. */
const siteBound = 60;

export async function estateCheck(input: EstateCheckInput): Promise<EstateCheck> {
  const { plan, digest } = await toolsFor('Load the plan', siteBound).read.loadPlan(input.planDigest === undefined ? {} : { expectedDigest: input.planDigest });
  const { workflowId, runId } = workflowInfo();
  const run = { runId: workflowId, execution: `${workflowId}@${runId}`, planDigest: digest, epoch: 0 };
  const sites = Object.keys(plan.estate.sites);
  const [shared, ...bySite] = await Promise.all([
    toolsFor('Look at what belongs to no site', siteBound).read.checkSharedAccess({ run }),
    ...sites.map((site) => toolsFor(`Look at ${site}`, siteBound).read.checkSiteAccess({ run, site })),
  ]);
  return { at: new Date().toISOString(), planDigest: digest, sites: bySite, shared };
}
