/** Routing: the data plane by switches at the surviving sites, the control plane by records; proof from the servers that customers' resolvers ask. */
import { ApplicationFailure } from '@temporalio/common';
import type { Plan, SiteId } from '../../plan/schema.ts';
import type { Change, RunContext } from '../context.ts';
import { bare } from '../attempt.ts';
import type { ActivityDependencies, AgentAnswer, FolderDependencies } from '../dependencies.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { endsTheRun, errorTypeOf, failure } from '../errors.ts';
import { mustHoldMajority } from '../holders.ts';
import { given, givesOnly, resolveAt, serverName } from '../probing/resolve.ts';
import { mustHoldTask } from '../task.ts';
import { until } from '../waiting.ts';
import { addressesOf, agreeOn, askAuthorities, askForIpv6, notMoved, queryTimeoutMilliseconds, siteOf, type AuthorityAnswer } from './authorities.ts';
import { addressesBeside } from './findings.ts';
import type { DnsActivities, RecordLook, RouteProof } from './port.ts';
import { changeRecord, shareRecord } from './record-changes.ts';
import { createRoute53 } from './route53.ts';
import { lookAtShares, proveShare } from './shares.ts';
import { claimZone, impatientMilliseconds, readZoneEpoch } from './zone-epoch.ts';
import { readState, servedFromElsewhere } from './zone.ts';

const pollMilliseconds = 100;

export function createDnsActivities(dependencies: FolderDependencies): DnsActivities {
  return {
    async readRoute({ run }) {
      const plan = await dependencies.planOf(run.planDigest);
      const answers = await askAuthorities(plan);
      const ttlSeconds = Math.max(0, ...answers.map((answer) => answer.ttlSeconds));
      return { site: siteOf(plan, answers), addresses: addressesOf(answers), ttlSeconds, at: dependencies.now().toISOString() };
    },

    async lookAtRecords({ run }) {
      return lookAtRecords(await dependencies.planOf(run.planDigest), dependencies);
    },

    async throwSwitch({ run, from, to, switchSites }) {
      const plan = await dependencies.planOf(run.planDigest);
      mustBePrepared(plan, from, to);
      await mustHoldMajority(dependencies, run, 'No switch was thrown.');
      return throwSwitches(dependencies, run, switchSites, from, to);
    },

    readZoneEpoch: ({ run }) => readZoneEpoch(dependencies, run),

    claimZone: ({ run }) => claimZone(dependencies, run),

    changeRecord: ({ run, to }) => changeRecord(dependencies, run, to),

    shareRecord: ({ run, to, percent }) => shareRecord(dependencies, run, to, percent),

    lookAtShares: ({ run, to }) => lookAtShares(dependencies, run, to),

    async proveShare({ run, to, percent, withinSeconds }) {
      return proveShare(await dependencies.planOf(run.planDigest), to, percent, withinSeconds);
    },

    async proveRoute({ run, to, withinSeconds }) {
      const plan = await dependencies.planOf(run.planDigest);
      return proveRoute(plan, to, withinSeconds, dependencies.now);
    },
  };
}

/** The prepared failover record leads from the primary to the secondary and nowhere else; a thrown switch would send customers to a site that was not promoted. */
function mustBePrepared(plan: Plan, from: SiteId, to: SiteId): void {
  const role = (site: SiteId): string | undefined => plan.sites.find((entry) => entry.id === site)?.role;
  if (role(from) === 'primary' && role(to) === 'secondary') return;
  throw failure('refused', {
    happened: `The prepared failover records lead from the primary to the secondary site, not from ${from} to ${to}.`,
    leftAs: 'No switch was thrown.',
    next: 'Use the control plane for this way.',
  });
}

