#!/usr/bin/env node
/** `dr-lab`: a whole estate on one machine. Exit codes: 0 done, 1 failed or refused, 2 wrong usage. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { LabStatus } from '../status.ts';
import { call, LabError, labHandle, type LabHandle } from './call.ts';
import { customersCommands } from './customers.ts';
import { down } from './down.ts';
import { statusText } from './print.ts';
import { up } from './up.ts';

const program = new Command('dr-lab')
  .description('A whole estate on one machine: four sites, their network, Route 53, DNS, a mailbox and customers.')
  .option('--lab <name>', 'which lab; several run side by side', 'default')
  .option('--json', 'answer as JSON')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride();

const lab = (): LabHandle => labHandle(program.opts<{ lab: string }>().lab);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const progress = (line: string) => void process.stderr.write(`${line}\n`);
const asJson = () => program.opts<{ json?: boolean }>().json === true;
const answer = (value: unknown, text: string) => say(asJson() ? JSON.stringify(value, null, 2) : text);

function milliseconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number of milliseconds, up to 60000.');
  return Number(text);
}
const list = (text: string) => text.split(',').map((word) => word.trim());

program
  .command('up')
  .description('start the lab, as new, and wait until it is ready')
  .action(async () => {
    const status = await up(lab(), progress);
    answer(status, `${statusText(status)}\nplan: ${status.directory}/plan`);
  });
program
  .command('down')
  .description('end everything that the lab started')
  .action(async () => {
    await down(lab(), progress);
    answer({}, 'the lab is down');
  });
program
  .command('reset')
  .description('take data, network and world back to the beginning')
  .action(async () => {
    const result = await call<{ seconds: number }>(lab(), 'reset');
    answer(result, `reset in ${result.seconds.toFixed(1)} s`);
  });
program
  .command('status')
  .description('what runs, who follows whom, which links are cut')
  .action(async () => {
    const status = await call<LabStatus>(lab(), 'status');
    answer(status, statusText(status));
    if (status.phase !== 'ready') process.exitCode = 1;
  });
program
  .command('plan')
  .description('print the folder of the lab’s plan')
  .action(async () => {
    const { folder } = await call<{ folder: string }>(lab(), 'plan');
    answer({ folder }, folder);
  });

interface LinkOptions {
  from?: string;
  to?: string;
  only?: string[];
  mode?: string;
  ms?: number;
  withControlPlane?: boolean;
}

const links = (command: Command) =>
  command
    .option('--from <who>', 'only what this one sends to the site')
    .option('--to <who>', 'only what the site sends to this one')
    .option('--only <names>', 'both directions with these: sites, orchestrator, customers, checkers, internet', list);

links(program.command('cut <site>'))
  .description('cut a site off: by default from everybody, both directions, as a black hole')
  .option('--mode <mode>', 'hole (no answer) or reset (refused)', 'hole')
  .option('--with-control-plane', 'the Route 53 API goes dark too')
  .action(async (site: string, options: LinkOptions) => {
    const result = await call(lab(), 'cut', { site, ...options });
    answer(result, `${site} is cut off`);
  });
links(program.command('slow <site>'))
  .description('let what the site sends and gets travel slowly')
  .requiredOption('--ms <n>', 'milliseconds each way', milliseconds)
  .action(async (site: string, options: LinkOptions) => {
    const result = await call(lab(), 'slow', { site, ...options });
    answer(result, `${site} is ${options.ms} ms away`);
  });
program
  .command('heal <site>')
  .description('open all links of a site')
  .action(async (site: string) => answer(await call(lab(), 'heal', { site }), `${site} is connected`));
program
  .command('kill <site>')
  .description('end every process of a site at once')
  .option('--with-control-plane', 'the Route 53 API goes dark too')
  .action(async (site: string, options: { withControlPlane?: boolean }) => answer(await call(lab(), 'kill', { site, ...options }), `${site} is dead`));
program
  .command('revive <site>')
  .description('start what kill ended, as it was')
  .action(async (site: string) => answer(await call(lab(), 'revive', { site }), `${site} is back`));
program
  .command('backup')
  .description('back up application, session data, cache and database of the primary, and from then on its log')
  .action(async () => {
    const made = await call<{ set: string; application: string; sessions: string; seconds: number }>(lab(), 'backup');
    answer(
      made,
      `backup ${made.set} made in ${made.seconds.toFixed(1)} s, with the application ${made.application} and the session data ${made.sessions}; the log follows`,
    );
  });
program
  .command('faults')
  .description('the faults that the lab knows')
  .action(async () => {
    const result = await call<{ faults: { name: string; about: string }[] }>(lab(), 'fault/list');
    answer(result, result.faults.map(({ name, about }) => `${name.padEnd(24)} ${about}`).join('\n'));
  });
program
  .command('fault <name> <site>')
  .description('make something go wrong at a site; dr-lab faults lists what')
  .option('--heal', 'take it back')
  .action(async (name: string, site: string, { heal }: { heal?: boolean }) => {
    const result = await call(lab(), heal ? 'fault/heal' : 'fault/inject', { name, site });
    answer(result, `${name} at ${site}: ${heal ? 'healed' : JSON.stringify(result)}`);
  });
customersCommands(program, lab, answer);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeFor(error);
}

/** commander has printed its own errors already; other errors are one sentence, and a stack only where it is a fault of the lab. */
function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`${error instanceof LabError ? error.message : ((error as Error).message ?? String(error))}\n`);
  return 1;
}
