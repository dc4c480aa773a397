/**
 * `npm run bench`: the same failover as a shell script, as an Ansible playbook and as our run; what our run costs; how that grows; a restore beside the same by hand. Prints Markdown tables with medians.
 * Nothing is asserted: a figure of a busy machine proves nothing.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { benchGrowth } from './growth/bench.ts';
import { describeLoad, describeMachine } from './machine.ts';
import { benchOverhead } from './overhead/bench.ts';
import { benchPeers } from './peers/bench.ts';
import { benchRestore } from './restore/bench.ts';
import { endOnInterrupt } from './started.ts';

const say = (line = '') => void process.stdout.write(`${line}\n`);
const progress = (line: string) => void process.stderr.write(`· ${line}\n`);

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 to 999.');
  return Number(text);
}

const parts = { peers: benchPeers, overhead: benchOverhead, growth: benchGrowth, restore: benchRestore } as const;
type Part = keyof typeof parts;

const command = new Command('bench')
  .description('Benchmarks of a regional failover in the lab, and of restores.')
  .addOption(new Option('--only <part>', 'one part instead of all').choices(Object.keys(parts)))
  .option('--rounds <n>', 'rounds of each measurement', wholeNumber, 3)
  .parse();
const { only, rounds } = command.opts<{ only?: Part; rounds: number }>();

endOnInterrupt(progress);
say(describeMachine());
say(`Load averages at the start: ${describeLoad()}. Rounds: ${rounds}. Medians, in brackets the smallest and the largest value.`);
try {
  for (const part of Object.keys(parts) as Part[]) {
    if (only === undefined || only === part) say(`\n${await parts[part]({ rounds, progress })}`);
  }
  say(`\nLoad averages at the end: ${describeLoad()}.`);
} catch (error) {
  process.stderr.write(`The benchmark stopped: ${error instanceof Error ? error.message : String(error)}\nEverything that it started was ended.\n`);
  process.exitCode = 1;
}
