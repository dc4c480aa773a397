/** What the network does to what one party sends to another, each direction by itself. */
import { labSites, viewers, type LabSite } from '../addresses.ts';

/** `internet` is the reference target, by which an observer knows that it is not blind. */
export type Party = LabSite | keyof typeof viewers | 'internet';
export const parties: readonly Party[] = [...labSites, ...(Object.keys(viewers) as (keyof typeof viewers)[]), 'internet'];

export type LinkMode = 'open' | 'hole' | 'reset';

export interface Direction {
  /** `hole`: taken and never delivered; `reset`: connections are broken and refused. */
  readonly mode: LinkMode;
  /** Milliseconds that each message travels. */
  readonly delayMs: number;
}

const openDirection: Direction = { mode: 'open', delayMs: 0 };

/** The state of all directions; whoever carries traffic listens for changes. */
export class NetworkState {
  readonly #directions = new Map<string, Direction>();
  readonly #listeners = new Set<() => void>();

  of(from: Party, to: Party): Direction {
    return this.#directions.get(`${from}>${to}`) ?? openDirection;
  }

  /** Changes all directions named, then tells the listeners once. */
  change(directions: readonly (readonly [Party, Party])[], change: Partial<Direction>): void {
    for (const [from, to] of directions) {
      const next = { ...this.of(from, to), ...change };
      if (next.mode === 'open' && next.delayMs === 0) this.#directions.delete(`${from}>${to}`);
      else this.#directions.set(`${from}>${to}`, next);
    }
    for (const listener of this.#listeners) listener();
  }

  healAll(): void {
    this.#directions.clear();
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What is not open, for people. */
  list(): { from: string; to: string; mode: LinkMode; delayMs: number }[] {
    return [...this.#directions].map(([key, direction]) => {
      const [from, to] = key.split('>') as [string, string];
      return { from, to, mode: direction.mode, delayMs: direction.delayMs };
    });
  }
}

export interface Selection {
  readonly site: LabSite;
  /** Only what comes from this party to the site. */
  readonly from?: Party;
  /** Only what the site sends to this party. */
  readonly to?: Party;
  /** Both directions with these parties; all when absent. */
  readonly only?: readonly Party[];
}

/** The directions that a command means: by default both, between the site and everybody. */
export function select({ site, from, to, only }: Selection): (readonly [Party, Party])[] {
  if (from || to) return [...(from ? [[from, site] as const] : []), ...(to ? [[site, to] as const] : [])];
  const others = (only ?? parties).filter((party) => party !== site);
  return others.flatMap((party) => [[party, site] as const, [site, party] as const]);
}
