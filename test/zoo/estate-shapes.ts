/** All shapes of three sites with PostgreSQL and Redis. The plain one comes first: what the others differ from. */
import { accessFileShapes } from './access-file-shapes.ts';
import { cacheShapes } from './cache-shapes.ts';
import type { EstateShape } from './estate-passage.ts';
import { managerShapes, standbyShapes } from './standby-shapes.ts';
import { durabilityShapes, writersShapes } from './writers-shapes.ts';

const plain: EstateShape = {
  name: 'plain',
  group: 'access file',
  like: 'The shape of the lab: one line for everybody, one for replication; what all others differ from.',
  setUp: () => undefined,
  expected: { comes: 'works' },
};

export const estateShapes: readonly EstateShape[] = [
  plain,
  ...accessFileShapes,
  ...writersShapes,
  ...durabilityShapes,
  ...standbyShapes,
  ...cacheShapes,
  ...managerShapes,
];
