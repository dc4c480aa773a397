/** The lab's supervisor: the process that all others end with. Usage: supervisor NAME; its output is the lab's log. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabAddresses } from './addresses.ts';
import { allocateIndex } from './allocation.ts';
import { startTicks } from './child.ts';
import type { LabContext } from './component.ts';
import { createControlServer } from './control.ts';
import { clearRemains, createLabEstate } from './estate.ts';
import { faultVerbs } from './faults/verbs.ts';
import { labDirectory, repositoryRoot, stateRoot } from './paths.ts';
import { siteStatuses, type LabStatus } from './status.ts';
import { labVerbs } from './verbs.ts';
import type { Control } from './world.ts';

async function main(name: string): Promise<void> {
  const repository = repositoryRoot();
  const directory = labDirectory(repository, name);
  const addresses = new LabAddresses(await allocateIndex(stateRoot(repository), name));
  const context: LabContext = { name, directory, repository, addresses, log: (line) => console.log(`${new Date().toISOString()} ${line}`) };
  let phase: LabStatus['phase'] = 'starting';
  let failure: string | null = null;
  const lines: string[] = [];
  const progress = (line: string) => {
    lines.push(line);
    context.log(line);
  };

  const estate = createLabEstate(context);
  const stop = async () => {
    if (phase === 'stopping') return;
    phase = 'stopping';
    context.log('ending');
    await estate.stop().catch((error: unknown) => context.log(`ending: ${String(error)}`));
    await control.stop();
    rmSync(join(directory, 'pids', 'supervisor'), { force: true });
    process.exit(0);
  };
  const status: Control = async () => {
    const ready = phase === 'ready';
    const report: LabStatus = {
      lab: name,
      index: addresses.index,
      directory,
      phase,
      progress: lines,
      failure,
      problems: ready ? await estate.check() : [],
      sites: ready ? await siteStatuses(estate) : [],
      links: estate.network.state.list(),
    };
    return report;
  };
  const own = labVerbs(estate, directory, progress);
  const verbs: Record<string, Control> = {
    ...estate.world.control,
    ...faultVerbs(estate),
    ...own,
    status,
    async reset(body) {
      if (phase !== 'ready') throw new Error(`The lab is ${phase}; nothing was changed. Try again when it is ready.`);
      phase = 'resetting';
      try {
        return await own.reset?.(body);
      } finally {
        if (phase === 'resetting') phase = 'ready';
      }
    },
    down: async () => {
      setImmediate(() => void stop());
      return {};
    },
  };
  const control = createControlServer(addresses.control, () => verbs);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  await control.start();
  clearRemains(directory);
  mkdirSync(join(directory, 'pids'), { recursive: true });
  writeFileSync(join(directory, 'pids', 'supervisor'), `${process.pid} ${startTicks(process.pid) ?? 0}\n`);
  try {
    await estate.start(progress);
    phase = 'ready';
    progress('ready');
  } catch (error) {
    failure = (error as Error).message;
    phase = 'failed';
    context.log(`failed: ${(error as Error).stack}`);
  }
}

// A fault in one component must not leave the others running without their supervisor's care: it is written down and the lab goes on.
process.on('unhandledRejection', (error) => console.error(`${new Date().toISOString()} unhandled: ${error instanceof Error ? error.stack : String(error)}`));
process.on('uncaughtException', (error) => console.error(`${new Date().toISOString()} uncaught: ${error.stack}`));

main(process.argv[2] ?? 'default').catch((error: unknown) => {
  console.error(`failed: ${(error as Error).message}`);
  process.exit(1);
});
