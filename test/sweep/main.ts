/** The sweep: at every step of a procedure the worst happens to those who carry it out, and the run must end as if it had not. Usage: npm run test:sweep -- --help */
import { carryOut, chosen, list, longCommand, onStages, type Options, say, wholeNumber, type Work } from '../stage/command.ts';
import { Results } from '../stage/results.ts';
import type { Stage } from '../stage/stage.ts';
import { acts } from './acts.ts';
import { page } from './page.ts';
import { inOrder, trialsOf } from './plan.ts';
import { type Setting, settings } from './settings.ts';
import { nameOf, runTrial, type Trial, type Undisturbed, undisturbed } from './trial.ts';

interface SweepOptions extends Options {
  readonly acts: string;
  readonly procedure: string;
  readonly settings: string;
  readonly first?: number;
  readonly seed: number;
}

const about = 'Does the worst to a run at every step, in a lab, and judges how it ends.';
const command = longCommand('test:sweep', about, 'trials', 'docs/sweep.md')
  .option('--acts <list>', 'only these', acts.join(','))
  .option('--procedure <name>', 'which one', settings[0]?.driven.procedure)
  .option('--settings <list>', 'only with sites lost in these ways', settings.map(({ name }) => name).join(','))
  .option('--first <number>', 'only so many, spread evenly over steps and acts', wholeNumber)
  .option('--seed <number>', 'order of the trials', wholeNumber, 1 + Math.floor(Math.random() * 1_000_000))
  .action(async (options: SweepOptions) => {
    process.exitCode = await onStages('sweep', options, (stages) => sweep(stages, options));
  });

type Found = Map<string, Undisturbed & { readonly setting: Setting }>;

async function sweep(stages: readonly Stage[], options: SweepOptions): Promise<number> {
  const { seed } = options;
  say(`Seed ${seed}.`);
  const results = new Results('sweep');
  const found = await discover(stages[0] as Stage, options);
  const all = inOrder(trialsOf([...found.values()], (stages[0] as Stage).scenarios.plan), seed);
  const one = (stage: Stage, trial: Trial) => runTrial(stage, trial, found.get(trial.setting.name) as Undisturbed);
  const work: Work<Trial> = { results, nameOf, one, page: () => page(options.procedure, all, results), seed };
  const trials = chosen(
    all.filter(({ act }) => options.acts.split(',').includes(act)),
    work,
    options,
  ).slice(0, options.first);
  if (options.list) {
    list(trials, work, options);
    return 0;
  }
  const { clean, text } = await carryOut(stages, trials, work, options);
  say(`${text} Again: npm run test:sweep -- --seed ${seed}`);
  return clean ? 0 : 1;
}

async function discover(stage: Stage, options: SweepOptions): Promise<Found> {
  const found: Found = new Map();
  for (const setting of settings.filter(({ name, driven }) => driven.procedure === options.procedure && options.settings.split(',').includes(name))) {
    found.set(setting.name, { setting, ...(await undisturbed(stage, setting)) });
    say(`Undisturbed, region ${setting.name}: ${found.get(setting.name)?.activities.length} activities.`);
  }
  return found;
}

await command.parseAsync();
