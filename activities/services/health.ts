/** Does the service at a site say that it is ready for work? */
import { milliseconds } from '../../plan/durations.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { judgeHealth } from '../detection/checks.ts';
import { isNotReadyError, isNotReadyStatus } from '../probing/readiness.ts';
import type { ServiceCaller } from '../probing/service.ts';
import { until } from '../waiting.ts';
import type { Readiness } from './port.ts';

const pollMilliseconds = 200;

/** Asks its health path until it is well, at most so long; ends at once with what no waiting fixes. */
export async function untilHealthy(plan: Plan, service: ServiceCaller, site: SiteId, withinSeconds: number): Promise<Readiness> {
  let latest: Readiness = { status: 'failed', detail: `The plan has no address of the service at ${site}.` };
  const settled = await until(
    async () => {
      latest = await askHealth(plan, service, site, latest);
      return latest.waitsFor === undefined ? latest : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
  );
  return settled ?? latest;
}

async function askHealth(plan: Plan, service: ServiceCaller, site: SiteId, without: Readiness): Promise<Readiness> {
  const path = plan.estate.service.healthPath;
  const endpoint = plan.estate.sites[site]?.service;
  if (!endpoint) return without;
  try {
    const { status, body } = await service.call({ endpoint, path, timeoutMilliseconds: milliseconds(plan.estate.detection.probeTimeout) });
    const { ok, detail } = judgeHealth(status, body);
    if (ok) return { status: 'ok', detail: `${path} answers (${detail})` };
    // With status 200 it says itself how it is: anything but well may be "starting".
    return notHealthy(path, detail, status === 200 || isNotReadyStatus(status));
  } catch (error) {
    return notHealthy(path, (error as Error).message, isNotReadyError(error));
  }
}

function notHealthy(path: string, detail: string, waits: boolean): Readiness {
  return { status: 'failed', detail: `${path} gives ${detail}`, ...(waits ? { waitsFor: `${path} (${detail})` } : {}) };
}
