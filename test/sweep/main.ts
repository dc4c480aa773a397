/** The sweep: at every step of a procedure the worst happens to those who carry it out, and the run must end as if it had not. Usage: npm run test:sweep -- --help */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { repositoryRoot } from '../../lab/paths.ts';
import { acts } from './acts.ts';
import { shuffled, trialsOf } from './plan.ts';
import { settings } from './settings.ts';
import { Stage } from './stage.ts';
import { line, page, type Row } from './table.ts';
import { nameOf, runTrial, type Trial, type Undisturbed, undisturbed } from './trial.ts';

interface Options {
  readonly only?: string;
  readonly acts: string;
  readonly settings: string;
  readonly seed: string;
  readonly stacks: string;
  readonly list?: boolean;
  readonly write?: string;
}

const say = (text: string) => void process.stdout.write(`${text}\n`);

const command = new Command('test:sweep')
  .description('Does the worst to a failover at every step, in a lab, and judges how it ends.')
  .option('--only <text>', 'only trials whose name has this text, such as "Promote the database"')
  .option('--acts <list>', 'only these', acts.join(','))
  .option('--settings <list>', 'only with the region lost in these ways', settings.map(({ name }) => name).join(','))
  .option('--seed <number>', 'order of the trials', String(Math.floor(Math.random() * 1_000_000)))
  .option('--stacks <number>', 'so many labs side by side; each takes half a core', '1')
  .option('--list', 'only print the trials')
  .option('--write <file>', 'write the table as Markdown, such as docs/sweep.md')
  .action(async (options: Options) => {
    process.exitCode = await sweep(options);
  });

async function sweep(options: Options): Promise<number> {
  const begun = performance.now();
  const stages: Stage[] = [];
  const seed = Number(options.seed);
  say(`Seed ${seed}.`);
  try {
    for (let at = 0; at < Number(options.stacks); at++) stages.push(await Stage.open(`sweep-${at}`));
    const found = await discover(stages[0] as Stage, options);
    const all = shuffled(trialsOf([...found.values()]), seed);
    const trials = all.filter((trial) => options.acts.split(',').includes(trial.act) && nameOf(trial).includes(options.only ?? ''));
    if (options.list) trials.forEach((trial) => say(nameOf(trial)));
    if (options.list) return 0;
    const write = (rows: readonly Row[]) => {
      const circumstances = { seed, stacks: stages.length, of: trials.length, seconds: (performance.now() - begun) / 1000 };
      if (options.write) writeFileSync(join(repositoryRoot(), options.write), page(rows, circumstances));
    };
    const rows = await runAll(stages, trials, found, write);
    const failures = rows.filter(({ result }) => result.faults.length > 0);
    say(
      `${rows.length} trials, ${failures.length} failed, in ${Math.round((performance.now() - begun) / 1000)} s. Again: npm run test:sweep -- --seed ${seed}`,
    );
    return failures.length === 0 && rows.length > 0 ? 0 : 1;
  } finally {
    for (const stage of stages) await stage.close();
  }
}

type Found = Map<string, Undisturbed & { readonly setting: (typeof settings)[number] }>;

async function discover(stage: Stage, options: Options): Promise<Found> {
  const found: Found = new Map();
  for (const setting of settings.filter(({ name }) => options.settings.split(',').includes(name))) {
    found.set(setting.name, { setting, ...(await undisturbed(stage, setting)) });
    say(`Undisturbed, region ${setting.name}: ${found.get(setting.name)?.activities.length} activities.`);
  }
  return found;
}

/** Each stage takes the next trial when it has ended one. `write` gets all results so far after each. */
async function runAll(stages: readonly Stage[], trials: readonly Trial[], found: Found, write: (rows: readonly Row[]) => void): Promise<Row[]> {
  const waiting = [...trials];
  process.once('SIGINT', () => {
    say('Ending after the trials under way.');
    waiting.length = 0;
  });
  const rows: Row[] = [];
  await Promise.all(
    stages.map(async (stage) => {
      for (let trial = waiting.shift(); trial; trial = waiting.shift()) {
        const result = await runTrial(stage, trial, found.get(trial.setting.name) as Undisturbed);
        rows.push({ trial, result });
        write(rows);
        say(`${rows.length}/${trials.length} ${line({ trial, result })}`);
      }
    }),
  );
  return rows;
}

await command.parseAsync();
