/** Sessions that exist before any customer comes. */
import type { Redis } from 'ioredis';

const sessions = 400;

/** Writes them on the primary and waits until every replica has them. */
export async function seedSessions(client: Redis, replicas: number): Promise<void> {
  const pairs: string[] = [];
  for (let sequence = 1; sequence <= sessions; sequence++) {
    pairs.push(`session:seed-${(sequence % 20) + 1}:${sequence}`, JSON.stringify({ token: `seed-session-${sequence}`, writtenAt: '2026-01-01T00:00:00.000Z' }));
  }
  // The master counts a replica as good only once it has heard from it.
  for (const deadline = Date.now() + 30_000; ;) {
    try {
      await client.mset(pairs);
      break;
    } catch (error) {
      if (!(error as Error).message.startsWith('NOREPLICAS') || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const confirmed = await client.wait(replicas, 2_500);
  if (confirmed < replicas) throw new Error('The seeded sessions did not reach all replicas within 2.5 s. Look in logs/redis-*.log.');
}
