/** One customer's resolver: asks the name server and keeps the address exactly as long as its TTL says. */
import { ask } from '../dns/ask.ts';

const timeoutMs = 500;

export interface CustomerResolverOptions {
  readonly nameServer: { readonly host: string; readonly port: number };
  /** Share of the TTL, over 0 to 1, for which the first answer is kept: spreads the moments at which customers ask again. */
  readonly phase: number;
}

export class CustomerResolver {
  readonly #options: CustomerResolverOptions;
  readonly #held = new Map<string, { address: string; expiresAtMs: number }>();
  readonly #asking = new Map<string, Promise<string>>();
  #firstAnswer = true;

  constructor(options: CustomerResolverOptions) {
    this.#options = options;
  }

  /** The address of a name. Rejects when the name server gives none; an expired answer is never used. */
  resolve(name: string): Promise<string> {
    const held = this.#held.get(name);
    if (held && performance.now() < held.expiresAtMs) return Promise.resolve(held.address);
    let asking = this.#asking.get(name);
    if (!asking) {
      asking = this.#ask(name).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
    return asking;
  }

  async #ask(name: string): Promise<string> {
    const response = await ask(this.#options.nameServer, name, 'A', timeoutMs);
    const answer = response.answers?.find((candidate) => candidate.type === 'A');
    if (answer?.type !== 'A') throw new Error(`${name} has no address.`);
    const ttlSeconds = (answer.ttl ?? 0) * (this.#firstAnswer ? this.#options.phase : 1);
    this.#firstAnswer = false;
    this.#held.set(name, { address: answer.data, expiresAtMs: performance.now() + ttlSeconds * 1000 });
    return answer.data;
  }
}
