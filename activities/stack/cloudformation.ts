/**
 * What a site is built on as a stack of CloudFormation. Before anybody has decided, what would come of the template is found by reading; after the claim of the epoch a change set is made, and it is executed only where it
 * says nothing but what people have accepted. A stack says by its tags whose it is.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { holdsData } from '../../plan/rules/stacks.ts';
import type { CloudFormationStack } from '../../plan/schema/stack.ts';
import { epochTag, heldByTag, tagValue } from '../aws/epoch-tag.ts';
import { unlessTransient } from '../aws/errors.ts';
import type { Change, RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { mustBeNewest } from '../epoch.ts';
import { failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';
import { until } from '../waiting.ts';
import { againstTaking, changed, digestOf, mustBeAccepted, nothingChanged, stays, unchanged } from './accepted.ts';
import { type ChangeSet, type CloudFormation, createCloudFormation, type Stack } from './cloudformation-api.ts';
import { standsStill, whyFailed } from './cloudformation-states.ts';
import type { ApplyStack, StackActivities, StackAt, StackPreview } from './port.ts';
import { changesOf, readTemplate, type Template } from './template.ts';

const runTag = 'dr-run';
const pollMilliseconds = 1_000;
const driftMilliseconds = 60_000;

/** One stack, in the name of one run. */
interface Work {
  readonly at: StackAt;
  readonly settings: CloudFormationStack;
  readonly api: CloudFormation;
  readonly name: string;
  /** Of the run's change set, and token of its operations: the same for each try. */
  readonly token: string;
  readonly text: string;
  readonly template: Template;
  /** The newest run, by a majority of those who hold the epoch and by the stack's own tag. */
  hold(stack?: Stack): Promise<void>;
  isOwn(stack: Stack): boolean;
}

export function createCloudFormationStacks(dependencies: FolderDependencies, settingsOf: (at: StackAt) => Promise<CloudFormationStack>): StackActivities {
  const { now, planOf } = dependencies;
  const withStack = async <T>(at: StackAt, act: (work: Work) => Promise<T>): Promise<T> => {
    const settings = await settingsOf(at);
    const api = await createCloudFormation(settings, dependencies);
    try {
      return await act(await open(dependencies, at, settings, api));
    } finally {
      api.close();
    }
  };
  return {
    previewStack: (at) => withStack(at, async (work) => ({ ...(await preview(work)), at: now().toISOString() })),

    readStack: (at) =>
      withStack(at, async ({ api, name, settings }) => {
        const stack = await api.read();
        const of = { site: at.site, stack: name, at: now().toISOString() };
        if (!stack) return { ...of, status: 'not there', resources: [], outputs: {} };
        const by = tagValue(stack.tags, runTag);
        const resources = (await api.resources()).map(({ what, type, id }) => ({ what, type, id }));
        return { ...of, status: `${stack.status} in ${settings.region}`, ...(by === undefined ? {} : { by }), resources, outputs: stack.outputs };
      }),

    applyStack: (input) =>
      withStack(input, async (work) => {
        const before = await ready(work);
        const change = await apply(work, input, before, now());
        await mustStand(work, input);
        return change;
      }),

    takeBackStack: (at) =>
      withStack(at, async (work) => {
        const plan = await planOf(at.run.planDigest);
        const byHand = `aws cloudformation delete-stack --region ${work.settings.region} --stack-name ${work.settings.stack}`;
        const stay = (resources: Parameters<typeof stays>[1]['resources'], why: string) =>
          stays(plan, { site: at.site, stack: work.name, resources }, why, byHand);
        return takeBack(work, stay, now);
      }),
  };
}

