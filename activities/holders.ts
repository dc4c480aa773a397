/** Whether a run still holds its epoch, asked of all who hold one: docs/decisions/015-who-holds-the-epoch.md. */
import { parseEpoch } from '../plan/rules/epochs.ts';
import { type Holder, holdersOf, majorityOf } from '../plan/rules/holders.ts';
import type { Plan } from '../plan/schema.ts';
import { attempt, bare } from './attempt.ts';
import type { RunContext } from './context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { readZoneEpoch } from './dns/zone-epoch.ts';
import { type HeldEpoch, mustBeNewest } from './epoch.ts';
import { failure } from './errors.ts';
import { readWitness } from './witness/s3.ts';

type Answer = ({ readonly reachable: true } & HeldEpoch) | { readonly reachable: false; readonly reason: string };

/**
 * The run's epoch still stands at a majority of all holders, or at as many as people have accepted. What is irreversible asks for it first: the target itself may have been out of reach
 * when a newer run took its epoch. Answers as soon as a majority has confirmed; one that is silent confirms nothing, and is waited for only where it is needed.
 *
 * @throws ApplicationFailure `stale-epoch` when a holder has a newer one; `transient` when too few confirm.
 */
export async function mustHoldMajority(dependencies: ActivityDependencies, run: RunContext, leftAs: string): Promise<void> {
  const plan = await dependencies.planOf(run.planDigest);
  const holders = holdersOf(plan);
  const needed = run.holdersAccepted ?? majorityOf(holders.length);
  const confirmed: string[] = [];
  const silent: string[] = [];
  const ask = async (holder: Holder): Promise<void> => {
    const answer = await askHolder(dependencies, run, plan, holder);
    if (!answer.reachable) return void silent.push(`${holder.called}: ${bare(answer.reason)}`);
    mustBeNewest(holder.kind === 'site' ? `The agent of ${holder.called}` : holder.called.replace('the', 'The'), answer, run, leftAs);
    // A number that names nobody is a person's: it stands for no run.
    if (answer.epoch === run.epoch && answer.holder === run.execution) confirmed.push(holder.called);
    else silent.push(`${holder.called}: holds epoch ${answer.epoch} of ${answer.holder || 'nobody'}`);
  };
  await new Promise<void>((resolve, reject) => {
    // Any two majorities share a holder, so that late answers change nothing. Where people accepted fewer, each answer may be the one that knows of a newer run.
    const enough = () => run.holdersAccepted === undefined && confirmed.length >= needed;
    const asked = holders.map((holder) => ask(holder).then(() => enough() && resolve()));
    Promise.all(asked).then(() => resolve(), reject);
  });
  if (confirmed.length >= needed) return;
  throw failure('transient', {
    happened: `Epoch ${run.epoch} of this run is confirmed by ${confirmed.length} of its ${holders.length} holders, and ${needed} are needed (${silent.join('; ')}).`,
    leftAs,
  });
}

async function askHolder(dependencies: ActivityDependencies, run: RunContext, plan: Plan, holder: Holder): Promise<Answer> {
  if (holder.kind === 'zone') return readZoneEpoch(dependencies, run);
  if (holder.kind === 'witness') return readWitness(dependencies, plan, holder.witness);
  const answer = await attempt(() => dependencies.agent(run, holder.site).ask('identify'));
  if (!answer.ok) return { reachable: false, reason: answer.reason };
  const epoch = parseEpoch(answer.fields.get('epoch'));
  if (epoch === undefined) return { reachable: false, reason: `tells no epoch, but ${JSON.stringify(answer.fields.get('epoch'))}` };
  return { reachable: true, epoch, holder: answer.fields.get('epoch_holder') };
}
