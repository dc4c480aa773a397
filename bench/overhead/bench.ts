/** What our run costs besides its work: time per step, history, and the worker's memory and processor time. */
import { markdownTable } from 'markdown-table';
import { BenchEstate, conditions, type Condition } from '../estate.ts';
import { useOf, type ProcessUse } from '../machine.ts';
import type { PartOptions } from '../part.ts';
import { ourRun } from '../peers/ours.ts';
import { settleSeconds } from '../peers/rounds.ts';
import { median, percentile, spread } from '../statistics.ts';
import { costOf, type RunCost } from './history.ts';

interface Measured {
  readonly condition: Condition;
  readonly cost: RunCost;
  readonly worker: ProcessUse;
  /** Processor time of the worker from the run's start to its end. */
  readonly cpuSeconds: number;
}

export async function benchOverhead({ rounds, progress }: PartOptions): Promise<string> {
  const estate = await BenchEstate.start('as the lab plans it', progress);
  try {
    const measured: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const condition of conditions) {
        const result = await measure(estate, condition);
        measured.push(result);
        progress(`run ${round + 1} of ${rounds}, ${condition}: ${result.cost.events} events, worker ${result.worker.rssMb.toFixed(0)} MB`);
      }
    }
    return [summary(measured), stepTable(measured), eventLine(measured)].join('\n\n');
  } finally {
    await estate.stop();
  }
}

async function measure(estate: BenchEstate, condition: Condition): Promise<Measured> {
  await estate.reset();
  const before = useOf(estate.stack.worker.pid);
  const lostAt = Date.now();
  await estate.lose(condition);
  const { ended } = await ourRun(estate).recover(lostAt, settleSeconds);
  await ended;
  const worker = useOf(estate.stack.worker.pid);
  const handle = estate.client.temporal.workflow.getHandle(estate.runId);
  const [history, description] = await Promise.all([handle.fetchHistory(), handle.describe()]);
  return { condition, cost: costOf(history, description.historySize ?? NaN), worker, cpuSeconds: worker.cpuSeconds - before.cpuSeconds };
}

function summary(measured: readonly Measured[]): string {
  const of = (figure: (entry: Measured) => number, digits: number) =>
    conditions.map((condition) =>
      spread(
        measured.filter((entry) => entry.condition === condition).map((entry) => figure(entry)),
        digits,
      ),
    );
  const overheads = (entry: Measured) => entry.cost.steps.map((step) => step.overheadMs);
  return [
    '## What our run costs',
    'The overhead of a step is the time from its first request to its last answer taken in which none of its activities was at work (from the history).',
    markdownTable([
      ['figure', ...conditions.map((condition) => `primary ${condition}`)],
      ['overhead of a step, median, ms', ...of((entry) => median(overheads(entry)), 0)],
      ['overhead of a step, 90 % have at most, ms', ...of((entry) => percentile(overheads(entry), 0.9), 0)],
      ['overhead of all steps together, s', ...of((entry) => overheads(entry).reduce((total, value) => total + value, 0) / 1000, 2)],
      ['activities', ...of((entry) => entry.cost.activities.length, 0)],
      ['history, events', ...of((entry) => entry.cost.events, 0)],
      ['history, kB', ...of((entry) => entry.cost.bytes / 1000, 0)],
      ['worker, resident memory after the run, MB', ...of((entry) => entry.worker.rssMb, 0)],
      ['worker, highest so far, MB', ...of((entry) => entry.worker.peakRssMb, 0)],
      ['worker, processor time of the run, s', ...of((entry) => entry.cpuSeconds, 2)],
    ]),
  ].join('\n\n');
}

function stepTable(measured: readonly Measured[]): string {
  const names = [...new Set(measured.flatMap(({ cost }) => cost.steps.map(({ step }) => step)))];
  const rows = names.map((name) => {
    const steps = measured.flatMap(({ cost }) => cost.steps.filter(({ step }) => step === name));
    const show = (figure: (step: (typeof steps)[number]) => number) => median(steps.map((step) => figure(step))).toFixed(0);
    return [name, show((step) => step.activities), show((step) => step.wallMs), show((step) => step.workMs), show((step) => step.overheadMs)];
  });
  return markdownTable([['step', 'activities', 'wall, ms', 'work, ms', 'overhead, ms'], ...rows]);
}

function eventLine(measured: readonly Measured[]): string {
  const types = [...new Set(measured.flatMap(({ cost }) => [...cost.eventsByType.keys()]))];
  const counts = types.map((type) => ({ type, count: median(measured.map(({ cost }) => cost.eventsByType.get(type) ?? 0)) }));
  const listed = counts.sort((one, other) => other.count - one.count).map(({ type, count }) => `${type} ${count}`);
  return `Events of a run, medians: ${listed.join(' · ')}.`;
}
