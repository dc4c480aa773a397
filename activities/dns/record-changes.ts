/** The change of the record that customers resolve: together with the epoch, so that an older run cannot change it back. */
import type { Change as RecordChange } from '@aws-sdk/client-route-53';
import { milliseconds } from '../../plan/durations.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { mustBeNewest, mustBeWithinReach } from '../epoch.ts';
import { failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';
import { until } from '../waiting.ts';
import { createRoute53, type Route53 } from './route53.ts';
import { isOurs, takeEpoch } from './zone-epoch.ts';
import { changesToShare, changesToSite, describeZone, readState, type ZoneState } from './zone.ts';

const unchanged = 'No record was changed.';

/** What the record is to become. */
interface Wanted {
  /** Empty when it is so already. */
  changes(zone: ZoneState): readonly RecordChange[];
  /** The record then, in a few words. */
  readonly after: string;
  /** The change as a part of a sentence. */
  readonly what: string;
}

/** Everybody to one site. */
export async function changeRecord(dependencies: ActivityDependencies, run: RunContext, to: SiteId): Promise<Change> {
  const plan = await dependencies.planOf(run.planDigest);
  const { recordName } = plan.estate.dns;
  const address = addressOf(plan, to);
  return changeTo(dependencies, plan, run, {
    changes: (zone) => changesToSite(plan, zone, address),
    after: `${recordName} → ${address}`,
    what: `${recordName} to ${to}`,
  });
}

/** A share to one site, the others to the maintenance answer. */
export async function shareRecord(dependencies: ActivityDependencies, run: RunContext, to: SiteId, percent: number): Promise<Change> {
  const plan = await dependencies.planOf(run.planDigest);
  const { recordName, gradual } = plan.estate.dns;
  if (!gradual) throw failure('refused', { happened: 'The plan has no shares (estate.dns.gradual).', leftAs: unchanged });
  const address = addressOf(plan, to);
  return changeTo(dependencies, plan, run, {
    changes: (zone) => changesToShare(plan, zone, address, percent),
    after: `${recordName} → ${percent} % ${address}, ${100 - percent} % ${gradual.remainder}`,
    what: `${recordName} to ${to} for ${percent} %`,
  });
}

function addressOf(plan: Plan, site: SiteId): string {
  const address = plan.estate.sites[site]?.publicAddress;
  if (address !== undefined) return address;
  throw failure('refused', { happened: `The plan gives no public address for ${site}.`, leftAs: unchanged });
}

async function changeTo(dependencies: ActivityDependencies, plan: Plan, run: RunContext, wanted: Wanted): Promise<Change> {
  await mustHoldMajority(dependencies, run, unchanged);
  const route53 = await createRoute53(plan, dependencies);
  try {
    return await changeZoneTo(plan, route53, run, wanted, dependencies.now);
  } finally {
    route53.close();
  }
}

async function changeZoneTo(plan: Plan, route53: Route53, run: RunContext, wanted: Wanted, now: () => Date): Promise<Change> {
  const { controlPlaneBound } = plan.estate.dns;
  const zone = readState(plan, await route53.readSets());
  mustBeNewest('The zone', zone, run, unchanged);
  mustBeWithinReach('the zone', zone, run, unchanged);
  mustBeRoutable(zone.obstacles);
  const change = (changed: boolean): Change => ({
    before: describeZone(zone),
    after: wanted.after,
    changed,
    source: 'route53',
    at: now().toISOString(),
  });
  const changes = wanted.changes(zone);
  if (isOurs(zone, run) && changes.length === 0) return change(false);
  const id = await route53.changeZone([...takeEpoch(plan, zone, run), ...changes], `${run.runId} epoch ${run.epoch}: ${wanted.what}`);
  const synced = await until(async () => ((await route53.inSync(id)) ? true : undefined), {
    everyMilliseconds: 250,
    withinMilliseconds: milliseconds(controlPlaneBound),
  });
  if (synced) return change(true);
  throw failure('unknown', {
    happened: `The change of ${wanted.what} is not in sync after ${controlPlaneBound}.`,
    leftAs: 'Route 53 has accepted it and may still carry it out.',
    next: 'Ask the authoritative servers before you choose.',
  });
}

/** What cannot be pointed to a site is left as it is: half of a route is none. */
function mustBeRoutable(obstacles: readonly string[]): void {
  if (obstacles.length === 0) return;
  throw failure('refused', {
    happened: obstacles.join(' '),
    leftAs: unchanged,
    next: 'Mend the zone, or route by hand; then choose retry.',
  });
}
