/** What the workers reach of an estate, as whom, and what they lack: `dr estate check`. Reads only, takes no lock. */
import { toolsFor } from '../engine/activity-proxies.ts';
import type { EstateCheck, EstateCheckInput } from '../wire/messages.ts';
import { mustRead } from '../engine/must-read.ts';
import { estateCheckInput } from '../wire/start-forms.ts';
import { makeEstateCheckWorkflowId } from '../wire/ids.ts';
import { openReadOnly } from '../engine/opening.ts';
import { now } from '../engine/clock.ts';

/** Longest time for one site, seconds. An unreachable site takes a few of the plan's time-outs. */
const siteBound = 60;

export async function estateCheck(input: EstateCheckInput): Promise<EstateCheck> {
  mustRead(estateCheckInput, input, 'an estate check');
  const { plan, run } = await openReadOnly(input, makeEstateCheckWorkflowId(input.estate));
  const sites = Object.keys(plan.estate.sites);
  const [shared, ...bySite] = await Promise.all([
    toolsFor('Look at what belongs to no site', siteBound).read.checkSharedAccess({ run }),
    ...sites.map((site) => toolsFor(`Look at ${site}`, siteBound).read.checkSiteAccess({ run, site })),
  ]);
  return { at: now(), planDigest: run.planDigest, sites: bySite, shared };
}
