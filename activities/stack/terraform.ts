/** What a site is built on as a root module of Terraform. Its state says who made it, by the output `dr_run`; its lock keeps two apart; only people break that lock. */
import { access } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { holdsData } from '../../plan/rules/stacks.ts';
import type { TerraformStack } from '../../plan/schema/stack.ts';
import { seconds } from '../../plan/durations.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';
import { mustHoldTask } from '../task.ts';
import { againstTaking, changed, mustBeAccepted, nothingChanged, stays, unchanged } from './accepted.ts';
import type { StackActivities, StackAt } from './port.ts';
import { type ReadPlan, readPlan, type ReadState, readState } from './terraform-plan.ts';
import { type Ended, fileNameOf, runTerraform, workFolder } from './terraform-program.ts';

/** Variable and output of the module by which the state says whose it is. */
const ownerOutput = 'dr_run';
const quiet = ['-input=false', '-no-color'] as const;

/** One root module, in the name of one run. */
interface Module {
  readonly stack: string;
  readonly folder: string;
  /** Where the plan of this run is kept between gate and apply. */
  readonly saved: string;
  state(): Promise<ReadState>;
  /** Saves a plan, and reads it. `lock`: as the one who is going to apply it. */
  plan(options: { readonly lock: boolean; readonly owner: string; readonly destroy?: true }): Promise<ReadPlan>;
  /** What the saved plan would do; undefined where this machine has none. */
  readSaved(): Promise<ReadPlan | undefined>;
  apply(): Promise<void>;
}

export function createTerraformStacks(dependencies: FolderDependencies, settingsOf: (at: StackAt) => Promise<TerraformStack>): StackActivities {
  const { planFolder, now, planOf } = dependencies;
  const open = async (at: StackAt) => openModule(planFolder, await settingsOf(at), at.run);
  const hold = (run: RunContext) => mustHoldMajority(dependencies, run, nothingChanged);
  return {
    async previewStack(at) {
      const module = await open(at);
      const state = await module.state();
      const planned = await module.plan({ lock: false, owner: ownerOf(state, at.run) });
      const taking = againstTaking(planned.changes);
      const against = ownIn(state, at.run) ? undefined : taking;
      const of = { site: at.site, stack: module.stack, status: inWords(state) };
      return { ...of, ...planned, ...(against === undefined ? {} : { against }), at: now().toISOString() };
    },

    async readStack(at) {
      const module = await open(at);
      const state = await module.state();
      const by = state.outputs[ownerOutput];
      return { site: at.site, stack: module.stack, status: inWords(state), ...(by === undefined ? {} : { by }), ...state, at: now().toISOString() };
    },

    async applyStack(input) {
      const { site, run } = input;
      const module = await open(input);
      await hold(run);
      const before = await module.state();
      const saved = await module.readSaved();
      // Another worker showed it, or something was made since: it is planned anew, and must come to the same.
      const isSame = saved?.digest === input.accepted.digest && saved.basis === input.accepted.basis && before.resources.length === 0;
      const planned = isSame && saved ? saved : await module.plan({ lock: true, owner: ownerOf(before, run) });
      if (planned.changes.length === 0) return unchanged(site, inWords(before), now());
      mustBeAccepted(module.stack, planned, input, ownIn(before, run));
      await hold(run);
      await module.apply();
      return changed(site, inWords(before), inWords(await module.state()), now());
    },

    async takeBackStack(at) {
      const { site, run } = at;
      const module = await open(at);
      await hold(run);
      const state = await module.state();
      if (state.resources.length === 0) return unchanged(site, 'not there', now());
      const stay = async (why: string) =>
        unchanged(site, inWords(state), now(), { remaining: [stays(await planOf(run.planDigest), { site, stack: module.stack, ...state }, why, `terraform -chdir=${module.folder} destroy`)] }); // prettier-ignore
      if (!ownIn(state, run)) return stay(`it was made by ${state.outputs[ownerOutput] || 'no run'}, and not by this one`);
      const data = state.resources.filter(({ type }) => holdsData(type));
      if (data.length > 0) return stay(`${data.map(({ what }) => what).join(', ')} may hold data`);
      await module.plan({ lock: true, owner: run.execution, destroy: true });
      await hold(run);
      await module.apply();
      return changed(site, inWords(state), inWords(await module.state()), now());
    },
  };
}

