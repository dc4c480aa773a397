/** Verification by content: each function by its own probe and by what its stores hold, the uptime metric, the way of a customer, the time after. */
import { milliseconds } from '../../plan/durations.ts';
import type { BusinessFunction, Endpoint, FunctionProbe, Plan, SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { FolderDependencies } from '../dependencies.ts';
import { failure } from '../errors.ts';
import { resolveAt, serverName } from '../probing/resolve.ts';
import { createServiceCaller, type ServiceCaller } from '../probing/service.ts';
import { storeLogin, type StoreLogin } from '../probing/stores.ts';
import { pause, until } from '../running.ts';
import { compareCounts, type Comparison } from './counts.ts';
import type { CustomerVerdict, FunctionVerdict, VerificationActivities } from './port.ts';
import { probeFunction, type ProbeResult } from './probe.ts';

/** A service that was just started may need a moment; what is missing from its data does not come back in it. */
const settleMilliseconds = 5_000;
const pollMilliseconds = 200;

interface Verifier {
  readonly plan: Plan;
  readonly service: ServiceCaller;
  readonly run: RunContext;
  now(): Date;
}

export function createVerificationActivities(dependencies: FolderDependencies): VerificationActivities {
  const verifierOf = async (run: RunContext): Promise<Verifier> => {
    const plan = await dependencies.planOf(run.planDigest);
    return { plan, run, service: await createServiceCaller(plan, dependencies.planFolder), now: dependencies.now };
  };
  return {
    async verifyFunction({ run, site, function: id, reference }) {
      const verifier = await verifierOf(run);
      const login = await storeLogin(verifier.plan, dependencies.secret);
      return verifyFunction(verifier, site, id, reference, login);
    },

    async verifyUptime({ run, site }) {
      return verifyUptime(await verifierOf(run), site);
    },

    async verifyAsCustomer({ run, site, functions, withinSeconds }) {
      return verifyAsCustomer(await verifierOf(run), site, functions, withinSeconds);
    },

    async watchService({ run, site, functions, forSeconds }) {
      return watchService(await verifierOf(run), site, functions, forSeconds);
    },
  };
}

async function verifyFunction(verifier: Verifier, site: SiteId, id: string, reference: SiteId | undefined, login: StoreLogin): Promise<FunctionVerdict> {
  const { plan } = verifier;
  const { businessFunction, probe } = served(plan, id);
  const endpoint = serviceAt(plan, site);
  let latest: ProbeResult = { status: 'failed', differences: ['It was not asked.'] };
  const passed = await until(
    async () => {
      latest = await ask(verifier, site, endpoint, businessFunction, probe);
      return latest.status === 'failed' ? undefined : latest;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: settleMilliseconds },
  );
  const result = passed ?? latest;
  const compared = await compare(plan, site, reference, probe, login);
  const status = compared.differences.length > 0 ? 'failed' : result.status;
  return { function: id, status, differences: [...result.differences, ...compared.differences, ...compared.remarks], at: verifier.now().toISOString() };
}

async function compare(plan: Plan, site: SiteId, reference: SiteId | undefined, probe: FunctionProbe, login: StoreLogin): Promise<Comparison> {
  if (reference === undefined) return { differences: [], remarks: ['No survivor was there to compare with.'] };
  try {
    return await compareCounts(plan, site, reference, probe, login);
  } catch (error) {
    return { differences: [`Its data at ${site} could not be counted: ${(error as Error).message}.`], remarks: [] };
  }
}

function ask(verifier: Verifier, site: SiteId, endpoint: Endpoint, businessFunction: BusinessFunction, probe: FunctionProbe): Promise<ProbeResult> {
  const { plan, service, run } = verifier;
  // A token of its own for each question: an old answer can never pass for a new one.
  const token = `dr-${run.epoch}-${businessFunction.id}-${crypto.randomUUID()}`;
  return probeFunction({ service, endpoint, probe, businessFunction, token, site, timeoutMilliseconds: 2 * milliseconds(plan.estate.detection.probeTimeout) });
}

async function verifyUptime({ plan, service }: Verifier, site: SiteId): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const { metricsPath, uptimeMetric } = plan.estate.service;
  const endpoint = serviceAt(plan, site);
  const read = async (): Promise<number> => {
    const answer = await service.call({ endpoint, path: metricsPath, timeoutMilliseconds: 2 * milliseconds(plan.estate.detection.probeTimeout) });
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
    return readMetric(answer.body, uptimeMetric);
  };
  try {
    const first = await read();
    const grown = async (): Promise<number | undefined> => {
      const value = await read();
      return value > first ? value : undefined;
    };
    const later = await until(grown, {
      everyMilliseconds: pollMilliseconds,
      withinMilliseconds: settleMilliseconds,
    });
    if (later === undefined) return { ok: false, detail: `${uptimeMetric} stays at ${first} s.` };
    return { ok: true, detail: `${uptimeMetric} grows: ${first} s, then ${later} s.` };
  } catch (error) {
    return { ok: false, detail: `${uptimeMetric} could not be read: ${(error as Error).message}.` };
  }
}

