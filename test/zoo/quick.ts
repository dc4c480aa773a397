/** The quick half of the zoo's estates, which `npm test` takes through their passage; the rest lives by `npm run test:zoo`. Two files share it, so that two workers do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestEstate } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { openZoo } from './estate.ts';
import { passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import { differs, possibleHere } from './shape.ts';

/** Two halves of about the same length. At least one shape for each case that an estate can show, by its number in the list of public reports, and one for each kind of refusal. */
export const quick = {
  access: [
    'plain',
    'application and replication in one line', // 1
    'roles by membership',
    'md5 passwords', // 8
    'replication by TLS and certificate', // 5
    'hba_file elsewhere, not told',
    'a subscription', // 2
    'pg_cron', // 2
    'pg_cron, and a server that may be stopped',
    'prepared transactions', // 20
    'everybody but the agent', // 3
    'no standby', // 22
  ],
  servers: [
    'smaller settings than the primary', // 6
    'a warning on each connection', // 7
    'a delayed standby', // 14
    'a paused standby', // 14
    'replication slots', // 15
    'names of their own',
    'names of their own, not told',
    'a role in a database', // 22
    'no configuration file', // 4
    'a command that warns', // 18
    'Sentinel', // 19
    'Patroni, by its name',
  ],
} as const;

/** Takes the shapes of these names through their passage, one after the other on one estate. */
export function describeShapes(names: readonly string[]): void {
  describe('an estate of the shape', () => {
    let estate: TestEstate;
    beforeAll(async () => {
      estate = await openZoo(testNetwork());
    });
    afterAll(() => estate.stop());

    test.each(names.map((name) => [name]))('%s', async (name) => {
      const shape = estateShapes.find((candidate) => candidate.name === name && possibleHere(candidate));
      if (!shape) throw new Error(`No shape is called ${name}.`);
      await estate.thaw();
      await shape.setUp(estate);
      expect(differs(shape.expected, await passEstate(estate, shape))).toBeUndefined();
    });
  });
}