async function open(dependencies: FolderDependencies, at: StackAt, settings: CloudFormationStack, api: CloudFormation): Promise<Work> {
  const name = `stack ${settings.stack} of CloudFormation`;
  const text = await templateText(dependencies.planFolder, settings);
  return {
    ...{ at, settings, api, name, text },
    token: `dr-${createHash('sha256').update(at.run.execution).digest('hex').slice(0, 24)}`,
    template: templateOf(name, text),
    async hold(stack) {
      await mustHoldMajority(dependencies, at.run, nothingChanged);
      if (stack) mustBeNewest(`The ${name}`, heldByTag(stack.tags), at.run, nothingChanged);
    },
    isOwn: ({ tags }) => tagValue(tags, runTag) === at.run.execution,
  };
}

async function templateText(planFolder: string, { template }: CloudFormationStack): Promise<string> {
  const file = resolve(planFolder, template);
  const unusable = (why: string) =>
    failure('permanent', {
      happened: `The template ${template} cannot be used: ${why}.`,
      leftAs: nothingChanged,
      next: "Put it below the plan's folder at each worker, then choose retry.",
    });
  if (relative(planFolder, file).startsWith('..')) throw unusable("it does not lie below the plan's folder");
  return readFile(file, 'utf8').catch((error: Error) => {
    throw unusable(error.message);
  });
}

function templateOf(name: string, text: string): Template {
  try {
    return readTemplate(text);
  } catch (error) {
    throw failure('permanent', {
      happened: `The template of the ${name} cannot be read: ${(error as Error).message}.`,
      leftAs: nothingChanged,
      next: 'Mend it, then choose retry.',
    });
  }
}

/** The stack once nothing is under way in it; undefined where there is none that could be gone on with. What another is doing is waited for by the run's retries. */
async function settled(work: Work): Promise<Stack | undefined> {
  const { api, name, token } = work;
  const stack = await api.read();
  if (!stack || standsStill(stack.status)) return stack;
  const [event] = await api.events();
  // One that has none is gone since it was read.
  if (!event || event.token.startsWith(token)) return ended(work);
  throw failure('transient', {
    happened: `Another operation is under way in the ${name}: ${stack.status}.`,
    leftAs: nothingChanged,
    next: 'It is tried again until that is done. Find who does it (CloudTrail), or end it there (aws cloudformation cancel-update-stack), then choose retry.',
  });
}

/** Waits until the operation of this run is over. */
async function ended({ api }: Work): Promise<Stack | undefined> {
  const last = await until(
    async () => {
      const read = await unlessTransient(api.read().then((stack) => ({ stack })));
      return read && (!read.stack || standsStill(read.stack.status)) ? read : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: Infinity },
  );
  return last?.stack;
}

/** Why a stack in this state is not gone on with, and the way out. */
function againstState({ settings, name, isOwn }: Work, stack: Stack): string | undefined {
  const aws = (verb: string) => `aws cloudformation ${verb} --region ${settings.region} --stack-name ${settings.stack}`;
  const { status, reason } = stack;
  if (status === 'REVIEW_IN_PROGRESS')
    return `The ${name} is REVIEW_IN_PROGRESS: somebody has made a change set of it and not executed it. Nothing stands there yet: delete it (${aws('delete-stack')}).`;
  if (status === 'ROLLBACK_COMPLETE' && !isOwn(stack))
    return `The making of the ${name} has failed before and was rolled back; it can only be deleted (${aws('delete-stack')}).`;
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return `The ${name} is UPDATE_ROLLBACK_FAILED (${reason}): bring it back first (${aws('continue-update-rollback')}, with --resources-to-skip for what cannot be).`;
  if (status.endsWith('FAILED')) return `The ${name} is ${status} (${reason}): mend what it names, or delete it (${aws('delete-stack')}).`;
  return undefined;
}

