/** Fences a site through its own agent when it comes back. Outlives the run that started it; a newer run, an undo or a failback ends it. */
import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RunContext } from '../activities/context.ts';
import type { SiteId } from '../plan/schema.ts';
import { toolsFor } from './activity-proxies.ts';
import { supersedeSignal } from './messages.ts';
import { describe, errorType } from './run.ts';

export interface FenceOnReturnInput {
  /** Context of the run that fenced the site by replication; the fence is made under its epoch. */
  readonly run: RunContext;
  readonly estate: string;
  readonly site: SiteId;
  /** How often the site is tried. */
  readonly pollSeconds: number;
}

export type FenceOnReturnResult = { readonly outcome: 'fenced'; readonly proof: string } | { readonly outcome: 'superseded'; readonly reason: string };

export async function fenceOnReturn(input: FenceOnReturnInput): Promise<FenceOnReturnResult> {
  let superseded: string | null = null;
  setHandler(
    supersedeSignal,
    ({ reason }) => {
      superseded = reason;
    },
    { description: 'Ends this watch: the site is no longer to be fenced.' },
  );
  setCurrentDetails(`### ${input.site} will be fenced when it comes back\n\nTried every ${input.pollSeconds} s in the name of \`${input.run.runId}\`.`);
  const { change } = toolsFor(`Fence ${input.site} if it is back`, 60);
  while (superseded === null) {
    try {
      const fence = await change.fenceByAgent({ run: input.run, site: input.site });
      if (fence.proven) return { outcome: 'fenced', proof: fence.proof };
    } catch (error) {
      if (errorType(error) === 'stale-epoch') return { outcome: 'superseded', reason: describe(error) };
      setCurrentDetails(`### ${input.site} answers but is not fenced yet\n\n${describe(error)}`);
    }
    if (workflowInfo().continueAsNewSuggested && superseded === null) await continueAsNew<typeof fenceOnReturn>(input);
    await condition(() => superseded !== null, input.pollSeconds * 1000);
  }
  return { outcome: 'superseded', reason: superseded };
}
