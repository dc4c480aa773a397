/** What a killed PostgreSQL leaves in the kernel. Only a start on the same files takes it back; a machine has room for 4,096 of them, and then none starts any more. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../run.ts';

/** A line of settings that keeps the rest of a server's shared memory among its files, so that it goes with them. */
export const sharedMemoryInFiles = 'dynamic_shared_memory_type=mmap';

/** SysV segments of servers below `folder` that did not end in order: seventh line of their pid files, key and id. */
export function sharedMemoryBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => basename(path) === 'postmaster.pid')
    .flatMap((path) => readFileSync(join(folder, path), 'utf8').split('\n')[6]?.trim().split(/\s+/)[1] ?? [])
    .filter((id) => /^\d+$/.test(id));
}

/** Takes back what killed servers below `folder` left. Call it before their files go; none of them may run. */
export async function dropSharedMemory(folder: string): Promise<void> {
  for (const id of sharedMemoryBelow(folder)) {
    try {
      await run(['ipcrm', '-m', id]);
    } catch {
      // It is gone already.
    }
  }
}