async function preview(work: Work): Promise<Omit<StackPreview, 'at'>> {
  const { api, at, name, settings, template, text } = work;
  await api.validate(text);
  const stack = await settled(work);
  const empty =
    !stack ||
    (stack.status === 'REVIEW_IN_PROGRESS' && (await api.changeSet(work.token)) !== undefined) ||
    (stack.status === 'ROLLBACK_COMPLETE' && work.isOwn(stack));
  const inTheWay = empty ? undefined : againstState(work, stack);
  const standing = empty || inTheWay ? undefined : { template: templateOf(name, await api.template()), parameters: stack.parameters };
  const changes = changesOf(template, settings.parameters, standing);
  const drift = standing ? await driftOf(api) : [];
  const gone = drift.filter(({ how }) => how === 'deleted').map(({ what }) => what);
  const against =
    inTheWay ??
    (template.opaque === undefined ? undefined : `What would be made of the ${name} cannot be shown: ${template.opaque}. Write out what comes of it.`) ??
    (gone.length === 0
      ? undefined
      : `${gone.join(', ')} of the ${name} was deleted outside CloudFormation, which will not make it again: import or remove it there first.`) ??
    againstTaking(changes);
  const basis = digestOf({ template: text, parameters: settings.parameters, serviceRole: settings.serviceRole });
  return {
    ...{ site: at.site, stack: name, status: stack?.status ?? 'not there', changes, basis, digest: digestOf({ basis, changes, stack: empty ? '' : stack.id }) },
    drift: drift.map(({ what, how }) => `${what} ${how === 'deleted' || how === 'changed' ? `was ${how} outside CloudFormation` : how}`),
    ...(against === undefined ? {} : { against }),
  };
}

async function driftOf(api: CloudFormation): Promise<readonly { readonly what: string; readonly how: string }[]> {
  const id = await api.detectDrift();
  const found = await until(() => api.drift(id), { everyMilliseconds: pollMilliseconds, withinMilliseconds: driftMilliseconds });
  return found ?? [{ what: 'what stands', how: 'could not be compared within a minute' }];
}

/** The stack that an update goes on from; undefined where it is to be created. What this run made, and was rolled back, is deleted first. */
async function ready(work: Work): Promise<Stack | undefined> {
  const { api, token, isOwn, hold } = work;
  await hold();
  const stack = await settled(work);
  if (!stack) return undefined;
  await hold(stack);
  if (stack.status === 'REVIEW_IN_PROGRESS' && (await api.changeSet(token)) !== undefined) return undefined;
  if (stack.status === 'ROLLBACK_COMPLETE' && isOwn(stack)) {
    await api.deleteStack(`${token}-again`);
    const left = await ended(work);
    if (!left) return undefined;
    throw failure('permanent', {
      happened: `The ${work.name}, which was rolled back, could not be deleted: ${await whyFailed(api)}.`,
      leftAs: 'It stands as it was rolled back.',
      next: 'Delete it by hand, then choose retry.',
    });
  }
  const inTheWay = againstState(work, stack);
  if (inTheWay === undefined) return stack;
  throw failure('refused', { happened: inTheWay, leftAs: nothingChanged, next: 'Then choose retry.' });
}

async function apply(work: Work, input: ApplyStack, stack: Stack | undefined, at: Date): Promise<Change> {
  const { api, token, name, hold, settings } = work;
  const { site } = input;
  const before = stack?.status ?? 'not there';
  // The template stands already, by an earlier try or another run: CloudFormation makes no change set of no change.
  const set = await changeSetFor(work, stack, input.run);
  if (!set) return unchanged(site, stack?.status ?? 'not there', at);
  const discard = async (): Promise<void> => {
    await api.deleteChangeSet(set.arn);
    // A stack of which nothing but this change set was ever made.
    if (stack) return;
    await api.deleteStack(`${token}-unmade`);
    await ended(work);
  };
  const basis = digestOf({ template: work.text, parameters: settings.parameters, serviceRole: settings.serviceRole });
  try {
    mustBeAccepted(name, { changes: set.changes, basis, digest: input.accepted.digest }, input, false);
  } catch (error) {
    await discard();
    throw error;
  }
  await hold(stack);
  await api.executeChangeSet(set.arn, token);
  const after = await ended(work);
  if (after?.status === 'CREATE_COMPLETE' || after?.status === 'UPDATE_COMPLETE') return changed(site, before, after.status, at);
  throw failure(/insufficient|capacity|limit ?exceeded|quota/i.test(await whyFailed(api)) ? 'capacity' : 'permanent', {
    happened: `The ${name} could not be made: ${await whyFailed(api)}.`,
    leftAs: after?.status.startsWith('UPDATE')
      ? `It is ${after.status}: what stood before was put back.`
      : `It is ${after?.status ?? 'gone'}: what was made of it was taken back.`,
    next: 'Mend what it names, then choose retry: what was rolled back is deleted and made anew.',
  });
}

