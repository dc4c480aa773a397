/** Goal: a host is as people have it. Method: a real sshd with the site agent for each shape, and all that a run asks of one. */
import { describe, expect, test } from 'vitest';
import { testNetwork } from '../site-agent/support.ts';
import { hostShapes } from './host-shapes.ts';
import { passHost } from './host-passage.ts';
import { differs, possibleHere } from './shape.ts';

describe('a host with', () => {
  test.each(hostShapes.filter(possibleHere).map((shape) => [shape.name, shape] as const))('%s', async (_name, shape) => {
    expect(differs(shape.expected, await passHost(shape, testNetwork()))).toBeUndefined();
  });
});
