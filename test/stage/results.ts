/** Results of long commands, kept between runs by name, so that a part can be run again and the page still shows the whole. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../../lab/paths.ts';

export interface Result {
  readonly ended: string;
  /** One sentence for each thing that was not as it must be; none: clean. */
  readonly faults: readonly string[];
  readonly seconds: number;
}

export interface KeptResult extends Result {
  /** Day on which it was run, RFC 3339. */
  readonly day: string;
  /** Number from which the order was made, where there was one. */
  readonly seed: number | null;
}

export class Results {
  private readonly file: string;
  private readonly kept: Record<string, KeptResult>;

  constructor(command: string) {
    this.file = join(repositoryRoot(), '.lab', `results-of-${command}.json`);
    this.kept = existsSync(this.file) ? (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, KeptResult>) : {};
  }

  of(name: string): KeptResult | undefined {
    return this.kept[name];
  }

  names(): readonly string[] {
    return Object.keys(this.kept);
  }

  keep(name: string, result: Result, seed: number | null = null): void {
    this.kept[name] = { ...result, day: new Date().toISOString().slice(0, 10), seed };
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(this.file, `${JSON.stringify(this.kept, null, 1)}\n`);
  }
}

/** `2026-02-02, 4 cores (some processor): **3 of 4 run, 1 not clean**; median 30 s.` */
export function tally(names: readonly string[], results: Results): string {
  const kept = names.flatMap((name) => results.of(name) ?? []);
  const seconds = kept.map((result) => result.seconds).toSorted((left, right) => left - right);
  const days = [...new Set(kept.map(({ day }) => day))].toSorted();
  const seeds = [...new Set(kept.flatMap(({ seed }) => seed ?? []))];
  const notClean = kept.filter(({ faults }) => faults.length > 0).length;
  const median = Math.round(seconds[Math.floor(seconds.length / 2)] ?? 0);
  return `${days.join(', ')}${seeds.length > 0 ? `, seed ${seeds.join(', ')}` : ''}: **${kept.length} of ${names.length} run, ${notClean} not clean**; median ${median} s, all together ${Math.round(seconds.reduce((sum, value) => sum + value, 0) / 60)} minutes of one lab.`;
}

/** The cells of a row that tell what came of it. */
export function cells(result: KeptResult | undefined): readonly string[] {
  if (!result) return ['not run', '', ''];
  return [result.faults.length === 0 ? 'ok' : `**${result.faults.join(' ').replaceAll('|', '/').slice(0, 300)}**`, result.ended, result.seconds.toFixed(0)];
}

/** One line for a terminal, and one below for each thing that was not as it must be. */
export function line(name: string, result: Result): string {
  const faults = result.faults.map((fault) => `\n     ${fault}`).join('');
  return `${result.faults.length === 0 ? 'ok  ' : 'FAIL'} ${result.seconds.toFixed(0).padStart(3)} s  ${name} → ${result.ended}${faults}`;
}

/** Each stage takes the next item when it has ended one; Ctrl-C lets those under way end. True when all ended clean, and there were some. */
export async function inParallel<Stage, Item>(
  stages: readonly Stage[],
  items: readonly Item[],
  one: (stage: Stage, item: Item) => Promise<{ readonly name: string; readonly result: Result }>,
): Promise<{ readonly clean: boolean; readonly text: string }> {
  const begun = performance.now();
  const waiting = [...items];
  const notClean: string[] = [];
  let done = 0;
  process.once('SIGINT', () => {
    process.stdout.write('Ending after what is under way.\n');
    waiting.length = 0;
  });
  await Promise.all(
    stages.map(async (stage) => {
      for (let item = waiting.shift(); item; item = waiting.shift()) {
        const { name, result } = await one(stage, item);
        done += 1;
        if (result.faults.length > 0) notClean.push(name);
        process.stdout.write(`${done}/${items.length} ${line(name, result)}\n`);
      }
    }),
  );
  const text = `${done} run, ${notClean.length} not clean, in ${Math.round((performance.now() - begun) / 1000)} s.`;
  return { clean: notClean.length === 0 && done === items.length && done > 0, text };
}

/** A procedure's name as people say it: `cold start`. */
export const inWords = (procedure: string): string => procedure.replaceAll(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
