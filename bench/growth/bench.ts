/** How the cost grows: with the functions and sites of a plan, and with the estates that are recovered at once on one worker. */
import { markdownTable } from 'markdown-table';
import type { PartOptions } from '../part.ts';
import { median } from '../statistics.ts';
import { estateName, type Size } from './plans.ts';
import { type Batch, GrowthRig } from './rig.ts';

interface Case extends Size {
  readonly estates: number;
}

const usual: Case = { functions: 5, sites: 4, estates: 1 };
const cases: readonly Case[] = [
  usual,
  { ...usual, functions: 20 },
  { ...usual, functions: 80 },
  { ...usual, sites: 2 },
  { ...usual, sites: 8 },
  { ...usual, sites: 12 },
  { ...usual, estates: 10 },
  { ...usual, estates: 100 },
];
/** How far a figure may lie from that of the first case and still count as the same. */
const flat = 0.2;

export async function benchGrowth({ rounds, progress }: PartOptions): Promise<string> {
  const rig = await GrowthRig.start();
  try {
    // What is done once in a process, such as compiling hot code, is no cost of a plan's size.
    for (let index = 0; index < 3; index++) await rig.recover([estateName(usual, 'warm-up', index)]);
    const measured = cases.map((size) => ({ size, batches: [] as Batch[] }));
    for (let round = 0; round < rounds; round++) {
      for (const { size, batches } of measured) {
        const names = Array.from({ length: size.estates }, (_, index) => estateName(size, `estates-${size.estates}-round-${round}`, index));
        const batch = await rig.recover(names);
        batches.push(batch);
        progress(`growth, round ${round + 1} of ${rounds}: ${label(size)}: ${batch.wallSeconds.toFixed(1)} s`);
      }
    }
    return growthTable(measured.map(({ size, batches }) => ({ size, figures: figuresOf(batches) })));
  } finally {
    await rig.stop();
  }
}

function label({ functions, sites, estates }: Case): string {
  return `${functions} functions, ${sites} sites, ${estates} ${estates === 1 ? 'estate' : 'estates'}`;
}

interface Figures {
  readonly activities: number;
  readonly events: number;
  readonly kilobytes: number;
  readonly eventsPerActivity: number;
  readonly orchestrationMs: number;
  readonly cpuMsPerActivity: number;
  readonly wallMsPerActivity: number;
  readonly wallSeconds: number;
  readonly rssMb: number;
}

function figuresOf(batches: readonly Batch[]): Figures {
  const of = (figure: (batch: Batch) => number) => median(batches.map((batch) => figure(batch)));
  const activities = ({ costs }: Batch) => costs.reduce((total, cost) => total + cost.activities.length, 0);
  const events = ({ costs }: Batch) => costs.reduce((total, cost) => total + cost.events, 0);
  const bytes = ({ costs }: Batch) => costs.reduce((total, cost) => total + cost.bytes, 0);
  return {
    activities: of((batch) => activities(batch) / batch.costs.length),
    events: of((batch) => events(batch) / batch.costs.length),
    kilobytes: of((batch) => bytes(batch) / batch.costs.length / 1000),
    eventsPerActivity: of((batch) => events(batch) / activities(batch)),
    orchestrationMs: of((batch) => median(batch.orchestrationMs.filter((value) => !Number.isNaN(value)))),
    cpuMsPerActivity: of((batch) => (batch.cpuSeconds * 1000) / activities(batch)),
    wallMsPerActivity: of((batch) => (batch.wallSeconds * 1000) / activities(batch)),
    wallSeconds: of((batch) => batch.wallSeconds),
    rssMb: of((batch) => batch.rssMb),
  };
}

function growthTable(rows: readonly { readonly size: Case; readonly figures: Figures }[]): string {
  const first = rows[0]?.figures;
  const against = (value: number, base: number | undefined) => {
    const ratio = value / (base ?? NaN);
    return ratio === 1 ? '' : ` (× ${ratio.toFixed(2)}${ratio > 1 + flat ? ', grows' : ratio < 1 - flat ? ', shrinks' : ''})`;
  };
  const compared = (figures: Figures, key: 'eventsPerActivity' | 'cpuMsPerActivity', digits: number) =>
    `${figures[key].toFixed(digits)}${against(figures[key], first?.[key])}`;
  const head = [
    'plan and load',
    'activities of a run',
    'events',
    'kB',
    'events per activity',
    'worker CPU per activity, ms',
    'orchestration of an activity, median, ms',
    'wall per activity, ms',
    'wall, s',
    'worker, MB',
  ];
  const body = rows.map(({ size, figures }) => [
    label(size),
    figures.activities.toFixed(0),
    figures.events.toFixed(0),
    figures.kilobytes.toFixed(0),
    compared(figures, 'eventsPerActivity', 2),
    compared(figures, 'cpuMsPerActivity', 1),
    figures.orchestrationMs.toFixed(0),
    figures.wallMsPerActivity.toFixed(1),
    figures.wallSeconds.toFixed(1),
    figures.rssMb.toFixed(0),
  ]);
  return [
    '## How it grows',
    `Drivers are answered by fakes in another process. In brackets: against the first row; beyond ± ${flat * 100} % it grows or shrinks.`,
    markdownTable([head, ...body]),
  ].join('\n\n');
}
