/**
 * Open workflows that cannot go on: their decisions fail, or will fail when the next one is due, which a query finds out before; or nobody works under the release to which they are bound, of which the server
 * itself says nothing. One that waits for a site decides nothing for as long as nothing happens, and must not be found out when the site returns. Used by `dr status` and by the worker's health.
 */
import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { isNotFound, startAWorker } from './errors.ts';
import { isOver } from './over.ts';
import { isMissing, type Queue, readQueue } from './pollers.ts';
import { pinnedTo } from './releases.ts';
import { estateOf, makeDryRunWorkflowId, taskQueuePrefix } from '../workflows/wire/ids.ts';
import { holdsLock, isLentId } from '../workflows/wire/lending.ts';

export interface StuckWorkflow {
  readonly workflowId: string;
  /** Workflow type, such as `fenceOnReturn`. */
  readonly type: string;
  /** When the decision that fails was due; RFC 3339, null while none is due. */
  readonly since: string | null;
  /** How often it was tried; 0 while none is due. */
  readonly tries: number;
  /** The worker's words. */
  readonly reason: string;
  /** The workers run other workflow code than it began with. */
  readonly incompatible: boolean;
  /** The release to which it is bound and that no worker polls for; null where that is not what keeps it. */
  readonly missingRelease: string | null;
  /** Who lent it the lock of its estate and has ended, so that it may change nothing any more; null where that is not what keeps it. */
  readonly lenderGone: string | null;
}

/** A worker that dies costs a decision one try, and another one takes it over. */
const triesOfOneDeath = 2;

/** The server takes a decision from its worker when a message came in with its last command, or more than a hundred meanwhile, and has it made anew: nothing failed. UNHANDLED_COMMAND, FORCE_CLOSE_COMMAND. */
const takenAway: ReadonlySet<temporal.api.enums.v1.WorkflowTaskFailedCause | null | undefined> = new Set([1, 17]);

/** What every workflow answers, from the SDK. */
const metadataQuery = '__temporal_workflow_metadata';
/** Longest wait for that answer, milliseconds. Without a worker none comes, and that is no sign of anything here. */
const queryWithin = 3_000;

/** So many are looked at, the latest ones, and so many at a time: an estate has a handful, and anybody may start workflows without end. */
const lookedAtMax = 200;
const atATime = 8;

/** All of them on our queues, as the server lists it: what was started within the last second may be missing. Throws what the SDK throws when the server does not answer. */
export async function findStuck(client: Client): Promise<readonly StuckWorkflow[]> {
  const open: WorkflowExecutionInfo[] = [];
  for await (const execution of client.workflow.list({
    query: `TaskQueue STARTS_WITH '${taskQueuePrefix}' AND ExecutionStatus = 'Running'`,
    pageSize: lookedAtMax,
  })) {
    if (estateOf(execution.workflowId) !== undefined) open.push(execution);
    if (open.length === lookedAtMax) break;
  }
  const stuck: StuckWorkflow[] = [];
  const queues = queuesOf(client);
  const waiting = open.values();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const execution of waiting) stuck.push(...(await lookAt(client, execution, queues)));
    }),
  );
  return stuck;
}

type Queues = (estate: string) => Promise<Queue>;

/** Each estate's queue, asked for once. */
function queuesOf(client: Client): Queues {
  const asked = new Map<string, Promise<Queue>>();
  return (estate) => {
    const answer = asked.get(estate) ?? readQueue(client, estate);
    asked.set(estate, answer);
    return answer;
  };
}

async function lookAt(client: Client, { workflowId, runId, type }: WorkflowExecutionInfo, queues: Queues): Promise<readonly StuckWorkflow[]> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const { status, raw } = await handle.describe();
  if (isOver(status.name)) return [];
  const task = raw.pendingWorkflowTask;
  const tries = task?.attempt ?? 1;
  const due = Number(task?.originalScheduledTime?.seconds ?? 0) * 1000;
  const since = due === 0 ? null : new Date(due).toISOString();
  const found = { workflowId, type, since, tries, incompatible: false, missingRelease: null, lenderGone: null };
  const lender = await lenderGone(client, workflowId, raw.workflowExecutionInfo?.parentExecution);
  if (lender !== null) return [{ ...found, tries: 0, reason: `${lender} has ended`, lenderGone: lender }];
  const bound = pinnedTo(raw.workflowExecutionInfo?.versioningInfo);
  if (bound !== null && isMissing(await queues(estateOf(workflowId) ?? ''), bound))
    return [{ ...found, tries: 0, reason: `no worker of release ${bound} is there`, missingRelease: bound }];
  const failing = tries > 1 ? await failureOf(handle, tries) : undefined;
  if (failing !== undefined) return [{ ...found, reason: failing, incompatible: isIncompatible(failing) }];
  const foreseen = await failureOfQuery(client, handle);
  return foreseen === undefined ? [] : [{ ...found, since: null, tries: 0, reason: foreseen, incompatible: true }];
}

