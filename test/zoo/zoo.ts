/** All that lives in the zoo, and where each is kept. */
import type { TestEstate } from '../site-agent/estate.ts';
import { passDns } from './dns-passage.ts';
import { DnsPlace } from './dns-place.ts';
import { dnsShapes } from './dns-shapes.ts';
import { openZoo } from './estate.ts';
import { passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import { passHost } from './host-passage.ts';
import { hostShapes } from './host-shapes.ts';
import type { Came, Shape } from './shape.ts';

/** A shape together with its passage, whatever it is that is shaped. */
export type Inhabitant = Omit<Shape<never>, 'setUp'> & { readonly pass: (keeper: Keeper) => Promise<Came> };

export const nameOf = ({ group, name }: Pick<Inhabitant, 'group' | 'name'>) => `${group} · ${name}`;

/** A loopback network for each estate, apart from those of the tests; an index for each zone, apart from those of labs. */
const [firstNetwork, lastZone] = [160, 254];

/** Opens places when they are first needed, and keeps them for the next shape. Keepers of different numbers work side by side. */
export class Keeper {
  private readonly number: number;
  /** Second octet of its loopback addresses. */
  readonly network: number;
  private estateOpened: Promise<TestEstate> | undefined;
  private zoneOpened: Promise<DnsPlace> | undefined;

  constructor(number: number) {
    this.number = number;
    this.network = firstNetwork + number;
  }

  estate(): Promise<TestEstate> {
    this.estateOpened ??= openZoo(this.network);
    return this.estateOpened;
  }

  zone(): Promise<DnsPlace> {
    this.zoneOpened ??= DnsPlace.open(lastZone - this.number);
    return this.zoneOpened;
  }

  async close(): Promise<void> {
    await (await this.estateOpened)?.stop();
    await (await this.zoneOpened)?.close();
  }
}

async function passOf(shape: Shape<TestEstate>, keeper: Keeper): Promise<Came> {
  const estate = await keeper.estate();
  await estate.thaw();
  await shape.setUp(estate);
  return passEstate(estate);
}

export const inhabitants: readonly Inhabitant[] = [
  ...estateShapes.map((shape) => ({ ...shape, pass: (keeper: Keeper) => passOf(shape, keeper) })),
  ...dnsShapes.map((shape) => ({ ...shape, pass: async (keeper: Keeper) => passDns(shape, await keeper.zone()) })),
  ...hostShapes.map((shape) => ({ ...shape, pass: (keeper: Keeper) => passHost(shape, keeper.network) })),
];
