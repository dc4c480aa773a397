/** Customers who come by shares: docs/decisions/020-traffic-by-weight.md. */
import { z } from 'zod';
import { countIn, durationIn, listOf } from './ranges.ts';

const share = countIn(
  { from: 1, to: 100, why: 'a share is a part of all customers, and the last one is all of them', example: 10 },
  'Customers led to the target, in per cent.',
);

export const gradual = z
  .strictObject({
    shares: listOf(share, { min: 2, max: 10 }, 'The shares of the customers that are led to the target, one after the other; rising, and the last one 100.'),
    watch: durationIn(
      {
        from: 'PT1S',
        to: 'PT1H',
        why: 'those who are not led to the target yet are not served, and a share that is watched for longer keeps them waiting',
        example: 'PT1M',
      },
      'How long each share but the last is watched before the next; at least the TTL of the record, since caches keep the share before for so long.',
    ),
    remainder: z.ipv4().meta({
      description:
        'Address of the maintenance answer, to which everybody else is led: it answers at the public port under the public name, with its certificate.',
      examples: ['192.0.2.80'],
    }),
  })
  .describe('How a cold start lets the customers come by shares; absent: all at once.');

export type Gradual = z.infer<typeof gradual>;
