/** Detection: the orchestrator's own probes, those of the sites' agents, and the DNS provider's health check. Nothing here changes anything. */
import { milliseconds, seconds } from '../../plan/durations.ts';
import type { Plan } from '../../plan/schema.ts';
import { withoutHint } from '../../plan/rules/sentences.ts';
import { attemptToRead, bare } from '../attempt.ts';
import type { AgentFields, FolderDependencies } from '../dependencies.ts';
import { createRoute53, type CheckerReport } from '../dns/route53.ts';
import { keepAsking, stopAsking } from '../hosts/identity.ts';
import type { Lookout, Lookouts } from '../lookouts.ts';
import { createServiceCaller } from '../probing/service.ts';
import { storeLogin } from '../probing/stores.ts';
import { createLooker } from './checks.ts';
import type { DetectionActivities, Observation, Vantage, WatchInput } from './port.ts';
import { awaitReturn } from './return.ts';
import { describeRound, judgeRound, watch, type Round, type Watch } from './rounds.ts';

export function createDetectionActivities(dependencies: FolderDependencies): DetectionActivities {
  return {
    async watchFromOrchestrator(input) {
      const plan = await dependencies.planOf(input.run.planDigest);
      const login = await storeLogin(plan, dependencies.secret);
      const looker = createLooker(plan, await createServiceCaller(plan, dependencies.planFolder), login);
      const look = async (life?: () => void): Promise<Round> => {
        const sentAt = dependencies.now();
        const [sighted, observations] = await Promise.all([looker.seesReference(), looker.lookAt(input.site, sentAt, life)]);
        if (!sighted) return { sentAt, verdict: 'blind', observations, detail: 'reaches none of its reference targets' };
        return { sentAt, verdict: judgeRound(observations), observations, detail: describeRound(observations) };
      };
      const vantage = await watchOn(dependencies.lookouts, input, { kind: 'orchestrator', observer: 'orchestrator', ...pace(plan, input), look });
      if (goesOn(input, vantage)) await keepAsking(dependencies, input.run, input.site, input.goOnSeconds * 1000);
      else stopAsking(dependencies, input.run, input.site);
      return vantage;
    },

    async watchFromSite(input) {
      const plan = await dependencies.planOf(input.run.planDigest);
      const agent = dependencies.agent(input.run, input.observer);
      const look = async (): Promise<Round> => {
        const sentAt = dependencies.now();
        const answer = await attemptToRead(
          () => agent.ask('probe', input.site),
          (fields) => siteRound(plan, fields),
        );
        return answer.ok ? answer.value : { sentAt, verdict: 'blind', observations: [], detail: `could not be asked: ${answer.reason}` };
      };
      return watchOn(dependencies.lookouts, input, { kind: 'site-agent', observer: input.observer, ...pace(plan, input), look });
    },

    // No lookout is kept here: the provider's interface takes five questions a second of a whole account, and answers whatever has become of the site.
    async watchHealthCheck(input) {
      const plan = await dependencies.planOf(input.run.planDigest);
      const watched = plan.sites.find((site) => site.role === 'primary')?.id;
      if (input.site !== watched) {
        // It says nothing about any other site, so it must not stand for a second kind of witness there.
        const detail = `watches ${watched} only, the primary of the plan; for ${input.site} that is expected, and the orchestrator and the site agents see it`;
        const look = async (): Promise<Round> => ({ sentAt: dependencies.now(), verdict: 'blind', observations: [], detail });
        return watch({ kind: 'health-check', observer: plan.estate.dns.driver, ...pace(plan, input), look });
      }
      const route53 = await createRoute53(plan, dependencies);
      try {
        return await watch({
          kind: 'health-check',
          observer: plan.estate.dns.driver,
          ...pace(plan, input),
          look: () => healthCheckRound(plan, route53, dependencies.now()),
        });
      } finally {
        route53.close();
      }
    },

    awaitReturn: (input) => awaitReturn(dependencies, input),
  };
}

/** A watch whose looks may tell a sign of life before they end. */
type OpenWatch = Omit<Watch, 'look'> & { look(life?: () => void): Promise<Round> };

/** A watch whose single round may be one that has just ended, and that goes on afterwards where it is asked to. */
async function watchOn(lookouts: Lookouts, input: WatchInput, { look, ...settings }: OpenWatch): Promise<Vantage> {
  const key = `${input.run.planDigest} ${input.site} from ${settings.observer} (${settings.kind})`;
  const lookout: Lookout<Round> = {
    look,
    everyMilliseconds: settings.intervalMilliseconds,
    withinMilliseconds: settings.graceMilliseconds,
    // A round that saw nothing at all is worth another look, though it takes its time.
    stands: ({ verdict }) => verdict === 'failed',
  };
  const vantage = await watch({ ...settings, look: () => (settings.holdSeconds > 0 ? look() : lookouts.ask(key, lookout)) });
  if (goesOn(input, vantage)) lookouts.keep(key, lookout, input.goOnSeconds * 1000);
  else lookouts.end(key);
  return vantage;
}

/** A site that is well is answered by at once whenever it is asked. */
function goesOn(input: WatchInput, { verdict }: Vantage): input is WatchInput & { readonly goOnSeconds: number } {
  return input.goOnSeconds !== undefined && verdict !== 'alive';
}

