/**
 * What both stores have in common that AWS makes of a snapshot. AWS works by itself once it has taken an order, so that the job is what it makes: found by its name, its tags tell whose it is and how far. What a run
 * did not make it neither changes nor deletes, and no snapshot is ever deleted: docs/decisions/019-cold-start.md.
 */
import type { SiteId } from '../../../plan/schema.ts';
import { takeResource } from '../../aws/epoch-tag.ts';
import { unlessTransient } from '../../aws/errors.ts';
import type { Change, RunContext } from '../../context.ts';
import type { ActivityDependencies } from '../../dependencies.ts';
import { failure } from '../../errors.ts';
import { mustHoldMajority } from '../../holders.ts';
import type { JobAt } from '../../jobs/port.ts';
import { until } from '../../waiting.ts';
import { birthTags, jobOf, jobTagKey, type Made, madeBy, type NewTag, proofTags, runOf, stageOf, stageTag } from './made.ts';
import { awsNameOf } from './ways-out.ts';

/** For whom it is: until services are let in, from then on, and once it is accepted. */
export type Openness = 'closed' | 'admitted' | 'accepted';

/** What is restored of what, for a message. */
export interface From {
  readonly set: string;
  /** Absent where nothing is replayed on it. */
  readonly point?: string;
}

/** One store at one site, as its driver speaks with AWS. */
export interface Provider {
  /** In a sentence, such as `The DB instance erlmcp-dr`. */
  readonly called: string;
  /** For evidence, such as `RDS in eu-west-1`. */
  readonly source: string;
  /** Where it is looked at by hand. */
  readonly lookByHand: string;
  /** Sizes in which it may be made, the best first. */
  readonly sizes: readonly string[];
  /** Undefined when it is not there; a `transient` failure while AWS does not tell whose it is and how far. */
  find(): Promise<Made | undefined>;
  /** Why the set cannot be restored to the point here; undefined when it can. */
  against(from: From): Promise<string | undefined>;
  /** Orders it. */
  make(from: From, size: string, tags: readonly NewTag[]): Promise<void>;
  tag(tags: readonly NewTag[]): Promise<void>;
  /** What is not as the plan has it, a few words each; empty where all is. */
  differences(openness: Openness): Promise<readonly string[]>;
  /** Orders that it becomes so. */
  adjust(openness: Openness): Promise<void>;
  remove(): Promise<void>;
  /** What is in it, read as the plan's observer; throws where that is not what was chosen. */
  prove(from: From): Promise<Readonly<Record<string, string>>>;
}

const pollMilliseconds = 1_000;
/** AWS takes minutes to change settings of what runs, and to delete it. */
const patienceMilliseconds = 20 * 60_000;

export interface Work {
  readonly dependencies: ActivityDependencies;
  readonly run: RunContext;
  readonly site: SiteId;
  readonly provider: Provider;
}

/** Orders what is to be restored, or goes on with what this run has ordered: settings, proof. `after` is the state of the job. */
export async function carryOn(work: Work, id: JobAt['id'], from: From): Promise<Change> {
  const { provider, run } = work;
  const made = await provider.find();
  if (!made) return order(work, id, from, provider.sizes);
  mustBeOwn(work, made);
  const job = jobOf(made);
  const fresh = job.id !== id;
  if (!fresh && job.cancelled) return changed(work, 'cancelled', 'cancelled', false);
  if (made.standing === 'no room') {
    await remove(work, 'It was not made in another size.');
    return order(work, id, from, after(provider.sizes, made.size));
  }
  if (made.standing === 'going' || (fresh && made.standing === 'broken')) {
    await remove(work, 'It was not made anew.');
    return order(work, id, from, provider.sizes);
  }
  if (fresh) await tag(work, [{ Key: jobTagKey, Value: id }]);
  if (made.standing !== 'ready') return changed(work, made.status, 'running', false);
  if (stageOf(made) !== 'begun') return changed(work, 'done', 'done', false);
  await settle(work, 'closed');
  const proof = await provider.prove(from);
  await tag(work, proofTags({ ...proof, made_as: madeAs(provider.sizes, made.size) }));
  await tag(work, [stageTag('proven')]);
  return changed(work, `of ${run.execution}`, 'done', true);
}

