/** The lab's supervisor: the process that all others end with. Usage: supervisor NAME; its output is the lab's log. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabAddresses } from './addresses.ts';
import { allocateIndex } from './allocation.ts';
import { startTicks } from './child.ts';
import { createControlServer } from './control.ts';
import { clearRemains } from './estate.ts';
import { labDirectory, repositoryRoot, stateRoot } from './paths.ts';
import { RunningLab } from './running-lab.ts';
import type { Control } from './component.ts';

const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);

async function main(name: string): Promise<void> {
  const repository = repositoryRoot();
  const directory = labDirectory(repository, name);
  const addresses = new LabAddresses(await allocateIndex(stateRoot(repository), name));
  const lab = new RunningLab({ name, directory, repository, addresses, log });
  const stop = async () => {
    if (!(await lab.stop())) return;
    await control.stop();
    rmSync(join(directory, 'pids', 'supervisor'), { force: true });
    process.exit(0);
  };
  const down: Control = async () => {
    // After the answer is on its way.
    setImmediate(() => void stop());
    return {};
  };
  const verbs = { ...lab.verbs(), down };
  const control = createControlServer(addresses.control, () => verbs);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  await control.start();
  await clearRemains(directory);
  mkdirSync(join(directory, 'pids'), { recursive: true });
  writeFileSync(join(directory, 'pids', 'supervisor'), `${process.pid} ${startTicks(process.pid) ?? 0}\n`);
  await lab.start();
}

// A fault in one component must not leave the others running without their supervisor's care: it is written down and the lab goes on.
process.on('unhandledRejection', (error) => log(`unhandled: ${error instanceof Error ? error.stack : String(error)}`));
process.on('uncaughtException', (error) => log(`uncaught: ${error.stack}`));

main(process.argv[2] ?? 'default').catch((error: unknown) => {
  process.stderr.write(`failed: ${(error as Error).message}\n`);
  process.exit(1);
});
