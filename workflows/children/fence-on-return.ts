/** Fences a site through its own agent when it comes back. Outlives the run that started it; a newer run, an undo or people end it by cancelling it: no signal does, since whoever may vote may send one. */
import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { Fence } from '../../activities/fencing/port.ts';
import type { Standing } from '../../activities/detection/port.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { PlanSnapshot } from '../../plan/schema.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { now } from '../engine/clock.ts';
import { readMessage, supersedeForm } from '../wire/message-forms.ts';
import { planQuery, supersedeSignal } from '../wire/messages.ts';
import { listenForSignals } from '../engine/signals.ts';
import { mustRead } from '../engine/must-read.ts';
import { watchInput } from '../wire/start-forms.ts';
import { readMayHeal } from '../engine/until-bound.ts';
import { describe, errorType } from '../engine/failures.ts';
import { type LostSite, type Told, tellBeyond } from './beyond.ts';
import { waitingDetails } from './watch-details.ts';
import { openServers, provenPart } from '../estate/servers.ts';

export interface FenceOnReturnInput extends LostSite {
  /** The plan of that run: workers that hold another ask for it here. */
  readonly snapshot: PlanSnapshot;
  /** How often the site is looked at. */
  readonly pollSeconds: number;
  /** Where the wait is, when it goes on in a new history; absent at its start. */
  readonly wait?: Wait;
}

export type FenceOnReturnResult = ({ readonly outcome: 'fenced'; readonly proof: string } & Told) | { readonly outcome: 'superseded'; readonly reason: string };

interface Wait {
  /** What the site said when it was last looked at; null before the first look. */
  readonly standing: Standing | null;
  /** How long it may go on saying so until it is tried again, seconds. */
  readonly pauseSeconds: number;
  readonly tries: number;
  /** Why it is not fenced yet, and since when; RFC 3339. */
  readonly because: string;
  readonly since: string;
  /** Looks in a row that failed for good; absent in the input of an older release. */
  readonly failedLooks?: number;
}

const byWhomever = 'by people, since no run has said why';
const notLookedAt = 'it was not looked at yet';
/** Longest time of one try, seconds. */
const tryBound = 60;
/** Longest pause between two tries of a site that says the same all the time: what it says is looked at all the while. */
const pauseSecondsMax = 3600;
/** A silent site is not tried, only looked at: nothing could come of a try. */
const silenceSecondsMax = 24 * 3600;
/** Longest time of one look that finds nothing new. */
const lookSecondsMax = 7 * 24 * 3600;
/** Events after which the wait goes on in a new history: what is kept, sent and replayed stays small. */
const historyEventsMax = 1_000;

export async function fenceOnReturn(input: FenceOnReturnInput): Promise<FenceOnReturnResult> {
  mustRead(watchInput, input, 'a watch');
  const superseded: Superseded = { reason: null };
  let said = byWhomever;
  CancellationScope.current().cancelRequested.catch(() => (superseded.reason = `It was cancelled: ${said}.`));
  const saysWhy = (message: unknown): void => {
    const read = readMessage(supersedeForm, message);
    if (read.ok) said = read.value.reason;
  };
  const description = 'Says why this watch is about to be cancelled. By itself it ends nothing. {"reason"}';
  listenForSignals([{ name: supersedeSignal.name, take: saysWhy, description }], () => undefined);
  setHandler(planQuery, () => input.snapshot, { description: 'The plan under which the site is fenced.' });
  // What has begun comes to its end.
  return CancellationScope.nonCancellable(() => watch(input, superseded));
}

// It may wait for weeks, longer than anybody keeps a release: it goes on under the one that is current. A run never does.
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, fenceOnReturn);

async function watch(input: FenceOnReturnInput, superseded: Superseded): Promise<FenceOnReturnResult> {
  let wait = input.wait ?? { standing: null, pauseSeconds: tryBound, tries: 0, because: notLookedAt, since: now() };
  let look: Look | null = null;
  for (;;) {
    if (superseded.reason !== null) return { outcome: 'superseded', reason: superseded.reason };
    if (workflowInfo().historyLength > historyEventsMax) await continueAsNew<typeof fenceOnReturn>({ ...input, wait });
    tell(input, wait);
    look ??= lookForNews(input, wait.standing);
    const news = await newsWithin(look, wait.pauseSeconds, superseded);
    if (superseded.reason !== null) continue;
    if (news !== 'none yet') look = null;
    if (news !== 'none yet' && 'failed' in news) {
      wait = notSeen(wait, news.failed);
      await untilNextLook(input, wait, superseded);
      continue;
    }
    const standing = news === 'none yet' ? wait.standing : news;
    const found = standing?.answers ? await tryOnce(input) : (standing?.says ?? notLookedAt);
    if (typeof found !== 'string') return 'proven' in found ? { outcome: 'fenced', proof: found.proof, ...(await tellBeyond(input, found)) } : found;
    wait = next(input, wait, standing, found);
  }
}