/** In the first size that there is room for. */
async function order(work: Work, id: string, from: From, sizes: readonly string[]): Promise<Change> {
  const { dependencies, provider, run } = work;
  const why = await provider.against(from);
  if (why !== undefined)
    throw failure('refused', {
      happened: `${from.set} cannot be restored at ${work.site}${from.point === undefined ? '' : ` to ${from.point}`}: ${why}.`,
      leftAs: 'Nothing was made.',
      next: 'Choose abort, see what there is (dr restore points), and start again to choose anew.',
    });
  const tags = birthTags(run, id, [from.set, from.point ?? ''].join(' ').trim());
  for (const size of sizes) {
    await mustHoldMajority(dependencies, run, 'Nothing was made.');
    try {
      await provider.make(from, size, tags);
      return changed(work, 'none', 'running', true);
    } catch (error) {
      const name = awsNameOf(error) ?? '';
      if (/AlreadyExists/.test(name)) return found(work);
      if (!/^Insufficient\w*Capacity/.test(name)) throw error;
    }
  }
  throw failure('capacity', {
    happened: `AWS has no room for ${provider.called.replace('The', 'the')} in ${provider.sizes.join(', ')}.`,
    leftAs: 'Nothing was made.',
    next: 'Choose retry once there is room, or abort, name another class or zone in the plan, and start again.',
  });
}

/** The order of an attempt whose answer was lost, or somebody else's. */
async function found(work: Work): Promise<Change> {
  const made = await work.provider.find();
  if (made) mustBeOwn(work, made);
  return changed(work, 'none', 'running', false);
}

function after(sizes: readonly string[], size: string): readonly string[] {
  return sizes.slice(sizes.indexOf(size) + 1);
}

function madeAs(sizes: readonly string[], size: string): string {
  const refused = sizes.slice(0, Math.max(0, sizes.indexOf(size)));
  return refused.length === 0 ? size : `${size} since AWS had no room in ${refused.join(' and ')}`;
}

function mustBeOwn({ provider, run, site }: Work, made: Made): void {
  if (madeBy(made, run) === 'this run') return;
  throw failure('refused', {
    happened: `${provider.called} is there already, made by ${runOf(made) ?? 'no run of this estate'}.`,
    leftAs: 'It was left as it is.',
    next: `See what it is (${provider.lookByHand}). Delete it by hand where nobody needs it, or give what is restored at ${site} another name in the plan, then start again.`,
  });
}

async function tag(work: Work, tags: readonly NewTag[]): Promise<void> {
  await take(work, 'Its tags were not changed.');
  await work.provider.tag(tags);
}

/** Refuses an older run; said of what is about to be changed. */
function take({ dependencies, provider, run }: Work, leftAs: string): Promise<void> {
  const readTags = async () => (await provider.find())?.tags;
  return takeResource(dependencies, run, { name: provider.called, readTags, writeTag: (tag) => provider.tag([tag]) }, leftAs);
}

/** A restored one has AWS's defaults where an order has no word for a setting: each is read back. */
export async function settle(work: Work, openness: Openness): Promise<boolean> {
  const { provider } = work;
  if ((await provider.differences(openness)).length === 0) return false;
  let left: readonly string[] = [];
  let ordered = false;
  const settled = await until(
    async () => {
      const made = await unlessTransient(provider.find());
      if (made && made.standing !== 'busy' && made.standing !== 'ready') throw broken(work, made);
      left = await provider.differences(openness);
      // AWS changes nothing that it is still changing, as after an order whose answer was lost.
      if (made?.standing !== 'ready') return undefined;
      if (left.length === 0) return true;
      if (ordered) return undefined;
      await take(work, 'Its settings were not changed.');
      await provider.adjust(openness);
      ordered = true;
      return undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: patienceMilliseconds },
  );
  if (settled) return true;
  throw failure('permanent', {
    happened: `${provider.called} is not as the plan has it: ${left.join('; ')}.`,
    leftAs: 'It was left as it is, and nobody is let in.',
    next: `Look at it (${provider.lookByHand}), change what the message names there, then choose retry.`,
  });
}

