/** All that lives in the zoo, and where each is kept. */
import type { TestEstate } from '../site-agent/estate.ts';
import { openZoo } from './estate.ts';
import { passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import type { Came, Expected, Group } from './shape.ts';

/** A shape together with its passage, whatever it is that is shaped. */
export interface Inhabitant {
  readonly name: string;
  readonly group: Group;
  readonly like: string;
  readonly expected: Expected;
  readonly pass: (keeper: Keeper) => Promise<Came>;
}

export const nameOf = ({ group, name }: Inhabitant) => `${group} · ${name}`;

/** Opens places when they are first needed, and keeps them for the next shape. */
export class Keeper {
  private readonly network: number;
  private opened: Promise<TestEstate> | undefined;

  constructor(network: number) {
    this.network = network;
  }

  estate(): Promise<TestEstate> {
    this.opened ??= openZoo(this.network);
    return this.opened;
  }

  async close(): Promise<void> {
    await (await this.opened)?.stop();
  }
}

export const inhabitants: readonly Inhabitant[] = [
  ...estateShapes.map((shape): Inhabitant => {
    const { name, group, like, expected } = shape;
    const pass = async (keeper: Keeper): Promise<Came> => {
      const estate = await keeper.estate();
      await estate.thaw();
      await shape.setUp(estate);
      return passEstate(estate);
    };
    return { name, group, like, expected, pass };
  }),
];
