/** What only the old primary committed, counted by the agent of its site once that is back. Reads only. */
import { type CountedBeyond, lsnOf } from '../../plan/rules/beyond.ts';
import { closableAt } from '../../plan/rules/servers.ts';
import { attempt, bare } from '../attempt.ts';
import { promotionOf } from '../database/activities.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { siteOf } from '../ssh/programs.ts';
import type { CountBeyondInput } from './port.ts';

export async function countBeyond(dependencies: ActivityDependencies, input: CountBeyondInput): Promise<CountedBeyond | null> {
  const { run, site, lastPositionBytes } = input;
  const plan = await dependencies.planOf(run.planDigest);
  siteOf(plan, site);
  if (!closableAt(plan, site).includes('database')) return null;
  const from = await branchOf(dependencies, input);
  if (!from) return null;
  const position = lsnOf(from.bytes);
  const last = lastPositionBytes === undefined ? [] : [lsnOf(Math.max(from.bytes, lastPositionBytes))];
  const answer = await attempt(() => dependencies.agent(run, site).ask('database-beyond', position, ...last));
  if (!answer.ok && answer.silent)
    throw failure('transient', {
      happened: `The agent of ${site} could not be asked what its database committed: ${answer.reason}.`,
      leftAs: 'Nothing was counted.',
    });
  return {
    from: position,
    basis: from.basis,
    ...(lastPositionBytes === undefined ? {} : { bytes: Math.max(0, lastPositionBytes - from.bytes) }),
    rows: answer.ok ? rowsOf(answer.fields) : { notCounted: bare(answer.reason) },
  };
}

/** Where the new primary branched off, as its agent noted when this run promoted it; where that is not told, the position that its fence proved. */
async function branchOf(
  dependencies: ActivityDependencies,
  { run, target, fencedPositionBytes }: CountBeyondInput,
): Promise<{ readonly bytes: number; readonly basis: CountedBeyond['basis'] } | null> {
  const status = target === undefined ? undefined : await attempt(() => dependencies.agent(run, target).ask('database-status'));
  const promotion = status?.ok ? promotionOf(status.fields) : undefined;
  if (promotion?.by === run.execution) return { bytes: promotion.bytes, basis: 'branch' };
  return fencedPositionBytes === undefined ? null : { bytes: fencedPositionBytes, basis: 'standbys left' };
}

function rowsOf(fields: AgentFields): CountedBeyond['rows'] {
  const number = (key: string) => Number(fields.get(key));
  return {
    transactions: number('transactions'),
    inserted: number('inserted'),
    updated: number('updated'),
    deleted: number('deleted'),
    whole: fields.flag('whole'),
    customersOnly: fields.flag('skipped'),
  };
}
