/**
 * A shape is a way in which an ordinary estate differs from the lab's own, and what must come of it there: it works, it is refused before anything is changed, or it works
 * with an exception that says what is less. Nothing in between.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export const groups = ['access file', 'writers', 'durability', 'standbys', 'cache', 'other managers', 'versions', 'dns', 'hosts'] as const;
export type Group = (typeof groups)[number];

export type Expected =
  /** Everything goes well, and an undo leaves all as it was. */
  | { readonly comes: 'works' }
  /** Turned down by a look, before anything is changed; `says` must hold the reason and what helps. */
  | { readonly comes: 'refused'; readonly says: RegExp }
  /** Goes well, and says what is less. */
  | { readonly comes: 'works with an exception'; readonly says: RegExp };

export type Outcome = Expected['comes'];

/** `Place` is what is shaped: three sites with their agents, a zone, a host. */
export interface Shape<Place> {
  /** Unique; also the name of its test. */
  readonly name: string;
  readonly group: Group;
  /** One sentence for people: what the estate is like. */
  readonly like: string;
  readonly setUp: (place: Place) => void | Promise<void>;
  readonly expected: Expected;
  /** What the machine must have for this shape to be made. */
  readonly needs?: 'root' | 'mounts' | 'sudo' | 'IPv6';
}

/** Whether this machine can make a shape; those that it cannot stand on the pages all the same. */
export function possibleHere({ needs }: Pick<Shape<never>, 'needs'>): boolean {
  if (needs === 'root') return process.getuid?.() === 0;
  // Root of a container may often not.
  if (needs === 'mounts') return spawnSync('unshare', ['--mount', 'true']).status === 0;
  if (needs === 'sudo') return existsSync('/usr/bin/sudo') && possibleHere({ needs: 'mounts' });
  if (needs === 'IPv6') return existsSync('/proc/net/if_inet6') && /^0{31}1 /m.test(readFileSync('/proc/net/if_inet6', 'utf8'));
  return true;
}

/** What came of a shape. */
export interface Came {
  readonly comes: Outcome | 'in between';
  /** What was said of it: refusals, exceptions; for `in between` what went wrong. */
  readonly said: readonly string[];
}

/** Undefined when what came is what must come; else one sentence. */
export function differs(expected: Expected, came: Came): string | undefined {
  if (expected.comes !== came.comes) return `it ${expected.comes} was expected, and it ${came.comes} came: ${came.said.join(' · ') || 'nothing was said'}`;
  if (expected.comes === 'works') return undefined;
  return came.said.some((words) => expected.says.test(words)) ? undefined : `nothing that was said fits ${String(expected.says)}: ${came.said.join(' · ')}`;
}
