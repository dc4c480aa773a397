/** Verification by content: each function by its own probe and by what its stores hold, the uptime metric, the way of a customer, the time after. */
import { milliseconds } from '../../plan/durations.ts';
import type { BusinessFunction, Endpoint, FunctionProbe, Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { createHostsActivities } from '../hosts/activities.ts';
import { given, givesOnly, resolveAt, serverName } from '../probing/resolve.ts';
import { isNotReadyError, isNotReadyStatus } from '../probing/readiness.ts';
import { createServiceCaller, type ServiceCaller } from '../probing/service.ts';
import { pause, until } from '../waiting.ts';
import { compareCounts, type Comparison } from './counts.ts';
import { NameWatch } from './name-watch.ts';
import type { CustomerVerdict, FunctionVerdict, UptimeVerdict, VerificationActivities } from './port.ts';
import { probeFunction, type ProbeResult } from './probe.ts';
import { countReferences } from './references.ts';

const pollMilliseconds = 100;
/** A question by UDP may get lost. */
const silentLooks = 3;
/** Of a resolver that is there, and will not tell an address. */
const answeredCodes = new Set(['ESERVFAIL', 'EREFUSED', 'EFORMERR', 'ENOTIMP']);

interface Verifier {
  readonly plan: Plan;
  readonly service: ServiceCaller;
  readonly run: RunContext;
  readonly sessions: FolderDependencies['sessions'];
  /** Functions that were not ready when they were asked last. */
  readonly awaited: Set<string>;
  now(): Date;
  /** See `ProbeCall`; asked once. */
  aheadSeconds(site: SiteId): Promise<number>;
}

export function createVerificationActivities(dependencies: FolderDependencies): VerificationActivities {
  const awaited = new Set<string>();
  const verifierOf = async (run: RunContext): Promise<Verifier> => {
    const plan = await dependencies.planOf(run.planDigest);
    const service = await createServiceCaller(plan, dependencies.planFolder);
    let ahead: Promise<number> | undefined;
    return {
      plan,
      run,
      service,
      sessions: dependencies.sessions,
      awaited,
      now: dependencies.now,
      aheadSeconds: (site) => (ahead ??= mostBehind(dependencies, run, site)),
    };
  };
  return {
    async countReferences({ run, site }) {
      return countReferences(dependencies, await dependencies.planOf(run.planDigest), run, site);
    },

    async verifyFunction({ run, ...asked }) {
      return verifyFunction(await verifierOf(run), asked);
    },

    async verifyUptime({ run, site, withinSeconds }) {
      return verifyUptime(await verifierOf(run), site, withinSeconds);
    },

    async verifyAsCustomer({ run, site, functions, withinSeconds }) {
      return verifyAsCustomer(await verifierOf(run), site, functions, withinSeconds);
    },

    async watchService({ run, site, functions, forSeconds, routed }) {
      const verifier = await verifierOf(run);
      return watchService(verifier, site, functions, forSeconds, routed ? new NameWatch(verifier.plan, site) : undefined);
    },
  };
}

/** What a site writes is dated by the clock of its host or of its database. */
async function mostBehind(dependencies: FolderDependencies, run: RunContext, site: SiteId): Promise<number> {
  const [agent] = await createHostsActivities(dependencies).readAgents({ run, sites: [site] });
  if (!agent?.reachable || !agent.clocks) return 0;
  return Math.min(agent.clocks.siteAheadSeconds, agent.clocks.databaseAheadSeconds ?? 0);
}

interface Asked {
  readonly site: SiteId;
  readonly function: string;
  readonly reference?: SiteId;
  readonly withinSeconds: number;
}

async function verifyFunction(verifier: Verifier, { site, function: id, reference, withinSeconds }: Asked): Promise<FunctionVerdict> {
  const { plan } = verifier;
  const { businessFunction, probe } = served(plan, id);
  const endpoint = serviceAt(plan, site);
  const verdict = (result: ProbeResult): FunctionVerdict => ({ function: id, ...result, at: verifier.now().toISOString() });
  const look = () => ask(verifier, site, endpoint, businessFunction, probe);
  const counts = () => compare(verifier, site, reference, probe);
  // Where the function is well at once, as it should be, its data are compared meanwhile. They are not counted again and again for one that is awaited.
  const key = `${verifier.run.execution} ${id} at ${site}`;
  const early = verifier.awaited.has(key) ? undefined : counts();
  const first = await look();
  let latest: ProbeResult = first;
  if (latest.status === 'failed')
    await until(
      async () => {
        latest = await look();
        return latest.status === 'failed' ? undefined : latest;
      },
      { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
    );
  if (latest.waitsFor !== undefined) {
    verifier.awaited.add(key);
    return verdict({ ...latest, differences: [...latest.differences, 'Its data was not compared, since it is not ready.'] });
  }
  verifier.awaited.delete(key);
  const found = latest === first ? await early : undefined;
  // What the probe wrote and took away between two counts differs, and is no loss: what differs is counted once more, alone.
  const compared = found === undefined || found.differences.length > 0 ? await counts() : found;
  const status = compared.differences.length > 0 ? 'failed' : latest.status;
  return verdict({ status, differences: [...latest.differences, ...compared.differences, ...compared.remarks] });
}

async function compare({ sessions, run }: Verifier, site: SiteId, reference: SiteId | undefined, probe: FunctionProbe): Promise<Comparison> {
  if (reference === undefined) return { differences: [], remarks: ['No survivor was there to compare with.'] };
  try {
    return await compareCounts({ sessions }, run, { site, reference }, probe);
  } catch (error) {
    return { differences: [`Its data at ${site} could not be counted: ${(error as Error).message}.`], remarks: [] };
  }
}

function ask(verifier: Verifier, site: SiteId, endpoint: Endpoint, businessFunction: BusinessFunction, probe: FunctionProbe): Promise<ProbeResult> {
  const { plan, service, run } = verifier;
  // A token of its own for each question: an old answer can never pass for a new one.
  const token = `dr-${run.epoch}-${businessFunction.id}-${crypto.randomUUID()}`;
  const timeoutMilliseconds = 2 * milliseconds(plan.estate.detection.probeTimeout);
  return probeFunction({
    service,
    endpoint,
    probe,
    businessFunction,
    token,
    site,
    timeoutMilliseconds,
    now: () => verifier.now(),
    aheadSeconds: () => verifier.aheadSeconds(site),
  });
}

/** Two values are needed, of which the later is the greater: what is served by a cache or a dead process stays. */
async function verifyUptime(verifier: Verifier, site: SiteId, withinSeconds: number): Promise<UptimeVerdict> {
  let first: number | undefined;
  let latest: UptimeVerdict = { ok: false, detail: 'It was not asked.' };
  await until(
    async () => {
      const read = await readUptime(verifier, site);
      latest = typeof read === 'number' ? judgeUptime(verifier.plan, first, read) : read;
      if (typeof read === 'number') first ??= read;
      return latest.ok ? latest : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
  );
  return latest;
}

function judgeUptime({ estate }: Plan, first: number | undefined, value: number): UptimeVerdict {
  const { uptimeMetric } = estate.service;
  if (first === undefined) return { ok: false, detail: `${uptimeMetric} was read once: ${value} s.`, waitsFor: `a second look at ${uptimeMetric}` };
  return value > first
    ? { ok: true, detail: `${uptimeMetric} grows: ${first} s, then ${value} s.` }
    : { ok: false, detail: `${uptimeMetric} stays at ${first} s.` };
}

async function readUptime({ plan, service }: Verifier, site: SiteId): Promise<number | UptimeVerdict> {
  const { metricsPath: path, uptimeMetric } = plan.estate.service;
  const endpoint = serviceAt(plan, site);
  const unread = (why: string, waits: boolean): UptimeVerdict => ({
    ok: false,
    detail: `${uptimeMetric} could not be read: ${why}.`,
    ...(waits ? { waitsFor: `${path} (${why})` } : {}),
  });
  try {
    const answer = await service.call({ endpoint, path, timeoutMilliseconds: 2 * milliseconds(plan.estate.detection.probeTimeout) });
    if (answer.status !== 200) return unread(`HTTP ${answer.status}`, isNotReadyStatus(answer.status));
    return readMetric(answer.body, uptimeMetric) ?? unread(`there is no metric ${uptimeMetric}`, false);
  } catch (error) {
    return unread((error as Error).message, isNotReadyError(error));
  }
}

/** The value of a metric in Prometheus's text format, with or without labels; undefined where it is not there. */
export function readMetric(text: string, name: string): number | undefined {
  const match = new RegExp(`^${name}(?:\\{[^}]*\\})?\\s+(\\S+)`, 'm').exec(text);
  const value = Number(match?.[1]);
  return match && Number.isFinite(value) ? value : undefined;
}

/** A resolver that gives something else is waited for as long as there is time, one that is silent for a few looks; functions that work are not called again meanwhile. */
async function verifyAsCustomer(verifier: Verifier, site: SiteId, functions: readonly string[], withinSeconds: number): Promise<CustomerVerdict> {
  const { plan } = verifier;
  let verdicts: readonly FunctionVerdict[] = [];
  let resolvers: readonly Resolved[] = [];
  let looks = 0;
  const found = () => resolvers.some(({ gives }) => gives === 'the address');
  const working = () => verdicts.length > 0 && verdicts.every(({ status }) => status !== 'failed');
  const settle = async (): Promise<true | undefined> => {
    resolvers = await Promise.all(plan.estate.dns.resolvers.map((resolver) => resolveAs(plan, site, resolver)));
    looks += 1;
    if (!working()) verdicts = await askAsCustomer(verifier, site, functions, found());
    const awaited = resolvers.some(({ gives }) => gives === 'something else' || (gives === 'nothing' && looks < silentLooks));
    return (working() || functions.length === 0) && !awaited ? true : undefined;
  };
  await until(settle, { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 });
  return { found: found(), functions: verdicts, remarks: resolvers.flatMap(({ remark }) => remark ?? []) };
}

async function askAsCustomer(verifier: Verifier, site: SiteId, functions: readonly string[], found: boolean): Promise<readonly FunctionVerdict[]> {
  const { plan } = verifier;
  const endpoint = { host: plan.estate.sites[site]?.publicAddress ?? '', port: plan.estate.service.publicPort };
  return Promise.all(
    functions.map(async (id): Promise<FunctionVerdict> => {
      const { businessFunction, probe } = served(plan, id);
      const lost = { status: 'failed' as const, differences: [`No resolver of the plan gives the address of ${site}.`] };
      const result = found ? await ask(verifier, site, endpoint, businessFunction, probe) : lost;
      return { function: id, ...result, at: verifier.now().toISOString() };
    }),
  );
}

interface Resolved {
  readonly gives: 'the address' | 'something else' | 'nothing';
  readonly remark?: string;
}

async function resolveAs(plan: Plan, site: SiteId, resolver: Endpoint): Promise<Resolved> {
  const expected = plan.estate.sites[site]?.publicAddress;
  const name = `The resolver ${serverName(resolver)}`;
  const other = (answer: string): Resolved => ({
    gives: 'something else',
    remark: `${name} gives ${answer}, not ${expected}: whoever asks it does not come to ${site} until it has forgotten that.`,
  });
  try {
    const answer = await resolveAt(resolver, plan.estate.service.publicHost, milliseconds(plan.estate.detection.probeTimeout));
    return expected !== undefined && givesOnly(answer, expected) ? { gives: 'the address' } : other(given(answer));
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (answeredCodes.has(code)) return other(code);
    return { gives: 'nothing', remark: `${name} did not answer (${message}): whether those who ask it come to ${site} was not seen.` };
  }
}

async function watchService(
  verifier: Verifier,
  site: SiteId,
  functions: readonly string[],
  forSeconds: number,
  name: NameWatch | undefined,
): Promise<{ readonly relapsed: boolean; readonly detail: string; readonly rounds: number }> {
  const interval = milliseconds(verifier.plan.estate.detection.probeInterval);
  const end = performance.now() + forSeconds * 1000;
  let failedBefore: ReadonlyMap<string, string> = new Map();
  for (let rounds = 1; ; rounds++) {
    const failing = await failingNow(verifier, site, functions, name);
    const twice = [...failing].filter(([what]) => failedBefore.has(what));
    if (twice.length > 0) return { relapsed: true, rounds, detail: twice.map(([what, why]) => `${what}: ${why}`).join(' · ') };
    // What failed in the last round is looked at once more.
    if (performance.now() >= end && failing.size === 0)
      return {
        relapsed: false,
        rounds,
        detail: [`Every function answered in ${rounds} rounds over ${forSeconds} s.`, ...(name ? [name.summary] : [])].join(' '),
      };
    failedBefore = failing;
    const left = end - performance.now();
    await pause(left > 0 ? Math.max(1, Math.min(interval, left)) : interval);
  }
}

/** One round of the watch: what fails, by its function or the public name, and why. */
async function failingNow(verifier: Verifier, site: SiteId, functions: readonly string[], name: NameWatch | undefined): Promise<ReadonlyMap<string, string>> {
  const { plan } = verifier;
  const endpoint = serviceAt(plan, site);
  const [results, astray] = await Promise.all([
    Promise.all(
      functions.map(async (id) => {
        const { businessFunction, probe } = served(plan, id);
        return [id, await ask(verifier, site, endpoint, businessFunction, probe)] as const;
      }),
    ),
    name?.look(),
  ]);
  const failed = results.flatMap(([id, result]) => (result.status === 'failed' ? [[id, result.differences.join(' ')] as const] : []));
  return new Map([...failed, ...(astray === undefined ? [] : [[plan.estate.dns.recordName, astray] as const])]);
}

function served(plan: Plan, id: string): { readonly businessFunction: BusinessFunction; readonly probe: FunctionProbe } {
  const businessFunction = plan.functions.find((entry) => entry.id === id);
  const probe = plan.estate.functionProbes.find((entry) => entry.function === id);
  if (businessFunction && probe) return { businessFunction, probe };
  throw failure('refused', {
    happened: `The plan has no function "${id}" with a probe.`,
    leftAs: 'Nothing was asked.',
    next: 'Add it to functions and estate.functionProbes.',
  });
}

function serviceAt(plan: Plan, site: SiteId): Endpoint {
  const endpoint = plan.estate.sites[site]?.service;
  if (endpoint) return endpoint;
  throw failure('refused', { happened: `The plan's estate has no site "${site}".`, leftAs: 'Nothing was asked.' });
}