/** Throws the switch at every site that can be reached; one suffices, because the health check needs only one to see it. */
async function throwSwitches(
  dependencies: ActivityDependencies,
  run: RunContext,
  sites: readonly SiteId[],
  from: SiteId,
  to: SiteId,
): Promise<Change & { readonly thrownAt: readonly SiteId[] }> {
  const answers = await Promise.allSettled(sites.map((site) => dependencies.agent(run, site).tryChange('switch-throw', from, to)));
  const ending = answers.find((answer) => answer.status === 'rejected' && endsTheRun(answer.reason));
  if (ending?.status === 'rejected') throw ending.reason;
  const thrown = sites.flatMap((site, index) => {
    const answer = answers[index];
    return answer?.status === 'fulfilled' && answer.value.reachable ? [{ site, fields: answer.value.fields }] : [];
  });
  if (thrown.length === 0) {
    const reasons = sites.map((site, index) => `${site}: ${whyNot(answers[index])}`).join('; ');
    const type = answers.some(mayHeal) ? 'transient' : 'permanent';
    throw failure(type, { happened: `No switch could be thrown (${reasons || 'the plan has none'}).`, leftAs: 'The route is as it was.' });
  }
  const told = (key: string): string => thrown.map(({ site, fields }) => `${site}: ${fields.get(key)}`).join(', ');
  return {
    before: told('before'),
    after: told('after'),
    changed: thrown.some(({ fields }) => fields.flag('changed')),
    source: thrown.map(({ site }) => `site-agent ${site}`).join(', '),
    at: dependencies.now().toISOString(),
    thrownAt: thrown.map(({ site }) => site),
  };
}

/** An agent that was out of reach, or met what passes; not one that refused. */
function mayHeal(answer: PromiseSettledResult<AgentAnswer>): boolean {
  if (answer.status === 'fulfilled') return !answer.value.reachable;
  return errorTypeOf(answer.reason) === 'transient';
}

function whyNot(answer: PromiseSettledResult<AgentAnswer> | undefined): string {
  if (answer?.status === 'fulfilled') return answer.value.reachable ? 'answered' : answer.value.reason;
  return answer?.reason instanceof Error ? bare(withoutHint(answer.reason.message)) : 'not asked';
}

/** What the zone's API says of the name; where it is silent, what DNS itself gives beside the route. */
async function lookAtRecords(plan: Plan, dependencies: ActivityDependencies): Promise<RecordLook> {
  const [served, ipv6] = [askAuthorities(plan), askForIpv6(plan)];
  const route53 = await createRoute53(plan, dependencies, impatientMilliseconds);
  try {
    const zone = readState(plan, await route53.readSets());
    return { obstacles: [...zone.obstacles, ...servedFromElsewhere(plan, zone, await served)], differences: zone.differences, beside: zone.beside };
  } catch (error) {
    mustHoldTask();
    if (!(error instanceof ApplicationFailure) || endsTheRun(error)) throw error;
    const addresses = await ipv6;
    const beside = addresses.length === 0 ? [] : [addressesBeside(plan.estate.dns.recordName, addresses.join(' and '))];
    return { unseen: withoutHint(error.message), obstacles: [], differences: [], beside };
  } finally {
    route53.close();
  }
}

async function proveRoute(
  plan: Plan,
  to: SiteId,
  withinSeconds: number,
  now: () => Date,
): Promise<({ readonly moved: true } & RouteProof) | { readonly moved: false; readonly detail: string }> {
  const { recordName, resolvers } = plan.estate.dns;
  const address = plan.estate.sites[to]?.publicAddress ?? '';
  let last: readonly AuthorityAnswer[] = [];
  const moved = await until(
    async () => {
      last = await askAuthorities(plan);
      return agreeOn(last, address) ? { ttlSeconds: Math.max(...last.map((answer) => answer.ttlSeconds)), at: now() } : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
  );
  if (!moved) {
    return { moved: false, detail: notMoved(plan, to, withinSeconds, last) };
  }
  const asked = await Promise.all(
    resolvers.map(async (resolver) => {
      const answer = await resolveAt(resolver, recordName, queryTimeoutMilliseconds).catch(() => undefined);
      return { server: serverName(resolver), address: answer ? given(answer) : 'no answer', agrees: answer !== undefined && givesOnly(answer, address) };
    }),
  );
  return { moved: true, site: to, authoritativeAt: moved.at.toISOString(), ttlSeconds: moved.ttlSeconds, resolvers: asked };
}
