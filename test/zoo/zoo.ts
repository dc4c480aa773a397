/** All that lives in the zoo, and where each is kept. */
import type { TestEstate } from '../site-agent/estate.ts';
import { passDns } from './dns-passage.ts';
import { DnsPlace } from './dns-place.ts';
import { dnsShapes } from './dns-shapes.ts';
import { openZoo, type Servers } from './estate.ts';
import { type EstateShape, passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import { passHost } from './host-passage.ts';
import { hostShapes } from './host-shapes.ts';
import { patroniShapes } from './patroni-shapes.ts';
import { type Came, differs, type Shape } from './shape.ts';
import { type Version, versions, versionShapes } from './version-shapes.ts';

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
  private servers: Servers | undefined;
  private zoneOpened: Promise<DnsPlace> | undefined;

  constructor(number: number) {
    this.number = number;
    this.network = firstNetwork + number;
  }

  /** One at a time: that of other servers is closed first. */
  async estate(servers?: Servers): Promise<TestEstate> {
    if (this.servers !== servers) {
      await (await this.estateOpened)?.stop();
      this.estateOpened = undefined;
      this.servers = servers;
    }
    this.estateOpened ??= openZoo(this.network, servers);
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

async function passOf(shape: EstateShape, keeper: Keeper, servers?: Servers): Promise<Came> {
  const estate = await keeper.estate(servers);
  await estate.thaw();
  await shape.setUp(estate);
  return passEstate(estate, shape);
}

/** Shapes that every version knows, one after the other; a version works when each comes as it must. */
async function passVersion({ shapes, servers }: Version, keeper: Keeper): Promise<Came> {
  const said: string[] = [];
  for (const shape of shapes) {
    const came = await passOf(shape, keeper, servers).catch((error: unknown) => {
      throw new Error(`${shape.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    });
    const difference = differs(shape.expected, came);
    if (difference !== undefined) return { comes: 'in between', said: [`${shape.name}: ${difference}`] };
    said.push(shape.expected.comes === 'works' ? shape.name : `${shape.name} (${shape.expected.comes})`);
  }
  return { comes: 'works', said };
}

export const inhabitants: readonly Inhabitant[] = [
  ...[...estateShapes, ...patroniShapes].map((shape) => ({ ...shape, pass: (keeper: Keeper) => passOf(shape, keeper) })),
  ...versions.map((version) => ({ ...version, pass: (keeper: Keeper) => passVersion(version, keeper) })),
  ...versionShapes.map((shape) => ({ ...shape, pass: (keeper: Keeper) => passOf(shape, keeper, shape.servers) })),
  ...dnsShapes.map((shape) => ({ ...shape, pass: async (keeper: Keeper) => passDns(shape, await keeper.zone()) })),
  ...hostShapes.map((shape) => ({ ...shape, pass: (keeper: Keeper) => passHost(shape, keeper.network) })),
];
