/** The three figures that a recovery is held to. */
import { z } from 'zod';
import { durationIn } from './ranges.ts';

export const objective = z
  .strictObject({
    rto: durationIn(
      { from: 'PT1M', to: 'P90D', why: 'no recovery in which people decide takes less than a minute, and what may wait for longer needs no failover' },
      'Recovery time objective: from the first failed observation to service for customers.',
    ),
    rpo: durationIn(
      { from: 'PT0S', to: 'P90D', why: 'none may be lost, up to what only a backup of a quarter still holds' },
      'Recovery point objective: how much acknowledged work may be lost, in time.',
    ),
    mtd: durationIn(
      { from: 'PT1M', to: 'P366D', why: 'it is no shorter than an RTO can be, and a business that can do without for a year does not need it' },
      'Maximum tolerable downtime: where the business is in danger.',
    ),
  })
  .describe('The three figures that a disaster category or a function is held to.');

export type Objective = z.infer<typeof objective>;
