/** Customers who come by shares: what the next share has to go by, and the proof of one. */
import { milliseconds } from '../../plan/durations.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { givesOnly } from '../probing/resolve.ts';
import { createServiceCaller } from '../probing/service.ts';
import { until } from '../waiting.ts';
import { askAuthorities, notOnly, type AuthorityAnswer } from './authorities.ts';
import type { SharesLook } from './port.ts';
import { createRoute53 } from './route53.ts';
import { percentTo, readState } from './zone.ts';

const pollMilliseconds = 100;
/** A server that gives by weight gives now this address, now that one: so many of its answers in a row must be right. */
const questions = 5;

export async function lookAtShares(dependencies: FolderDependencies, run: RunContext, to: SiteId): Promise<SharesLook> {
  const plan = await dependencies.planOf(run.planDigest);
  const route53 = await createRoute53(plan, dependencies);
  try {
    const [sets, silent] = await Promise.all([route53.readSets(), remainderSilent(plan, dependencies.planFolder)]);
    return { percent: percentTo(plan, readState(plan, sets), plan.estate.sites[to]?.publicAddress ?? ''), remainderSilent: silent };
  } finally {
    route53.close();
  }
}

/** Any answer under the public name is one: what a maintenance page says is not judged. */
export async function remainderSilent(plan: Plan, planFolder: string): Promise<string | null> {
  const { service, detection, dns } = plan.estate;
  if (!dns.gradual) return 'the plan has none';
  const endpoint = { host: dns.gradual.remainder, port: service.publicPort };
  const timeoutMilliseconds = milliseconds(detection.probeTimeout);
  let why = 'it was not asked';
  const caller = await createServiceCaller(plan, planFolder);
  const answered = await until(
    async () => {
      try {
        await caller.call({ endpoint, path: '/', timeoutMilliseconds });
        return true;
      } catch (error) {
        why = (error as Error).message;
        return undefined;
      }
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: 2 * timeoutMilliseconds },
  );
  return answered ? null : why;
}

/** Whether nobody is led anywhere else than to the target or to the maintenance answer. Which of the two a question meets is chance, so that a share cannot be counted. */
export async function proveShare(
  plan: Plan,
  to: SiteId,
  percent: number,
  withinSeconds: number,
): Promise<{ readonly proven: true } | { readonly proven: false; readonly detail: string }> {
  const { sites, dns } = plan.estate;
  const allowed = [...(percent > 0 ? [sites[to]?.publicAddress ?? ''] : []), dns.gradual?.remainder ?? ''];
  let last: readonly AuthorityAnswer[] = [];
  const proven = await until(
    async () => {
      last = (await Promise.all(Array.from({ length: questions }, () => askAuthorities(plan)))).flat();
      const right = last.every((answer) => allowed.some((address) => givesOnly(answer, address)));
      return last.length > 0 && right ? true : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
  );
  return proven ? { proven } : { proven: false, detail: notOnly(plan, allowed, withinSeconds, last) };
}
