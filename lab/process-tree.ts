/** Ends a process with everything below it. PostgreSQL's children have process groups of their own, so a group's signal does not reach them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Pids below `pid`, nearest first. */
export function descendants(pid: number): number[] {
  const found: number[] = [];
  for (const queue = [pid]; queue.length > 0;) {
    const parent = queue.shift() as number;
    for (const child of children(parent)) {
      found.push(child);
      queue.push(child);
    }
  }
  return found;
}

function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter((word) => word !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
}

/** SIGKILL to `pid` first, so that it makes no new children, then to those it has. */
export async function killTree(pid: number): Promise<void> {
  const below = descendants(pid);
  for (const target of [pid, ...below]) killOne(target, 'SIGKILL');
  for (const target of below) await gone(target);
}

/** The signal to `pid` first, so that what it makes meanwhile is found, then to those below it. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  killOne(pid, signal);
  for (const below of descendants(pid)) killOne(below, signal);
}

export function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Waits until the process has ended. One that only waits for its parent to take note holds nothing any more and counts as ended. */
export async function gone(pid: number, withinMs = 5_000): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline;) {
    if (!isRunning(pid)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
