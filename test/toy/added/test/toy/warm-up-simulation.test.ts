/** Goal: a procedure that was only added bears what every other does: an interruption at each attempt of an activity, and random schedules. Method: the simulated server, as for the failover. */
import { beforeAll } from 'vitest';
import { warmUp } from '../driven/warm-up.ts';
import { bearsInterruptions, Sweep } from '../simulation/interruptions.ts';
import { breaksNoRule } from '../simulation/random-schedules.ts';
import { warmUpPlan } from './warm-up-plan.ts';

let sweep: Sweep;
beforeAll(async () => {
  sweep = await Sweep.of(warmUp, warmUpPlan);
});

bearsInterruptions(() => sweep);
breaksNoRule(warmUp, ['aborted', 'done', 'stood down'], warmUpPlan);
