/**
 * Goal: wherever a failover is interrupted, it ends the same and nothing takes effect twice. Method: one interruption at a time, at each change and at each kind of read before it
 * (interruptions.ts), each in a simulation of its own; whoever dies is replayed, and a replay that would command something else fails.
 */
import { beforeAll, expect, it } from 'vitest';
import { regionalFailover } from '../driven/regional-failover.ts';
import { bearsInterruptions, Sweep, takenBack } from './interruptions.ts';
import type { Schedule } from './schedule.ts';

let sweep: Sweep;
beforeAll(async () => {
  sweep = await Sweep.of(regionalFailover);
});

bearsInterruptions(() => sweep);

it.each([1, 2, 3])('a cancellation %i attempts after the lost site came back: what waited to fence it is ended first', async (later) => {
  const back = (attempt: number): Partial<Schedule> => ({
    interruptions: [
      ...sweep.simulations.places.failed.map((site) => ({ attempt, disturbance: { what: 'come back' as const, site } })),
      { attempt: attempt + later, disturbance: { what: 'cancel' } },
    ],
  });
  expect(await sweep.each(back, takenBack)).toEqual([]);
});
