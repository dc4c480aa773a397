/** A draw of the night: an estate of one or two shapes, customers of all kinds, each with his moment, and a way to fence. Made from a seed and a number, nothing else. */
import { randomFrom } from '../support/random.ts';
import type { TestEstate } from '../site-agent/estate.ts';
import { clash, inOrder } from './clash.ts';
import { estateShapes } from './estate-shapes.ts';
import { cacheByWait, everyKey, furtherKeys, type Key } from './sessions.ts';
import type { Shape } from './shape.ts';

export const moments = ['before the close', 'while it runs', 'before the write test', 'during the promotion'] as const;
export type Moment = (typeof moments)[number];

export interface Arrival {
  readonly key: Key;
  readonly moment: Moment;
  /** After the moment. */
  readonly delayMilliseconds: number;
}

export interface Draw {
  readonly seed: number;
  readonly number: number;
  readonly shapes: readonly Shape<TestEstate>[];
  readonly arrivals: readonly Arrival[];
  readonly fence: 'agent' | 'replication';
  /** The synchronous standby hangs from the beginning of the fence for so long: each COMMIT waits. */
  readonly stallsMilliseconds: number;
}

/** Most come before: later the door is shut to whoever is new. */
const oftener: readonly Moment[] = [...moments, 'before the close', 'before the close', 'while it runs'];

/** Shapes that are refused never come to a fence. */
export const drawable = estateShapes.filter(({ expected }) => expected.comes !== 'refused');

export function drawOf(seed: number, number: number): Draw {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
  const upTo = (count: number) => Math.floor(random() * count);
  const one = <T>(list: readonly T[]): T => list[upTo(list.length)] as T;
  const first = one(drawable);
  const partners = drawable.filter((other) => other !== first && !clash(first, other));
  const shapes = random() < 0.6 && partners.length > 0 ? inOrder([first, one(partners)]) : [first];
  const arrivals = Array.from({ length: 3 + upTo(4) }, () => ({
    key: one([...everyKey, ...furtherKeys, cacheByWait]),
    moment: one(oftener),
    delayMilliseconds: upTo(900),
  }));
  const always = [everyKey[0] as Key, cacheByWait].map((key) => ({ key, moment: moments[0], delayMilliseconds: 0 }));
  const fence = random() < 0.7 ? 'agent' : 'replication';
  return { seed, number, shapes, arrivals: [...always, ...arrivals], fence, stallsMilliseconds: random() < 0.3 ? 200 + upTo(1_300) : 0 };
}

/** In one line, so that a violation can be read without running it again. */
export function describeDraw({ number, shapes, arrivals, fence, stallsMilliseconds }: Draw): string {
  const customers = arrivals.slice(2).map(({ key, moment, delayMilliseconds }) => `${key.name} ${delayMilliseconds} ms into "${moment}"`);
  const stalls = stallsMilliseconds === 0 ? '' : `, COMMITs wait ${stallsMilliseconds} ms for a standby`;
  return `draw ${number}: ${shapes.map(({ name }) => name).join(' + ')}, fenced by ${fence}${stalls}: ${customers.join('; ')}`;
}
