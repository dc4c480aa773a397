/** The service of the model estate, as those find it who verify it: not ready yet, broken, or at a site to which DNS does not lead. */
import type { Activities } from '../../activities/index.ts';
import type { FunctionVerdict } from '../../activities/verification/port.ts';
import type { SiteId } from '../../plan/schema.ts';

export abstract class FakeService {
  brokenFunctions = new Map<string, string>();
  /** How often `service`, `uptime` or a function is asked until it is ready. */
  readonly notReady = new Map<string, number>();
  /** Functions that customers' verification was asked to judge last. */
  judgedFunctions: readonly string[] = [];
  /** What a customer meets at resolvers. */
  resolverRemarks: readonly string[] = [];
  /** Whether the watch was told to look at the public name too; null before it. */
  nameWatched: boolean | null = null;
  /** What each watch of the service finds, in order; quiet afterwards. */
  readonly relapses: string[] = [];
  /** Where DNS sends customers. */
  abstract route: SiteId;

  /** RFC 3339. */
  protected abstract time(): string;

  protected serves() {
    return {
      awaitService: async () => ({ status: 'ok', detail: '/health answers', ...this.readiness('service') }),
      verifyFunction: async (input): Promise<FunctionVerdict> => {
        const waits = this.readiness(input.function);
        if (waits) return { function: input.function, differences: [waits.detail], at: this.time(), ...waits };
        const broken = this.brokenFunctions.get(input.function);
        return { function: input.function, status: broken ? 'failed' : 'ok', differences: broken ? [broken] : [], at: this.time() };
      },
      verifyUptime: async () => {
        const waits = this.readiness('uptime');
        return waits ? { ok: false, ...waits } : { ok: true, detail: 'grows' };
      },
      verifyAsCustomer: async ({ site, functions }) => {
        this.judgedFunctions = functions;
        const verdicts = functions.map((id) => ({
          function: id,
          status: this.route === site ? ('ok' as const) : ('failed' as const),
          differences: [],
          at: this.time(),
        }));
        return { found: true, functions: verdicts, remarks: this.resolverRemarks };
      },
      watchService: async ({ routed }) => {
        this.nameWatched = routed;
        const relapse = this.relapses.shift();
        if (relapse !== undefined) return { relapsed: true, detail: relapse, rounds: 2 };
        return { relapsed: false, detail: 'quiet', rounds: 3 };
      },
    } satisfies Partial<Activities>;
  }

  /** What a service that loads answers so many times. */
  private readiness(what: string) {
    const left = this.notReady.get(what) ?? 0;
    this.notReady.set(what, left - 1);
    return left > 0 ? ({ status: 'failed', detail: 'It gives no answer.', waitsFor: 'connect ECONNREFUSED' } as const) : undefined;
  }
}
