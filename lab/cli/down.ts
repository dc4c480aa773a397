/** Ends a lab: by its supervisor when that lives, else by the records that it kept. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dropSharedMemory } from '../postgres/shared-memory.ts';
import { gone, killOne, killTree } from '../process-tree.ts';
import { call, recordedPid, supervisorPid, type LabHandle } from './call.ts';

const orderlyWithinMs = 15_000;

/** Nothing of the lab runs afterwards. Its files stay, to be looked at. */
export async function down(lab: LabHandle, progress: (line: string) => void): Promise<void> {
  const supervisor = supervisorPid(lab);
  if (supervisor !== null) {
    progress(`ending lab ${lab.name}`);
    await askToEnd(lab, supervisor);
  }
  await endRemains(lab);
}

async function askToEnd(lab: LabHandle, supervisor: number): Promise<void> {
  try {
    await call(lab, 'down', {}, 2_000);
  } catch {
    killOne(supervisor, 'SIGTERM');
  }
  for (const deadline = Date.now() + orderlyWithinMs; supervisorPid(lab) !== null && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (supervisorPid(lab) === null) return;
  // What it started ends with it, by the kernel.
  killOne(supervisor, 'SIGKILL');
  await gone(supervisor);
}

/** After a crash: processes that the kernel did not end, and what killed servers leave. Only processes that the records name exactly. */
async function endRemains(lab: LabHandle): Promise<void> {
  const pids = join(lab.directory, 'pids');
  for (const name of existsSync(pids) ? readdirSync(pids) : []) {
    const pid = recordedPid(join(pids, name));
    if (pid !== null) {
      await killTree(pid);
      await gone(pid);
    }
    rmSync(join(pids, name), { force: true });
  }
  const sites = join(lab.directory, 'sites');
  for (const site of existsSync(sites) ? readdirSync(sites) : []) {
    await dropSharedMemory(join(sites, site));
    rmSync(join(sites, site, 'pgdata', 'postmaster.pid'), { force: true });
  }
}
