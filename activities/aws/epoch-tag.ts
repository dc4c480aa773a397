/**
 * The epoch at a resource of AWS. No AWS API checks it, so a change asks twice before it is sent: a majority of those who hold the epoch, and a tag of the resource.
 * Between the answers and the call there is a gap that nothing closes: docs/aws.md says what that means.
 */
import { parseEpoch } from '../../plan/rules/epochs.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { mustBeNewest, mustBeWithinReach, type HeldEpoch } from '../epoch.ts';
import { failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';

export const epochTagKey = 'dr-epoch';

export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export function tagValue(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

/** `EPOCH EXECUTION`, in characters that every service takes in a tag. */
export function epochTag(run: RunContext): { readonly Key: string; readonly Value: string } {
  return { Key: epochTagKey, Value: `${run.epoch} ${run.execution}` };
}

export function heldByTag(tags: readonly Tag[] | undefined): HeldEpoch {
  const value = tagValue(tags, epochTagKey);
  if (value === undefined) return { epoch: 0, holder: '' };
  const [text = '', ...holder] = value.split(' ');
  const epoch = parseEpoch(text);
  if (epoch !== undefined) return { epoch, holder: holder.join(' ') };
  throw failure('refused', {
    happened: `The tag ${epochTagKey} holds ${JSON.stringify(value)}, which is no epoch.`,
    leftAs: 'Nothing was changed.',
    next: 'Set it to EPOCH RUN as the site agents tell them (site-agent agent.conf identify), or remove it, then choose retry.',
  });
}

/** A resource that can be tagged. */
export interface TaggedResource {
  /** For people, such as `The Auto Scaling group desks`. */
  readonly name: string;
  readTags(): Promise<readonly Tag[] | undefined>;
  writeTag(tag: { readonly Key: string; readonly Value: string }): Promise<void>;
}

/** Refuses an older run, and leaves this one's epoch at the resource. Called right before each change of it; `leftAs` says what was not done. */
export async function takeResource(dependencies: ActivityDependencies, run: RunContext, resource: TaggedResource, leftAs: string): Promise<void> {
  await mustHoldMajority(dependencies, run, leftAs);
  const held = heldByTag(await resource.readTags());
  mustBeNewest(resource.name, held, run, leftAs);
  mustBeWithinReach(resource.name, held, run, leftAs);
  if (held.epoch === run.epoch && held.holder === run.execution) return;
  await resource.writeTag(epochTag(run));
  // A newer run may have written in between.
  mustBeNewest(resource.name, heldByTag(await resource.readTags()), run, leftAs);
}
