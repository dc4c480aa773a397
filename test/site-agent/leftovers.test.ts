/** A machine has room for 4,096 killed servers of PostgreSQL; an estate that ends leaves none behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sharedMemoryBelow } from '../../lab/postgres/shared-memory.ts';
import { TestEstate } from './estate.ts';
import { testNetwork } from './support.ts';

const segments = () =>
  readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1]);

test('a server that was killed leaves no shared memory when its estate ends', async () => {
  const estate = new TestEstate(testNetwork());
  await estate.startPrimary();
  const [segment] = sharedMemoryBelow(estate.directory);
  expect(segments()).toContain(segment);
  expect(readdirSync(estate.path('east', 'pg', 'pg_dynshmem')).length).toBeGreaterThan(0);
  await estate.kill('postgres-east');
  await estate.startPostgres('east');
  const [second] = sharedMemoryBelow(estate.directory);
  await estate.stop();
  expect(segments()).not.toContain(segment);
  expect(segments()).not.toContain(second);
});
