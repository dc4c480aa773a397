/**
 * Which shapes cannot be one estate: both rewrite the same thing as a whole. It is declared here, not tried. Shapes of one group differ in the same thing; what a shape rewrites of
 * another group's is named below.
 */
import type { TestEstate } from '../site-agent/estate.ts';
import type { Group, Shape } from './shape.ts';

type Thing = Group | 'pg_hba.conf' | 'primary_conninfo' | 'who is synchronous' | 'replay of the target';

const ofGroup: Partial<Record<Group, readonly Thing[]>> = { 'access file': ['pg_hba.conf'] };

/** By name of the shape. */
export const alsoRewrites: Readonly<Record<string, readonly Thing[]>> = {
  'a superuser besides the administrator': ['pg_hba.conf'],
  // Its subscriber needs the lines that are there.
  'a publisher': ['pg_hba.conf'],
  // Standbys that come by certificate cannot be told to come by password, nor the other way round.
  'replication by TLS and certificate': ['primary_conninfo'],
  'a cascade': ['primary_conninfo', 'who is synchronous'],
  'names of their own': ['primary_conninfo', 'who is synchronous'],
  'a password in primary_conninfo': ['primary_conninfo'],
  'in postgresql.conf': ['primary_conninfo'],
  'any standby': ['who is synchronous'],
  'no standby': ['who is synchronous'],
  'FIRST of two, and remote_apply': ['who is synchronous', 'replay of the target'],
  // A COMMIT that waits until the target has applied it has no end where the target holds back.
  'one role waits for more': ['replay of the target'],
  'a delayed standby': ['replay of the target'],
  'a paused standby': ['replay of the target'],
};

/** Whether two shapes cannot be made of one estate. */
export function clash(one: Shape<TestEstate>, other: Shape<TestEstate>): boolean {
  const things = new Set(thingsOf(one));
  return thingsOf(other).some((thing) => things.has(thing));
}

/** In the order in which they are set up: who changes the states of the standbys comes last, since others wait for the usual ones. */
export function inOrder(shapes: readonly Shape<TestEstate>[]): readonly Shape<TestEstate>[] {
  return shapes.toSorted((one, other) => Number(changesStates(one)) - Number(changesStates(other)));
}

function changesStates(shape: Shape<TestEstate>): boolean {
  return thingsOf(shape).includes('who is synchronous');
}

function thingsOf({ group, name }: Shape<TestEstate>): readonly Thing[] {
  // The plain one is what the others differ from.
  if (name === 'plain') return [];
  return [group, ...(ofGroup[group] ?? []), ...(alsoRewrites[name] ?? [])];
}
