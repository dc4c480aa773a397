/**
 * The quick part of the zoo's estates, which `npm test` takes through their passage; the rest, and each by itself, lives by `npm run test:zoo`. Shapes that stand in one row are made of one estate: a passage
 * takes ten seconds. Two files share it, so that two workers do.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestEstate } from '../site-agent/estate.ts';
import { testNetwork } from '../site-agent/support.ts';
import { clash, inOrder } from './clash.ts';
import { openZoo } from './estate.ts';
import { type EstateShape, passEstate } from './estate-passage.ts';
import { estateShapes } from './estate-shapes.ts';
import { type Came, differs, possibleHere } from './shape.ts';

/** Two halves of about the same length. At least one shape for each case that an estate can show, by its number in the list of public reports, and one for each kind of refusal. */
export const quick = {
  access: [
    ['plain'],
    ['application and replication in one line', 'a command that warns'], // 1, 18
    ['roles by membership', 'a warning on each connection'], // 7
    ['replication by TLS and certificate', 'prepared transactions'], // 5, 20
    ['hba_file elsewhere, not told'],
    ['pg_cron'], // 2
    ['everybody but the agent', 'a paused standby'], // 3, 14
  ],
  servers: [
    ['smaller settings than the primary'], // 6
    ['md5 passwords', 'replication slots'], // 8, 15
    ['a delayed standby', 'a role in a database'], // 14, 22
    ['pg_cron, and a server that may be stopped', 'names of their own'],
    ['a subscription'], // 2
    ['no configuration file'], // 4
    ['no standby'], // 22
    ['names of their own, not told'],
    ['Sentinel'], // 19
    ['Patroni, by its name'],
  ],
} as const;

/** Takes the estates of these shapes through their passage, one after the other. */
export function describeShapes(rows: readonly (readonly string[])[]): void {
  describe('an estate of the shape', () => {
    let estate: TestEstate;
    beforeAll(async () => {
      estate = await openZoo(testNetwork());
    });
    afterAll(() => estate.stop());

    test.each(rows.map((names) => [names.join(' + '), names] as const))('%s', async (_, names) => {
      const shapes = together(names);
      await estate.thaw();
      for (const shape of shapes) await shape.setUp(estate);
      const came = await passEstate(estate, shapes.length === 1 ? shapes[0] : {});
      expect(fallsShort(shapes, came)).toEqual([]);
    });
  });
}

/** The shapes of these names, in the order in which they are set up. */
function together(names: readonly string[]): readonly EstateShape[] {
  const shapes = names.map((name) => {
    const shape = estateShapes.find((candidate) => candidate.name === name && possibleHere(candidate));
    if (!shape) throw new Error(`No shape is called ${name}.`);
    return shape;
  });
  const [one, other] = shapes;
  if (one && other && (clash(one, other) || [one, other].some(({ keys, afterUndo, inTheEnd }) => keys ?? afterUndo ?? inTheEnd)))
    throw new Error(`${names.join(' + ')} cannot be one estate: both rewrite the same, or one brings customers or looks of its own.`);
  return inOrder(shapes);
}

/** A sentence for each shape of which not all came that must, and for what was said that none of several answers for. */
function fallsShort(shapes: readonly EstateShape[], came: Came): readonly string[] {
  const says = shapes.flatMap(({ expected }) => (expected.comes === 'works' ? [] : [expected]));
  if (shapes.length === 1 || says.length === 0) return shapes.flatMap(({ expected }) => differs(expected, came) ?? []);
  const odd = came.said.filter((words) => !says.some((expected) => expected.says.test(words)));
  return [...says.flatMap((expected) => differs(expected, came) ?? []), ...odd.map((words) => `said, and of none of them: ${words}`)];
}
