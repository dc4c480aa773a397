/** One function judged by its own answer: a token written and read back, and how fresh its data is. */
import { z } from 'zod';
import type { BusinessFunction, Endpoint, FunctionProbe } from '../../plan/schema.ts';
import { isNotReadyError, isNotReadyStatus } from '../probing/readiness.ts';
import type { ServiceCaller } from '../probing/service.ts';

const answerSchema = z.object({
  function: z.string(),
  status: z.enum(['ok', 'degraded']),
  written: z.string().nullable(),
  readBack: z.string().nullable(),
  asOf: z.string().nullable(),
});

/** Clocks of the service's host and of the orchestrator may differ by so much before data counts as old. */
const clockToleranceMilliseconds = 5_000;

export interface ProbeResult {
  readonly status: 'ok' | 'degraded' | 'failed';
  readonly differences: readonly string[];
  /** What it is not ready for yet, as a part of a sentence; absent when it is well, or wrong. */
  readonly waitsFor?: string;
}

export interface ProbeCall {
  readonly service: ServiceCaller;
  readonly endpoint: Endpoint;
  readonly probe: FunctionProbe;
  readonly businessFunction: BusinessFunction;
  readonly token: string;
  readonly timeoutMilliseconds: number;
  /** The clock by which what was written now is told from what is older. */
  readonly now: () => Date;
  /** Site that must have answered, where the service says which it is. */
  readonly site: string;
  /** By how much the clocks there are ahead of `now`, seconds: of host and database the one that is furthest behind. Asked only where data seems to be old. */
  readonly aheadSeconds: () => Promise<number>;
}

/** Never rejects: what went wrong is a difference. */
export async function probeFunction(call: ProbeCall): Promise<ProbeResult> {
  const sentAt = call.now().getTime();
  try {
    const answer = await call.service.call({
      endpoint: call.endpoint,
      path: `${call.probe.path}/probe?write=${encodeURIComponent(call.token)}`,
      timeoutMilliseconds: call.timeoutMilliseconds,
    });
    if (answer.site !== undefined && answer.site !== call.site) return failed(`The answer comes from ${answer.site}, not from ${call.site}.`);
    const said = `HTTP ${answer.status}${messageOf(answer.body)}`;
    if (isNotReadyStatus(answer.status)) return { ...failed(`It answers ${said}.`), waitsFor: said };
    if (answer.status !== 200) return failed(`It answers ${said}.`);
    const judged = judgeAnswer(call.businessFunction, call.token, answer.body, sentAt);
    if (judged.status !== 'failed') return judged;
    return judgeAnswer(call.businessFunction, call.token, answer.body, sentAt + Math.min(0, await call.aheadSeconds()) * 1000);
  } catch (error) {
    const { message } = error as Error;
    return { ...failed(`It gives ${message}.`), ...(isNotReadyError(error) ? { waitsFor: message } : {}) };
  }
}

/** Judges the body of a probe's answer; `sentAt` in milliseconds since the epoch, by the clock of whoever answers. */
export function judgeAnswer(businessFunction: BusinessFunction, token: string, body: string, sentAt: number): ProbeResult {
  const parsed = answerSchema.safeParse(parse(body));
  if (!parsed.success) return failed('Its answer is not the JSON that a probe gives.');
  const { function: name, status, written, readBack, asOf } = parsed.data;
  if (name !== businessFunction.id) return failed(`The answer is that of ${name}.`);
  if (status === 'degraded') {
    if (businessFunction.reducedFeatures === undefined) return failed('It runs with reduced features, which the plan does not allow.');
    const unseen = readBack === token ? [] : ['No write was read back: that it serves is its own word.'];
    return { status: 'degraded', differences: [`Reduced, as the plan allows: ${businessFunction.reducedFeatures}`, ...unseen] };
  }
  const differences: string[] = [];
  if (written !== token) differences.push(`It says that it wrote ${show(written)}, and was asked to write ${token}.`);
  if (readBack !== token) differences.push(`It read back ${show(readBack)} instead of ${token}: what was written is not what it serves.`);
  if (asOf === null || Date.parse(asOf) < sentAt - clockToleranceMilliseconds)
    differences.push(`Its newest data is of ${show(asOf)}, older than what was just written.`);
  return differences.length === 0 ? { status: 'ok', differences } : { status: 'failed', differences };
}

function failed(difference: string): ProbeResult {
  return { status: 'failed', differences: [difference] };
}

function show(value: string | null): string {
  return value ?? 'nothing';
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The service's own sentence, where it gives one. */
function messageOf(body: string): string {
  const message = (parse(body) as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? `: ${message.replace(/\.$/, '').slice(0, 200)}` : '';
}