/** The run's change set, found or made, once it can be executed; undefined where there is nothing to change. */
async function changeSetFor(work: Work, stack: Stack | undefined, run: RunContext): Promise<ChangeSet | undefined> {
  const { api, token, text, name } = work;
  const found = await api.changeSet(token);
  const usable = found !== undefined && (/^CREATE_(PENDING|IN_PROGRESS)$/.test(found.status) || found.execution === 'AVAILABLE');
  if (found && !usable) await api.deleteChangeSet(found.arn);
  if (!usable) {
    const tags = stack ? [] : [{ Key: runTag, Value: run.execution }, epochTag(run)];
    await api.createChangeSet({ name: token, type: stack ? 'UPDATE' : 'CREATE', template: text, description: `Made by ${run.execution}.`, tags });
  }
  const made = await until(
    async () => {
      const set = await unlessTransient(api.changeSet(token));
      return set && !/PENDING|IN_PROGRESS/.test(set.status) ? set : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: Infinity },
  );
  if (made?.status === 'CREATE_COMPLETE') return made;
  if (made) await api.deleteChangeSet(made.arn);
  if (/didn't contain changes|no updates are to be performed/i.test(made?.reason ?? '')) return undefined;
  throw failure('permanent', {
    happened: `CloudFormation makes no change set of the ${name}: ${made?.reason ?? 'it told no reason'}.`,
    leftAs: nothingChanged,
    next: 'Mend template or parameters in the plan, and start again; or choose retry where what it names was mended elsewhere.',
  });
}

/** What was to be created is there, each with an id of its own: a status alone is not believed. */
async function mustStand({ api, name }: Work, { accepted }: ApplyStack): Promise<void> {
  const standing = new Map((await api.resources()).map((resource) => [resource.what, resource]));
  const wanting = [...standing.values()].filter(({ id, status }) => id === '' || !/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)).map(({ what, status }) => `${what} is ${status || 'nothing'}`); // prettier-ignore
  const none = accepted.changes.length > 0 && standing.size === 0;
  if (wanting.length === 0 && !none) return;
  throw failure('unknown', {
    happened: `The ${name} says that it is made, and ${none ? 'has no resources' : wanting.join(', ')}.`,
    leftAs: 'What was made stands.',
    next: 'Look at the stack, then choose retry, or undo.',
  });
}

async function takeBack(
  work: Work,
  stay: (resources: readonly { readonly what: string; readonly type: string; readonly id: string }[], why: string) => string,
  now: () => Date,
): Promise<Change> {
  const { api, at, hold, isOwn, token } = work;
  const { site } = at;
  await hold();
  const stack = await settled(work);
  if (!stack) return unchanged(site, 'not there', now());
  await hold(stack);
  const resources = stack.status === 'REVIEW_IN_PROGRESS' ? [] : await api.resources();
  const left = (why: string) => unchanged(site, stack.status, now(), { remaining: [stay(resources, why)] });
  const own = stack.status === 'REVIEW_IN_PROGRESS' ? (await api.changeSet(token)) !== undefined : isOwn(stack);
  if (!own) return left(`it was made by ${tagValue(stack.tags, runTag) ?? 'no run'}, and not by this one`);
  const data = resources.filter(({ type }) => holdsData(type));
  if (data.length > 0) return left(`${data.map(({ what }) => what).join(', ')} may hold data`);
  await api.deleteStack(`${token}-back`);
  const after = await ended(work);
  if (!after) return changed(site, stack.status, 'not there', now());
  return left(`it could not be deleted whole (${await whyFailed(api)})`);
}
