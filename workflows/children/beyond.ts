/** When a lost site is back and fenced: what only its database committed is counted, and told to people. Neither keeps the fence from having been made. */
import { isCancellation, setCurrentDetails } from '@temporalio/workflow';
import type { RunContext } from '../../activities/context.ts';
import type { Fence } from '../../activities/fencing/port.ts';
import { cutText } from '../../plan/rules/cut.ts';
import { type CountedBeyond, describeBeyond, lsnOf } from '../../plan/rules/beyond.ts';
import type { MessageValues } from '../../plan/rules/messages.ts';
import type { SiteId } from '../../plan/schema.ts';
import { mailValueLengthMax } from '../../report/media/mail.ts';
import { toolsFor } from '../engine/activity-proxies.ts';
import { describe } from '../engine/failures.ts';
import { fencedDetails } from './watch-details.ts';

/** A site that was fenced from afar. */
export interface LostSite {
  /** Context of the run that fenced it; what is done there is done under its epoch. */
  readonly run: RunContext;
  readonly site: SiteId;
  /** Site of the new primary, and when the old one was first seen to fail (RFC 3339); absent in watches of an older release. */
  readonly target?: SiteId;
  readonly failedSince?: string;
  /** Last position of the old database that the new primary has, by the fence from afar; absent where none was proven. */
  readonly fencedPositionBytes?: number;
}

export interface Told {
  /** What the old database committed that the new primary does not have, in sentences for people; absent where no position is known from which to count. */
  readonly beyond?: string;
  /** The same in figures. Absent in the results of older releases. */
  readonly counted?: CountedBeyond;
  /** Why the stakeholders were not told; absent when they were. */
  readonly notTold?: string;
}

/** The agent reads for 40 s at most; a site that has just come back may be silent again. */
const countSeconds = 600;
const tellSeconds = 600;
const inTheReport = 'see the report';

export async function tellBeyond(input: LostSite, fence: Fence): Promise<Told> {
  const counted = await count(input, fence);
  if (counted === null) {
    setCurrentDetails(fencedDetails(input.site, fence.proof));
    return {};
  }
  const beyond = describeBeyond(input.site, counted);
  setCurrentDetails(fencedDetails(input.site, fence.proof, beyond));
  const notTold = await tell(input, beyond);
  return { beyond, counted, ...(notTold === null ? {} : { notTold }) };
}

async function count({ run, site, target, fencedPositionBytes }: LostSite, { positionBytes }: Fence): Promise<CountedBeyond | null> {
  const { read } = toolsFor(`Count what only the database of ${site} committed`, countSeconds);
  const known = {
    ...(target === undefined ? {} : { target }),
    ...(fencedPositionBytes === undefined ? {} : { fencedPositionBytes }),
    ...(positionBytes === undefined ? {} : { lastPositionBytes: positionBytes }),
  };
  try {
    return await read.countBeyond({ run, site, ...known });
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (fencedPositionBytes === undefined) return null;
    const bytes = positionBytes === undefined ? {} : { bytes: Math.max(0, positionBytes - fencedPositionBytes) };
    return { from: lsnOf(fencedPositionBytes), basis: 'standbys left', ...bytes, rows: { notCounted: describe(error) } };
  }
}

/** By the template of the run's own message. Null when it was sent. */
async function tell(input: LostSite, beyond: string): Promise<string | null> {
  const { run, site, target = 'the new primary', failedSince = inTheReport } = input;
  const values: MessageValues = {
    incidentId: run.runId,
    status: `${site} is back and fenced`,
    from: site,
    to: target,
    failedSince,
    duration: inTheReport,
    loss: cutText(beyond, mailValueLengthMax),
    nextSteps: `Take over what is missing, then rebuild ${site} as a standby.`,
  };
  try {
    await toolsFor(`Tell the stakeholders what only ${site} committed`, tellSeconds).change.notifyStakeholders({
      run,
      values,
      about: 'what only the old primary committed',
    });
    return null;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return describe(error);
  }
}