/** Who lent a procedure the lock of its estate, where that has ended. */
async function lenderGone(
  client: Client,
  workflowId: string,
  parent: { workflowId?: string | null; runId?: string | null } | null | undefined,
): Promise<string | null> {
  const estate = estateOf(workflowId);
  if (estate === undefined || !isLentId(workflowId, estate) || !parent?.workflowId) return null;
  const name = `${parent.workflowId}@${parent.runId ?? ''}`;
  try {
    const { status } = await client.workflow.getHandle(parent.workflowId, parent.runId ?? undefined).describe();
    return isOver(status.name) ? name : null;
  } catch (error) {
    if (isNotFound(error)) return name;
    throw error;
  }
}

async function failureOf(handle: WorkflowHandle, tries: number): Promise<string | undefined> {
  const { events } = await handle.fetchHistory();
  // The server writes down the first failure alone; what people and timers add may stand after it.
  const last = events?.findLast((event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskCompletedEventAttributes);
  const failed = last?.workflowTaskFailedEventAttributes;
  if (takenAway.has(failed?.cause)) return undefined;
  if (!failed && tries <= triesOfOneDeath) return undefined;
  return firstLine(failed?.failure?.message) ?? 'no worker has brought it to an end in time';
}

/** A worker that answers goes through the whole history, under the code that it has. */
async function failureOfQuery(client: Client, handle: WorkflowHandle): Promise<string | undefined> {
  try {
    await client.withDeadline(Date.now() + queryWithin, () => handle.query(metadataQuery));
    return undefined;
  } catch (error) {
    const reason = firstLine((error as Error).message) ?? '';
    return isIncompatible(reason) ? reason : undefined;
  }
}

function isIncompatible(reason: string): boolean {
  return /TMPRL1100|nondeterminism/i.test(reason);
}

function firstLine(text: string | null | undefined): string | undefined {
  return text?.split('\n')[0]?.slice(0, 300);
}

/** What it means, and what to do, for people. */
export function explainStuck(stuck: StuckWorkflow): string {
  if (stuck.missingRelease !== null) return explainMissing(stuck, stuck.missingRelease);
  if (stuck.lenderGone !== null)
    return `${stuck.workflowId} may change nothing any more: ${stuck.lenderGone}, which lent it the lock of its estate, has ended. Everything is as it left it. HINT: See what it has changed by "dr status --run ${stuck.workflowId}", end it by "temporal workflow cancel --workflow-id ${stuck.workflowId}", and start a run of its own if the estate is to be put right.`;
  const { workflowId, type, since, tries, reason, incompatible } = stuck;
  const fails = tries === 0 ? 'its next decision will fail' : `its decision fails since ${since}, ${tries} tries so far`;
  const what = `${workflowId} cannot go on: ${fails} (${reason}).`;
  const why = incompatible ? ' The workers run other workflow code than it began with.' : '';
  const meaning = type === 'fenceOnReturn' ? ' THE SITE THAT IT WAITS FOR IS NOT FENCED WHEN IT COMES BACK.' : ' It does nothing more until it goes on.';
  const reset = `temporal workflow reset --workflow-id ${workflowId} --type FirstWorkflowTask --reason "new release"`;
  const next =
    type === 'fenceOnReturn'
      ? ` HINT: Let it begin anew under the code that runs: ${reset}`
      : ' HINT: Start a worker of the release that it began with, and no other; never reset a run.';
  return `${what}${why}${meaning}${next} (docs/operations.md, "Open workflows at a release")`;
}

/** Only ways out that are safe: binding a run to another release runs code on a history that other code began (docs/operations.md). */
function explainMissing({ workflowId, type, since }: StuckWorkflow, release: string): string {
  const estate = estateOf(workflowId) ?? '';
  const waits = since === null ? '' : ` A decision waits since ${since}.`;
  const what = `${workflowId} cannot go on: it goes on under release ${release} alone, and no worker of that is there.${waits} It does nothing more, and its clocks run on.`;
  // A watch moves by itself from its first decision on; before that the server keeps it where its run is, and afterwards where somebody has bound it.
  if (type === 'fenceOnReturn')
    return `${what} THE SITE THAT IT WAITS FOR IS NOT FENCED WHEN IT COMES BACK. HINT: Let it go on under the current release: temporal workflow update-options --workflow-id ${workflowId} --versioning-override-behavior auto_upgrade`;
  if (!holdsLock(type) || workflowId === makeDryRunWorkflowId(estate))
    return `${what} HINT: It changes nothing: temporal workflow terminate --workflow-id ${workflowId} --reason "its release is gone"`;
  const anew = `if nobody can, look at what it has changed by "dr status --run ${workflowId}", end it by "temporal workflow terminate --workflow-id ${workflowId}", and start a new run, which goes on from what it finds.`;
  return `${what} HINT: ${startAWorker(release)}; ${anew} (docs/operations.md, "Open workflows at a release")`;
}
