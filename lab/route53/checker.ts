/** Route 53's health checkers: real probes through the network switch, thresholds, inverted and calculated checks. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HealthCheckConfig } from '@aws-sdk/client-route-53';

/** The lab's checkers are quicker than AWS's (10 or 30 s); the lab's plan says so. */
export const checkIntervalMs = 1_000;
const probeTimeoutMs = 900;

export interface Observation {
  readonly success: boolean;
  /** `Success: …` or `Failure: …` */
  readonly text: string;
  readonly checkedAt: Date;
}

export interface HealthCheckDefinition {
  readonly id: string;
  readonly config: HealthCheckConfig;
}

/** One probed check. Its state turns after as many equal observations as its threshold says, in either direction. */
class ProbedCheck {
  readonly definition: HealthCheckDefinition;
  observation: Observation | undefined;
  healthy = true;
  #againstState = 0;
  #inFlight = false;

  constructor(definition: HealthCheckDefinition) {
    this.definition = definition;
  }

  async round(): Promise<void> {
    if (this.#inFlight) return;
    this.#inFlight = true;
    try {
      this.#note(await probe(this.definition.config));
    } finally {
      this.#inFlight = false;
    }
  }

  #note(observation: Observation): void {
    this.observation = observation;
    const { Inverted, FailureThreshold } = this.definition.config;
    const healthyNow = observation.success !== (Inverted ?? false);
    this.#againstState = healthyNow === this.healthy ? 0 : this.#againstState + 1;
    if (this.#againstState < (FailureThreshold ?? 3)) return;
    this.healthy = healthyNow;
    this.#againstState = 0;
  }
}

export class HealthChecker {
  readonly #probed = new Map<string, ProbedCheck>();
  readonly #calculated = new Map<string, HealthCheckConfig>();
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Takes the checks that exist now; those that stay the same keep their state, new ones begin as healthy. */
  define(definitions: readonly HealthCheckDefinition[]): void {
    const ids = new Set(definitions.map(({ id }) => id));
    for (const id of [...this.#probed.keys(), ...this.#calculated.keys()]) {
      if (ids.has(id)) continue;
      this.#probed.delete(id);
      this.#calculated.delete(id);
    }
    for (const definition of definitions) {
      if (definition.config.Type === 'CALCULATED') this.#calculated.set(definition.id, definition.config);
      else if (JSON.stringify(this.#probed.get(definition.id)?.definition.config) !== JSON.stringify(definition.config)) {
        this.#probed.set(definition.id, new ProbedCheck(definition));
      }
    }
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#round(), checkIntervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** All states back to healthy, as before the first probe. */
  reset(): void {
    for (const [id, check] of this.#probed) this.#probed.set(id, new ProbedCheck(check.definition));
  }

  ids(): ReadonlySet<string> {
    return new Set([...this.#probed.keys(), ...this.#calculated.keys()]);
  }

  isCalculated(id: string): boolean {
    return this.#calculated.has(id);
  }

  /** As DNS counts it. Unknown ids count as healthy, as a record without a check does. */
  isHealthy(id: string): boolean {
    const calculated = this.#calculated.get(id);
    if (!calculated) return this.#probed.get(id)?.healthy ?? true;
    const children = calculated.ChildHealthChecks ?? [];
    const healthy = children.filter((childId) => this.isHealthy(childId)).length >= (calculated.HealthThreshold ?? children.length);
    return healthy !== (calculated.Inverted ?? false);
  }

  /** What the last probe saw, before inversion; undefined before the first. */
  observation(id: string): Observation | undefined {
    return this.#probed.get(id)?.observation;
  }

  async #round(): Promise<void> {
    await Promise.all(
      [...this.#probed.values()].map(async (check) => {
        const before = check.healthy;
        await check.round();
        if (check.healthy !== before)
          this.#log(`health check ${check.definition.id} is ${check.healthy ? 'healthy' : 'unhealthy'}: ${check.observation?.text}`);
      }),
    );
  }
}

/** One request on a connection of its own; 2xx and 3xx succeed. Certificates are not judged, as with Route 53. */
function probe(config: HealthCheckConfig): Promise<Observation> {
  const secure = config.Type === 'HTTPS';
  const checkedAt = new Date();
  return new Promise((resolve) => {
    const end = (success: boolean, text: string) => {
      clearTimeout(timer);
      request.destroy();
      resolve({ success, text: `${success ? 'Success' : 'Failure'}: ${text}`, checkedAt });
    };
    const request = (secure ? httpsRequest : httpRequest)({
      host: config.IPAddress,
      port: config.Port,
      path: config.ResourcePath ?? '/',
      headers: { host: config.FullyQualifiedDomainName ?? config.IPAddress, 'user-agent': 'Amazon-Route53-Health-Check-Service (lab)' },
      agent: false,
      ...(secure ? { rejectUnauthorized: false, servername: config.EnableSNI ? config.FullyQualifiedDomainName : '' } : {}),
    });
    const timer = setTimeout(() => end(false, `no answer within ${probeTimeoutMs} ms.`), probeTimeoutMs);
    request.on('response', (response) => {
      const status = response.statusCode as number;
      end(status >= 200 && status < 400, `HTTP Status Code ${status}, ${response.statusMessage}`);
    });
    request.on('error', (error) => end(false, `${error.message || (error as NodeJS.ErrnoException).code}.`));
    request.end();
  });
}
