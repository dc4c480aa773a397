/** The epoch in the zone: read, and written by compare-and-set. */
import { ApplicationFailure } from '@temporalio/common';
import { withoutHint } from '../../plan/rules/sentences.ts';
import type { Plan } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { mustBeNewest, mustBeWithinReach } from '../epoch.ts';
import { endsTheRun } from '../errors.ts';
import { unlessSecretMissing } from '../secret-missing.ts';
import { mustHoldTask } from '../task.ts';
import type { ZoneEpoch } from './port.ts';
import { createRoute53, type Route53 } from './route53.ts';
import { type EpochState, epochSet, readEpoch } from './zone.ts';

type Dependencies = Pick<ActivityDependencies, 'planOf' | 'secret'>;

/** A control plane that is gone does not refuse, it is silent; what only helps is not waited for longer than this. */
export const impatientMilliseconds = 2_000;

export function readZoneEpoch(dependencies: Dependencies, run: RunContext): Promise<ZoneEpoch> {
  return unlessSecretMissing(
    () =>
      withZone(dependencies, run, async (route53) => {
        const { epoch, holder } = readEpoch(await route53.readEpoch());
        return { reachable: true, epoch, holder };
      }),
    (reason) => ({ reachable: false, reason }),
  );
}

export function claimZone(dependencies: Dependencies, run: RunContext): Promise<ZoneEpoch> {
  return withZone(dependencies, run, (route53, plan) => takeZone(plan, route53, run));
}

/** Work on the zone that a recovery does not wait for. */
async function withZone(dependencies: Dependencies, run: RunContext, work: (route53: Route53, plan: Plan) => Promise<ZoneEpoch>): Promise<ZoneEpoch> {
  const plan = await dependencies.planOf(run.planDigest);
  const route53 = await createRoute53(plan, dependencies, impatientMilliseconds);
  try {
    return await work(route53, plan);
  } catch (error) {
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    return { reachable: false, reason: withoutHint(error.message) };
  } finally {
    route53.close();
  }
}

async function takeZone(plan: Plan, route53: Route53, run: RunContext): Promise<ZoneEpoch> {
  const zone = readEpoch(await route53.readEpoch());
  mustBeNewest('The zone', zone, run, 'No record was changed.');
  mustBeWithinReach('the zone', zone, run, 'No record was changed.');
  if (!isOurs(zone, run)) await route53.changeZone(takeEpoch(plan, zone, run), `${run.runId} claims epoch ${run.epoch}`);
  return { reachable: true, epoch: run.epoch, holder: run.execution };
}

export function isOurs({ epoch, holder }: EpochState, run: RunContext): boolean {
  return epoch === run.epoch && holder === run.execution;
}

/** Deletes exactly the record that was read, so that the batch fails when another run was faster. */
export function takeEpoch(plan: Plan, zone: EpochState, run: RunContext) {
  return [
    ...(zone.epochRecord ? [{ Action: 'DELETE' as const, ResourceRecordSet: zone.epochRecord }] : []),
    { Action: 'CREATE' as const, ResourceRecordSet: epochSet(plan, zone, run.epoch, run.execution) },
  ];
}