function pace(plan: Plan, input: WatchInput): Pick<Watch, 'holdSeconds' | 'intervalMilliseconds' | 'graceMilliseconds'> {
  const { probeInterval, probeTimeout } = plan.estate.detection;
  return { holdSeconds: input.holdSeconds, intervalMilliseconds: milliseconds(probeInterval), graceMilliseconds: 3 * milliseconds(probeTimeout) };
}

/** A round as the agent of another site saw it, with the age of the replication that it gets from there. */
function siteRound(plan: Plan, fields: AgentFields): Round {
  const sentAt = timeOf(fields, 'sent_at');
  const sent = sentAt.toISOString();
  const failingSince = fields.at('failing_since')?.toISOString();
  const probed = (['service', 'database', 'cache'] as const)
    .filter((check) => fields.find(`${check}_detail`) !== 'not in agent.conf')
    .map((check): Observation => ({ check, ok: fields.flag(`${check}_ok`), sentAt: sent, detail: fields.find(`${check}_detail`) ?? '' }));
  const observations = [...probed, ...linkObservations(plan, fields, sent, failingSecondsOf(probed, sent, failingSince))];
  if (!fields.flag('reference_ok')) return { sentAt, verdict: 'blind', observations, detail: 'reaches none of its reference targets' };
  return {
    sentAt,
    verdict: judgeRound(observations),
    observations,
    detail: describeRound(observations),
    ...(failingSince === undefined ? {} : { failingSince }),
  };
}

/** How long service and database have been failing on the observer's record; 0 when this round is the first of them, undefined when they do not fail. */
function failingSecondsOf(probed: readonly Observation[], sentAt: string, failingSince: string | undefined): number | undefined {
  if (probed.some(({ check, ok }) => ok && (check === 'service' || check === 'database'))) return undefined;
  return failingSince === undefined ? 0 : Math.max(0, (Date.parse(sentAt) - Date.parse(failingSince)) / 1000);
}

/**
 * Signs of life on the links that replicate. While probes fail, only a message that came after their row began counts as one, whatever else the link says;
 * the slack is for what was on its way at that moment.
 */
function linkObservations(plan: Plan, fields: AgentFields, sentAt: string, failingSeconds: number | undefined): Observation[] {
  const slackSeconds = seconds(plan.estate.detection.probeInterval) + seconds(plan.estate.detection.probeTimeout);
  const observe = (check: 'replication' | 'cache-link', ageSeconds: number | undefined, up: boolean): Observation[] => {
    if (ageSeconds === undefined) return [];
    const ok = up && (failingSeconds === undefined || ageSeconds < failingSeconds - slackSeconds);
    return [{ check, ok, sentAt, ageSeconds, detail: `${up ? 'last message' : 'link down for'} ${ageSeconds} s${up ? ' ago' : ''}` }];
  };
  return [
    ...observe('replication', number(fields.find('replication_age_seconds')), true),
    ...observe('cache-link', number(fields.find('cache_link_age_seconds')), fields.find('cache_link_up') === 'yes'),
  ];
}

/** By the run's clock, whatever the observer's shows. */
function timeOf(fields: AgentFields, key: string): Date {
  return fields.at(key) ?? new Date(fields.get(key));
}

function number(text: string | undefined): number | undefined {
  return text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text);
}

async function healthCheckRound(plan: Plan, route53: Awaited<ReturnType<typeof createRoute53>>, sentAt: Date): Promise<Round> {
  try {
    const reports = await route53.healthCheck(plan.estate.dns.siteHealthCheckId);
    return judgeReports(reports, sentAt, seconds(plan.estate.dns.healthCheck.interval));
  } catch (error) {
    return { sentAt, verdict: 'blind', observations: [], detail: `could not be asked: ${bare(withoutHint((error as Error).message))}` };
  }
}

/** A round by the last report of each of the provider's checkers; those older than five intervals and 10 s are left out. */
export function judgeReports(reports: readonly CheckerReport[], sentAt: Date, intervalSeconds: number): Round {
  const oldest = sentAt.getTime() - 1000 * (intervalSeconds * 5 + 10);
  const fresh = reports.filter((report) => report.checkedAt.getTime() >= oldest);
  if (fresh.length === 0) return { sentAt, verdict: 'blind', observations: [], detail: 'has no recent report' };
  const healthy = fresh.filter((report) => report.healthy).length;
  const failing = fresh.filter((report) => !report.healthy).map((report) => report.checkedAt.getTime());
  // The provider's own rule: a check is healthy when more than 18 % of its checkers say so.
  const ok = healthy / fresh.length > 0.18;
  const detail = `${healthy} of ${fresh.length} checkers say healthy: ${fresh[0]?.text ?? ''}`;
  return {
    sentAt,
    verdict: ok ? 'alive' : 'failed',
    observations: [{ check: 'health-check', ok, sentAt: sentAt.toISOString(), detail }],
    detail,
    // From the youngest failing report on, all of them had failed; an old one alone says nothing about the time since.
    ...(ok ? {} : { failingSince: new Date(Math.max(...failing)).toISOString() }),
  };
}
