/** All shapes of three sites with PostgreSQL and Redis. The plain one comes first: what the others differ from. */
import type { TestEstate } from '../site-agent/estate.ts';
import { accessFileShapes } from './access-file-shapes.ts';
import { cacheShapes } from './cache-shapes.ts';
import type { Shape } from './shape.ts';
import { managerShapes, standbyShapes } from './standby-shapes.ts';
import { durabilityShapes, writersShapes } from './writers-shapes.ts';

const plain: Shape<TestEstate> = {
  name: 'plain',
  group: 'access file',
  like: 'The shape of the lab: one line for everybody, one for replication; what all others differ from.',
  setUp: () => undefined,
  expected: { comes: 'works' },
};

export const estateShapes: readonly Shape<TestEstate>[] = [
  plain,
  ...accessFileShapes,
  ...writersShapes,
  ...durabilityShapes,
  ...standbyShapes,
  ...cacheShapes,
  ...managerShapes,
];