/** A module that stands keeps the owner that it has: another would be a change. */
function ownerOf({ resources, outputs }: ReadState, { execution }: RunContext): string {
  return resources.length === 0 ? execution : (outputs[ownerOutput] ?? '');
}

function ownIn({ outputs, resources }: ReadState, { execution }: RunContext): boolean {
  return resources.length > 0 && outputs[ownerOutput] === execution;
}

function inWords({ resources }: ReadState): string {
  return resources.length === 0 ? 'not there' : `${resources.length} resources in the state`;
}

function openModule(planFolder: string, settings: TerraformStack, run: RunContext): Module {
  const folder = resolve(planFolder, settings.folder);
  if (relative(planFolder, folder).startsWith('..')) throw outside(settings.folder);
  const saved = join(workFolder(folder), `${fileNameOf(run.execution)}.tfplan`);
  const stack = `module ${settings.folder} of Terraform`;
  const lockTimeout = `-lock-timeout=${seconds(settings.lockTimeout)}s`;
  const told = async (args: readonly string[]): Promise<string> => {
    const ended = await runTerraform(folder, args);
    if (ended.code === 0) return ended.out;
    throw refusal(stack, folder, args[0] ?? '', ended);
  };
  const readSaved = async () => readPlan(await told(['show', '-json', saved]));
  return {
    stack,
    folder,
    saved,
    async state() {
      return readState(await told(['show', '-json']));
    },
    async plan({ lock, owner, destroy }) {
      const variables = Object.entries({ ...settings.variables, [ownerOutput]: owner }).map(([name, value]) => `-var=${name}=${value}`);
      const locking = lock ? lockTimeout : '-lock=false';
      await told(['plan', ...quiet, locking, ...(destroy ? ['-destroy'] : []), ...variables, `-out=${saved}`]);
      return readSaved();
    },
    async readSaved() {
      return (await exists(saved)) ? readSaved().catch(() => undefined) : undefined;
    },
    async apply() {
      mustHoldTask();
      await told(['apply', ...quiet, lockTimeout, saved]);
    },
  };
}

function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false); // prettier-ignore
}

const textMax = 400;

/** What Terraform said, as a failure of the catalogue. */
function refusal(stack: string, folder: string, verb: string, { code, err }: Ended): Error {
  const said = err.replaceAll(/\s+/g, ' ').replace(/^.*?Error: /, '').trim().slice(0, textMax); // prettier-ignore
  const happened = `terraform ${verb} of ${stack} did not work: ${said || 'it said nothing'}.`;
  if (code === null)
    return failure('transient', {
      happened: `terraform ${verb} of ${stack} was ended by a signal.`,
      leftAs: 'What it had made stands in its state, or is locked.',
    });
  if (/acquiring the state lock/i.test(err)) {
    const [id = 'ID', who = 'somebody', since = 'some time'] = ['ID', 'Who', 'Created'].map((key) => new RegExp(`${key}:\\s+(.+)`).exec(err)?.[1]?.trim());
    return failure('transient', {
      happened: `The state of ${stack} is locked by ${who} since ${since}.`,
      leftAs: nothingChanged,
      next: `Wait until that is done; it is tried again. Only where that process is certainly gone: look at what stands there, then terraform -chdir=${folder} force-unlock ${id}, and choose retry.`,
    });
  }
  if (/saved plan is stale/i.test(err))
    return failure('transient', { happened: `The state of ${stack} was changed after it was planned.`, leftAs: nothingChanged, next: 'It is planned again, and must come to what people accepted.' }); // prettier-ignore
  if (/terraform init|initialization required|module not installed|plugins are not installed|dependency lock file/i.test(err))
    return failure('permanent', {
      happened,
      leftAs: nothingChanged,
      next: `Run terraform init in ${folder} on the machine of each worker, then choose retry.`,
    });
  if (verb !== 'apply') return failure('permanent', { happened, leftAs: nothingChanged, next: 'Mend what it names, then choose retry.' });
  return failure('permanent', {
    happened,
    leftAs: 'What it had made before stands in its state.',
    next: 'Mend what it names, then choose retry: it goes on from there. Undo takes back what this run has made.',
  });
}

function outside(folder: string): Error {
  return failure('refused', {
    happened: `The folder ${folder} of Terraform does not lie below the plan's.`,
    leftAs: nothingChanged,
    next: "Move it below the plan's folder, correct estate.restore.infrastructure, and start again.",
  });
}
