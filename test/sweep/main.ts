/** The sweep: at every step of a procedure the worst happens to those who carry it out, and the run must end as if it had not. Usage: npm run test:sweep -- --help */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { repositoryRoot } from '../../lab/paths.ts';
import { inParallel, Results } from '../support/results.ts';
import { acts } from './acts.ts';
import { page } from './page.ts';
import { shuffled, trialsOf } from './plan.ts';
import { type Setting, settings } from './settings.ts';
import { Stage } from './stage.ts';
import { nameOf, runTrial, type Undisturbed, undisturbed } from './trial.ts';

interface Options {
  readonly only?: string;
  readonly acts: string;
  readonly settings: string;
  readonly seed: string;
  readonly stacks: string;
  readonly missing?: boolean;
  readonly list?: boolean;
  readonly write?: string;
}

const say = (text: string) => void process.stdout.write(`${text}\n`);

const command = new Command('test:sweep')
  .description('Does the worst to a failover at every step, in a lab, and judges how it ends.')
  .option('--only <text>', 'only trials whose name has this text, such as "Promote the database"')
  .option('--acts <list>', 'only these', acts.join(','))
  .option('--settings <list>', 'only with the region lost in these ways', settings.map(({ name }) => name).join(','))
  .option('--missing', 'only those without a clean result in .lab')
  .option('--seed <number>', 'order of the trials', String(Math.floor(Math.random() * 1_000_000)))
  .option('--stacks <number>', 'so many labs side by side; each takes half a core', '1')
  .option('--list', 'only print the trials, and write the table of what is kept')
  .option('--write <file>', 'write the table as Markdown, such as docs/sweep.md')
  .action(async (options: Options) => {
    process.exitCode = await sweep(options);
  });

type Found = Map<string, Undisturbed & { readonly setting: Setting }>;

async function sweep(options: Options): Promise<number> {
  const results = new Results('sweep');
  const stages: Stage[] = [];
  const seed = Number(options.seed);
  say(`Seed ${seed}.`);
  try {
    for (let at = 0; at < Number(options.stacks); at++) stages.push(await Stage.open(`sweep-${at}`));
    const found = await discover(stages[0] as Stage, options);
    const all = shuffled(trialsOf([...found.values()]), seed);
    const trials = all
      .filter((trial) => options.acts.split(',').includes(trial.act) && nameOf(trial).includes(options.only ?? ''))
      .filter((trial) => !options.missing || results.of(nameOf(trial))?.faults.length !== 0);
    const write = () => void (options.write && writeFileSync(resolve(repositoryRoot(), options.write), page(all, results)));
    if (options.list) {
      trials.forEach((trial) => say(nameOf(trial)));
      write();
      return 0;
    }
    const { clean, text } = await inParallel(stages, trials, async (stage, trial) => {
      const name = nameOf(trial);
      const result = await runTrial(stage, trial, found.get(trial.setting.name) as Undisturbed);
      results.keep(name, result, seed);
      write();
      return { name, result };
    });
    say(`${text} Again: npm run test:sweep -- --seed ${seed}`);
    return clean ? 0 : 1;
  } finally {
    for (const stage of stages) await stage.close();
  }
}

async function discover(stage: Stage, options: Options): Promise<Found> {
  const found: Found = new Map();
  for (const setting of settings.filter(({ name }) => options.settings.split(',').includes(name))) {
    found.set(setting.name, { setting, ...(await undisturbed(stage, setting)) });
    say(`Undisturbed, region ${setting.name}: ${found.get(setting.name)?.activities.length} activities.`);
  }
  return found;
}

await command.parseAsync();
