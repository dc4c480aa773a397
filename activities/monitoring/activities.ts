/** Tells the monitoring system over HTTP where the service runs now. */
import { isDeepStrictEqual } from 'node:util';
import { type CloudEvent, HTTP } from 'cloudevents';
import type { Plan } from '../../plan/schema.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { connectionErrorType, httpErrorType } from '../error-kinds.ts';
import { failure } from '../errors.ts';
import { mustHoldTask } from '../task.ts';
import { type ServiceMoved, serviceMoved } from './event.ts';
import type { MonitoringActivities } from './port.ts';

const callTimeoutMilliseconds = 5_000;

export function createMonitoringActivities(dependencies: ActivityDependencies): MonitoringActivities {
  return {
    async updateMonitoring({ run, from, to }) {
      const plan = await dependencies.planOf(run.planDigest);
      const call = await createCaller(plan, dependencies);
      const wanted: ServiceMoved = { status: 'failover_active', from, to, run: run.runId };
      const before = await call('GET');
      const same = isDeepStrictEqual(before, wanted);
      if (!same) await call('POST', serviceMoved(plan.estate.name, run, wanted, dependencies.now()));
      const after = same ? before : await call('GET');
      return {
        before: describe(before),
        // An API that cannot be read has at least accepted what it was sent.
        after: after === undefined ? `${describe(wanted)} (accepted, not read back)` : describe(after),
        changed: !same,
        source: new URL(plan.estate.monitoring.url).host,
        at: dependencies.now().toISOString(),
      };
    },
  };
}

type Call = (method: 'GET' | 'POST', event?: CloudEvent<ServiceMoved>) => Promise<unknown>;

/** A GET that the API does not offer gives undefined; a POST that is not accepted is a failure. */
async function createCaller(plan: Plan, dependencies: ActivityDependencies): Promise<Call> {
  const { url, token } = plan.estate.monitoring;
  const secret = token === undefined ? undefined : await dependencies.secret(token);
  return async (method, event) => {
    const message = event === undefined ? undefined : HTTP.structured(event);
    let response: Response;
    if (method === 'POST') mustHoldTask();
    try {
      response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(callTimeoutMilliseconds),
        headers: {
          accept: 'application/json',
          ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
          ...(message?.headers as Record<string, string> | undefined),
        },
        ...(message === undefined ? {} : { body: message.body as string }),
      });
    } catch (error) {
      const happened = `The monitoring at ${url} does not answer: ${reasonOf(error)}.`;
      throw failure(connectionErrorType(error), { happened, leftAs: 'Whether it knows is read at the next attempt.' }, {}, error);
    }
    if (method === 'GET') return response.ok ? response.json().catch(() => undefined) : undefined;
    if (response.ok) return undefined;
    throw failure(
      httpErrorType(response.status),
      { happened: `The monitoring at ${url} answered HTTP ${response.status}.`, leftAs: 'It was not told where the service runs.' },
      { status: response.status },
    );
  };
}

/** `fetch` itself says only that it failed. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}

function describe(state: unknown): string {
  const { status, from, to } = (state ?? {}) as { status?: unknown; from?: unknown; to?: unknown };
  if (typeof status !== 'string') return 'nothing said';
  return typeof from === 'string' && typeof to === 'string' ? `${status} from ${from} to ${to}` : status;
}
