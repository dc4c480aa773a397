/** Goal: wherever a cold start is interrupted, it ends the same, and whatever goes wrong in it, the safety rules hold. Method: as for the failover (interruptions.test.ts, random-schedules.test.ts). */
import { beforeAll } from 'vitest';
import { coldStart } from '../driven/cold-start.ts';
import { bearsInterruptions, Sweep } from './interruptions.ts';
import { breaksNoRule } from './random-schedules.ts';

let sweep: Sweep;
beforeAll(async () => {
  sweep = await Sweep.of(coldStart);
});

bearsInterruptions(() => sweep);
breaksNoRule(coldStart, ['aborted', 'failed', 'recovered with exceptions', 'stood down']);