type Superseding = Extract<FenceOnReturnResult, { outcome: 'superseded' }>;

interface Superseded {
  reason: string | null;
}

/** A look that ended without news, and why it failed: null where it only lasted as long as one may. The next one begins anew. */
interface FailedLook {
  readonly failed: string | null;
}
type Look = Promise<Standing | FailedLook>;

/** One activity for as long as the site says the same, however often it is tried meanwhile. */
function lookForNews({ run, site, pollSeconds: everySeconds }: FenceOnReturnInput, standing: Standing | null): Look {
  const { read } = toolsFor(`Look whether ${site} is back`, lookSecondsMax);
  return read.awaitReturn({ run, site, everySeconds, ...(standing ? { unlike: standing.says } : {}) }).catch((error: unknown) => {
    if (isCancellation(error)) throw error;
    // What is transient was tried all the while, and what a silent site says is told so too.
    return { failed: readMayHeal(error) ? null : withoutHint(describe(error)) };
  });
}

/** What the site says when that is something new; `none yet` when it goes on saying the same for the whole pause, or the watch is to end. */
async function newsWithin(look: Look, pauseSeconds: number, superseded: Superseded): Promise<Standing | FailedLook | 'none yet'> {
  const pauses = new CancellationScope();
  const pause = pauses.run(() => condition(() => superseded.reason !== null, pauseSeconds * 1000)).then(() => 'none yet' as const);
  try {
    return await Promise.race([look, pause]);
  } finally {
    pauses.cancel();
  }
}

/** What is known of the site stays as it was. */
function notSeen(wait: Wait, why: string | null): Wait {
  if (why === null) return { ...wait, failedLooks: 0 };
  const because = `it could not be looked at: ${why}`;
  return { ...wait, because, since: because === wait.because ? wait.since : now(), failedLooks: (wait.failedLooks ?? 0) + 1 };
}

/** As often as a site is looked at, and more and more seldom where that comes to nothing each time. */
async function untilNextLook(input: FenceOnReturnInput, wait: Wait, superseded: Superseded): Promise<void> {
  const pauseSeconds = Math.min(input.pollSeconds * 2 ** Math.max(0, (wait.failedLooks ?? 0) - 1), pauseSecondsMax);
  tell(input, wait, new Date(Date.now() + pauseSeconds * 1000).toISOString());
  await condition(() => superseded.reason !== null, pauseSeconds * 1000);
}

/** A site that says the same and cannot be closed is tried more and more seldom; one that says something new is tried at once, and soon again. */
function next({ pollSeconds }: FenceOnReturnInput, wait: Wait, standing: Standing | null, because: string): Wait {
  const same = standing?.says === wait.standing?.says;
  const pauseSeconds = standing?.answers === false ? silenceSecondsMax : Math.min(same ? 2 * wait.pauseSeconds : pollSeconds, pauseSecondsMax);
  const tries = wait.tries + (standing?.answers ? 1 : 0);
  return { standing, pauseSeconds, tries, because, since: because === wait.because ? wait.since : now() };
}

/** `nextLookAt` where none goes on. */
function tell({ site, run, pollSeconds }: FenceOnReturnInput, { because, since, tries, pauseSeconds, standing }: Wait, nextLookAt: string | null = null): void {
  const againWithinSeconds = standing?.answers ? pauseSeconds : null;
  setCurrentDetails(waitingDetails({ site, runId: run.runId, pollSeconds, because, since, tries, againWithinSeconds, nextLookAt }));
}

/** One try; what it has begun comes to its end before a signal counts. A sentence when the site is not fenced yet: what no agent can close never is, and its service is kept stopped. */
async function tryOnce(input: FenceOnReturnInput): Promise<Fence | Superseding | string> {
  const { changeOnce } = toolsFor(`Fence ${input.site} if it is back`, tryBound);
  try {
    const fence = await changeOnce.fenceByAgent({ run: input.run, site: input.site });
    const open = openServers(input.snapshot.plan, input.site, [provenPart(fence) ?? fence]);
    if (open.length === 0) return fence;
    return `the ${open.join(' and the ')} there is not fenced. ${fence.proof}`;
  } catch (error) {
    if (isCancellation(error)) throw error;
    // One that cannot show its run stays, for people to see: nobody else fences the site.
    if (errorType(error) === 'stale-epoch') return { outcome: 'superseded', reason: describe(error) };
    return describe(error);
  }
}