function broken({ provider }: Work, { status }: Made): Error {
  return failure('permanent', {
    happened: `${provider.called} is ${status}.`,
    leftAs: 'Nothing more was changed there.',
    next: `Look at it (${provider.lookByHand}), fix it, then choose retry.`,
  });
}

/** Lets in whom the plan's other security groups let in. */
export async function admit(work: Work): Promise<Change> {
  const made = await mustBeThere(work);
  const stage = stageOf(made);
  if (stage === 'begun' || stage === 'none') throw unproven(work, made);
  const altered = await settle(work, stage === 'proven' || stage === 'admitted' ? 'admitted' : 'accepted');
  if (stage === 'proven') await tag(work, [stageTag('admitted')]);
  return changed(work, stage, 'the service of the site is let in, and nobody else', altered || stage === 'proven');
}

/** From now on no run deletes it. */
export async function accept(work: Work): Promise<Change> {
  const made = await mustBeThere(work);
  const stage = stageOf(made);
  if (!['admitted', 'opening', 'accepted'].includes(stage)) throw unproven(work, made);
  if (stage === 'admitted') await tag(work, [stageTag('opening')]);
  const altered = await settle(work, 'accepted');
  if (stage !== 'accepted') await tag(work, [stageTag('accepted')]);
  return changed(work, stage, `${work.provider.called} is open, and protected as the plan has it`, altered || stage !== 'accepted');
}

/** Deletes what this run, or one of this estate that has ended, has made and nobody has accepted. */
export async function discard(work: Work): Promise<Change> {
  const { provider, run } = work;
  const made = await provider.find();
  if (!made) return changed(work, 'none', 'discarded', false);
  const stage = stageOf(made);
  if (madeBy(made, run) === 'a stranger' || stage === 'opening' || stage === 'accepted')
    throw failure('refused', {
      happened: `${provider.called} is ${stage === 'none' ? 'of no run of this estate' : `${stage}, made by ${runOf(made)}`}.`,
      leftAs: 'It was not deleted.',
      next: `See what it is (${provider.lookByHand}); where nobody needs it, delete it by hand.`,
    });
  await remove(work, 'It was not deleted.');
  return changed(work, stage, 'discarded', true);
}

async function remove(work: Work, leftAs: string): Promise<void> {
  const { provider } = work;
  const gone = await until(
    async () => {
      const made = await provider.find();
      if (!made) return true;
      // AWS deletes nothing that it is still making.
      if (made.standing === 'busy' || made.standing === 'going') return undefined;
      await take(work, leftAs);
      await provider.remove();
      return undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: patienceMilliseconds },
  );
  if (gone) return;
  throw failure('transient', {
    happened: `${provider.called} is not gone after ${patienceMilliseconds / 60_000} minutes.`,
    leftAs: 'Whether it is deleted is read at the next attempt.',
  });
}

async function mustBeThere(work: Work): Promise<Made> {
  const made = await work.provider.find();
  // What an earlier run has opened may be gone on from.
  if (made && madeBy(made, work.run) !== 'a stranger' && (stageOf(made) === 'accepted' || stageOf(made) === 'opening')) return made;
  if (made && madeBy(made, work.run) === 'this run') return made;
  throw unproven(work, made);
}

function unproven({ provider, site }: Work, made: Made | undefined): Error {
  return failure('refused', {
    happened: made ? `${provider.called} is ${stageOf(made)} of ${runOf(made) ?? 'nobody'}, and not proven by this run.` : `${provider.called} is not there.`,
    leftAs: `Nobody was let in at ${site}.`,
  });
}

function changed({ dependencies, provider }: Work, before: string, after: string, isChanged: boolean): Change {
  return { before, after, changed: isChanged, source: provider.source, at: dependencies.now().toISOString() };
}
