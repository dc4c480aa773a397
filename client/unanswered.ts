/** A vote that was sent and that no worker has answered: where it is, and until when it may still count. */
import type { Client } from '@temporalio/client';
import { openGateMemo, type OpenGateMemo } from '../workflows/wire/ids.ts';
import type { Vote } from '../workflows/wire/messages.ts';
import { DrError, startAWorker } from './errors.ts';
import { isOver } from './over.ts';
import { pinnedTo } from './releases.ts';

const lookWithin = 2_000;

/**
 * Asks Temporal itself, which answers without a worker. `waitedMilliseconds`: how long the vote was waited for. A run that has ended meanwhile is `ended`, a server that is silent as
 * well `no-server`; else `no-worker`.
 */
export async function unansweredVote(client: Client, runId: string, vote: Vote, waitedMilliseconds: number, cause: unknown): Promise<DrError> {
  const look = () => client.workflow.getHandle(runId).describe();
  const run = await client.withDeadline(Date.now() + lookWithin, look).catch(() => undefined);
  if (!run)
    return new DrError('no-server', `Temporal did not answer in ${waitedMilliseconds / 1000} s. Whether it has your vote is not known.`, {
      hint: `Look before you vote again: dr status --run ${runId}`,
      runId,
      cause,
    });
  if (isOver(run.status.name))
    return new DrError('ended', `The run ${runId} has ended; your vote changed nothing.`, {
      hint: `Read how it ended: dr report --run ${runId}`,
      runId,
      cause,
    });
  const open = readOpenGate(run.memo?.[openGateMemo]);
  const waits = `No worker answered in ${waitedMilliseconds / 1000} s. Your vote is with Temporal and counts`;
  return new DrError('no-worker', `${waits} ${condition(open, vote)}. Do not vote again.`, {
    hint: startAWorker(pinnedTo(run.raw?.workflowExecutionInfo?.versioningInfo)),
    runId,
    cause,
  });
}

/** Whoever started the run may have written a memo of that name. */
function readOpenGate(memo: unknown): OpenGateMemo | undefined {
  const { gate, deadlineAt } = (memo ?? {}) as Partial<Record<keyof OpenGateMemo, unknown>>;
  return typeof gate === 'string' && typeof deadlineAt === 'string' ? { gate, deadlineAt } : undefined;
}

function condition(open: OpenGateMemo | undefined, vote: Vote): string {
  const known = open?.gate === vote.gate && Date.parse(open.deadlineAt) > Date.now();
  // The run's own word is the last that it gave; it may have gone on to another question since.
  return known
    ? `if a worker starts before ${open.deadlineAt.slice(11, 19)}Z`
    : `if a worker starts while ${vote.gate} is open; until when that is, is not known without one`;
}
