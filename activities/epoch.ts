/** The epoch as targets hold it: an older run is refused where it would change something, and where it asks before it does. */
import { epochStepsMax, parseEpoch } from '../plan/rules/epochs.ts';
import { majorityOf } from '../plan/rules/majority.ts';
import type { SiteId } from '../plan/schema.ts';
import { attempt } from './attempt.ts';
import type { RunContext } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failure } from './errors.ts';

export interface HeldEpoch {
  readonly epoch: number;
  /** Execution that holds it; empty or `none` when nobody does. */
  readonly holder: string;
}

/** Refuses a run when a newer one holds this target; `leftAs` says what was not done. */
export function mustBeNewest(who: string, held: HeldEpoch, run: RunContext, leftAs: string): void {
  const newer = held.epoch > run.epoch || (held.epoch === run.epoch && held.holder !== '' && held.holder !== run.execution);
  if (!newer) return;
  throw failure(
    'stale-epoch',
    { happened: `${who} holds epoch ${held.epoch} of ${held.holder || 'another run'}; this run holds ${run.epoch}.`, leftAs },
    { ...held },
  );
}

/** Refuses to raise a target's epoch further than runs can have raised it: whoever writes such a number keeps all later runs out. */
export function mustBeWithinReach(who: string, held: HeldEpoch, run: RunContext, leftAs: string): void {
  if (run.epoch <= held.epoch + epochStepsMax) return;
  throw failure('refused', {
    happened: `Epoch ${run.epoch} of this run is more than ${epochStepsMax} above ${held.epoch}, which ${who} holds.`,
    leftAs,
    next: `Ask the site agents what they hold (site-agent agent.conf identify). Where the run's epoch is right, write ${run.epoch - 1} there by hand, then choose retry; else set back the one that is too high, and start anew.`,
  });
}

/**
 * The run's epoch still stands at a majority of the sites that are not declared failed. What is irreversible asks for it first: the target itself may have been out of reach
 * when a newer run took its epoch. Answers as soon as a majority has confirmed; an agent that is silent confirms nothing.
 *
 * @throws ApplicationFailure `stale-epoch` when an agent holds a newer one; `transient` when too few confirm.
 */
export async function mustHoldMajority(dependencies: ActivityDependencies, run: RunContext, leftAs: string): Promise<void> {
  const plan = await dependencies.planOf(run.planDigest);
  const voters = Object.keys(plan.estate.sites).filter((site) => site !== run.from);
  const needed = majorityOf(voters);
  const confirmed: SiteId[] = [];
  const silent: string[] = [];
  const ask = async (site: SiteId): Promise<void> => {
    const answer = await attempt(() => dependencies.agent(run, site).ask('identify'));
    if (!answer.ok) return void silent.push(`${site}: ${answer.reason}`);
    const epoch = parseEpoch(answer.fields.get('epoch'));
    if (epoch === undefined) return void silent.push(`${site}: tells no epoch, but ${JSON.stringify(answer.fields.get('epoch'))}`);
    const held = { epoch, holder: answer.fields.get('epoch_holder') };
    mustBeNewest(`The agent of ${site}`, held, run, leftAs);
    if (held.epoch === run.epoch) confirmed.push(site);
    else silent.push(`${site}: holds epoch ${held.epoch}`);
  };
  await new Promise<void>((resolve, reject) => {
    const asked = voters.map((site) => ask(site).then(() => confirmed.length >= needed && resolve()));
    Promise.all(asked).then(() => resolve(), reject);
  });
  if (confirmed.length >= needed) return;
  throw failure('transient', {
    happened: `Epoch ${run.epoch} of this run is confirmed by ${confirmed.length} of ${voters.length} sites, and ${needed} are needed (${silent.join('; ')}).`,
    leftAs,
  });
}
