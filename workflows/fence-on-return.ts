/** Fences a site through its own agent when it comes back. Outlives the run that started it; a newer run or an undo ends it. */
import { condition, continueAsNew, isCancellation, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunContext } from '../activities/context.ts';
import type { PlanSnapshot, SiteId } from '../plan/schema.ts';
import { toolsFor } from './activity-proxies.ts';
import { planQuery, supersedeSignal } from './messages.ts';
import { describe, errorType } from './failures.ts';
import { openServers, provenPart } from './servers.ts';

export interface FenceOnReturnInput {
  /** Context of the run that fenced the site from afar; the fence is made under its epoch. */
  readonly run: RunContext;
  /** The plan of that run: workers that hold another ask for it here. */
  readonly snapshot: PlanSnapshot;
  readonly site: SiteId;
  /** How often the site is tried. */
  readonly pollSeconds: number;
}

export type FenceOnReturnResult = { readonly outcome: 'fenced'; readonly proof: string } | { readonly outcome: 'superseded'; readonly reason: string };

/** Longest time of one try, seconds. */
const tryBound = 60;

export async function fenceOnReturn(input: FenceOnReturnInput): Promise<FenceOnReturnResult> {
  const superseded: { reason: string | null } = { reason: null };
  setHandler(
    supersedeSignal,
    (message) => {
      superseded.reason = message?.reason ?? 'no reason was given';
    },
    { description: 'Ends this watch: the site is no longer to be fenced. {"reason"}' },
  );
  setHandler(planQuery, () => input.snapshot, { description: 'The plan under which the site is fenced.' });
  setCurrentDetails(`### ${input.site} will be fenced when it comes back\n\nTried every ${input.pollSeconds} s in the name of \`${input.run.runId}\`.`);
  while (superseded.reason === null) {
    const result = await tryOnce(input);
    if (result) return result;
    if (workflowInfo().continueAsNewSuggested && superseded.reason === null) await continueAsNew<typeof fenceOnReturn>(input);
    await condition(() => superseded.reason !== null, input.pollSeconds * 1000);
  }
  return { outcome: 'superseded', reason: superseded.reason };
}

/** One try; what it has begun comes to its end before a signal counts. Null when the site is not fenced yet: what no agent can close never is, and its service is kept stopped. */
async function tryOnce(input: FenceOnReturnInput): Promise<FenceOnReturnResult | null> {
  const { change } = toolsFor(`Fence ${input.site} if it is back`, tryBound);
  try {
    const fence = await change.fenceByAgent({ run: input.run, site: input.site });
    const open = openServers(input.snapshot.plan, input.site, [provenPart(fence) ?? fence]);
    if (open.length === 0) return { outcome: 'fenced', proof: fence.proof };
    setCurrentDetails(`### The ${open.join(' and the ')} of ${input.site} is not fenced yet\n\n${fence.proof}`);
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (errorType(error) === 'stale-epoch') return { outcome: 'superseded', reason: describe(error) };
    setCurrentDetails(`### ${input.site} is not fenced yet\n\n${describe(error)}`);
    return null;
  }
}
