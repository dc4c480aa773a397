/** The command line of the long commands: which items they run, on how many labs side by side, and the page that tells what came of them. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { repositoryRoot } from '../../lab/paths.ts';
import { inParallel, type Result, type Results } from './results.ts';
import { Stage } from './stage.ts';

export interface Options {
  readonly only: string;
  readonly missing?: boolean;
  readonly stacks: number;
  readonly list?: boolean;
  readonly write?: string;
}

export interface Work<Item, Place = Stage> {
  readonly results: Results;
  readonly nameOf: (item: Item) => string;
  readonly one: (place: Place, item: Item) => Promise<Result>;
  /** All that is kept, as Markdown. */
  readonly page: () => string;
  /** Number from which the order was made, where there is one. */
  readonly seed?: number;
}

export const say = (text: string) => void process.stdout.write(`${text}\n`);

/** `items` is what the command calls them, `page` the page that it writes. */
export function longCommand(name: string, about: string, items: string, page: string): Command {
  return new Command(name)
    .description(about)
    .option('--only <text>', `only ${items} whose name has this text`, '')
    .option('--missing', `only ${items} without a clean result in .lab`)
    .option('--stacks <number>', 'so many side by side; each takes half a core', wholeNumber, 1)
    .option('--list', `only print the ${items}, and write the table of what is kept`)
    .option('--write <file>', `write the table as Markdown, such as ${page}`);
}

/** At least 1. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

/** Those that the command line asks for. */
export function chosen<Item, Place>(items: readonly Item[], { results, nameOf }: Work<Item, Place>, { only, missing }: Options): Item[] {
  return items.filter((item) => nameOf(item).includes(only)).filter((item) => !missing || results.of(nameOf(item))?.faults.length !== 0);
}

export function list<Item, Place>(items: readonly Item[], work: Work<Item, Place>, options: Options): void {
  for (const item of items) say(work.nameOf(item));
  write(work, options);
}

/** Opens the labs that the command line asks for, and closes them whatever comes of it. */
export async function onStages<T>(name: string, { stacks }: Options, act: (stages: readonly Stage[]) => Promise<T>): Promise<T> {
  const stages: Stage[] = [];
  try {
    for (let at = 0; at < stacks; at++) stages.push(await Stage.open(`${name}-${at}`));
    return await act(stages);
  } finally {
    for (const stage of stages) await stage.close();
  }
}

/** Runs the items, and keeps and writes what came of each as soon as it is there. */
export function carryOut<Item, Place>(places: readonly Place[], items: readonly Item[], work: Work<Item, Place>, options: Options) {
  return inParallel(places, items, async (place, item) => {
    const name = work.nameOf(item);
    const result = await work.one(place, item);
    work.results.keep(name, result, work.seed);
    write(work, options);
    return { name, result };
  });
}

function write<Item, Place>({ page }: Work<Item, Place>, { write: file }: Options): void {
  if (file !== undefined) writeFileSync(resolve(repositoryRoot(), file), page());
}