/** The value of a metric in Prometheus's text format, with or without labels. */
export function readMetric(text: string, name: string): number {
  const match = new RegExp(`^${name}(?:\\{[^}]*\\})?\\s+(\\S+)`, 'm').exec(text);
  const value = Number(match?.[1]);
  if (!match || !Number.isFinite(value)) throw new Error(`there is no metric ${name}`);
  return value;
}

/** A resolver that keeps the old address is waited for as long as there is time; one that is silent is not. */
async function verifyAsCustomer(verifier: Verifier, site: SiteId, functions: readonly string[], withinSeconds: number): Promise<CustomerVerdict> {
  let latest: CustomerVerdict = { functions: [], remarks: [] };
  const settled = await until(
    async () => {
      const resolvers = await Promise.all(verifier.plan.estate.dns.resolvers.map((resolver) => resolveAs(verifier.plan, site, resolver)));
      latest = await askAsCustomer(verifier, site, functions, resolvers);
      const expected = latest.functions.every((verdict) => verdict.status !== 'failed') && resolvers.every(({ gives }) => gives !== 'another address');
      return expected ? latest : undefined;
    },
    { everyMilliseconds: pollMilliseconds, withinMilliseconds: withinSeconds * 1000 },
  );
  return settled ?? latest;
}

async function askAsCustomer(verifier: Verifier, site: SiteId, functions: readonly string[], resolvers: readonly Resolved[]): Promise<CustomerVerdict> {
  const { plan } = verifier;
  const remarks = resolvers.flatMap(({ remark }) => remark ?? []);
  const found = resolvers.some(({ gives }) => gives === 'the address');
  const endpoint = { host: plan.estate.sites[site]?.publicAddress ?? '', port: plan.estate.service.publicPort };
  const verdicts = functions.map(async (id): Promise<FunctionVerdict> => {
    const { businessFunction, probe } = served(plan, id);
    const result = found ? await ask(verifier, site, endpoint, businessFunction, probe) : { status: 'failed' as const, differences: remarks };
    return { function: id, ...result, at: verifier.now().toISOString() };
  });
  return { functions: await Promise.all(verdicts), remarks };
}

interface Resolved {
  readonly gives: 'the address' | 'another address' | 'nothing';
  readonly remark?: string;
}

async function resolveAs(plan: Plan, site: SiteId, resolver: Endpoint): Promise<Resolved> {
  const expected = plan.estate.sites[site]?.publicAddress;
  try {
    const { address } = await resolveAt(resolver, plan.estate.service.publicHost, milliseconds(plan.estate.detection.probeTimeout));
    if (address === expected) return { gives: 'the address' };
    return { gives: 'another address', remark: `The resolver ${serverName(resolver)} still gives ${address}, not ${expected} of ${site}.` };
  } catch (error) {
    return { gives: 'nothing', remark: `The resolver ${serverName(resolver)} does not answer: ${(error as Error).message}.` };
  }
}

async function watchService(
  verifier: Verifier,
  site: SiteId,
  functions: readonly string[],
  forSeconds: number,
): Promise<{ readonly relapsed: boolean; readonly detail: string; readonly rounds: number }> {
  const { plan } = verifier;
  const endpoint = serviceAt(plan, site);
  const interval = milliseconds(plan.estate.detection.probeInterval);
  const end = performance.now() + forSeconds * 1000;
  let failedBefore: ReadonlyMap<string, string> = new Map();
  for (let rounds = 1; ; rounds++) {
    const results = await Promise.all(
      functions.map(async (id) => {
        const { businessFunction, probe } = served(plan, id);
        return [id, await ask(verifier, site, endpoint, businessFunction, probe)] as const;
      }),
    );
    const failing = new Map(results.flatMap(([id, result]) => (result.status === 'failed' ? [[id, result.differences.join(' ')] as const] : [])));
    const twice = [...failing].filter(([id]) => failedBefore.has(id));
    if (twice.length > 0) return { relapsed: true, rounds, detail: twice.map(([id, why]) => `${id}: ${why}`).join(' · ') };
    if (performance.now() >= end) return { relapsed: false, rounds, detail: `Every function answered in ${rounds} rounds over ${forSeconds} s.` };
    failedBefore = failing;
    await pause(Math.max(1, Math.min(interval, end - performance.now())));
  }
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
