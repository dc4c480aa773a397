/** What a cold start costs besides its work: a lab with little data loses every running site, and comes back from backups. */
import { markdownTable } from 'markdown-table';
import { coldStart } from '../../lab/demo/cold-start.ts';
import { decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { BenchEstate } from '../estate.ts';
import { activityTimes, orchestrationMs, type Span } from '../overhead/history.ts';
import type { PartOptions } from '../part.ts';
import { spread } from '../statistics.ts';

/** What is allowed: so much for the run, and so much for each step. */
const [runSeconds, stepSeconds] = [3, 0.04];

interface Measured {
  /** Time of the run in which nothing was at work, nothing waited for and nobody asked; seconds. */
  readonly orchestrationSeconds: number;
  readonly steps: number;
  readonly activities: number;
  readonly events: number;
  /** From the loss until customers were served again, as they saw it; seconds. */
  readonly outageSeconds: number;
}

export async function ofOrchestration({ rounds, progress }: PartOptions): Promise<string> {
  const estate = await BenchEstate.start('as the lab plans it', progress);
  try {
    const measured: Measured[] = [];
    for (let round = 1; round <= rounds; round++) {
      const one = await measure(estate);
      measured.push(one);
      progress(
        `cold start ${round} of ${rounds}: ${one.outageSeconds.toFixed(1)} s without service, ${one.orchestrationSeconds.toFixed(2)} s of orchestration`,
      );
    }
    return ['## A cold start with little data', tableOf(measured)].join('\n\n');
  } finally {
    await estate.stop();
  }
}

async function measure(estate: BenchEstate): Promise<Measured> {
  const { stack, client, runId } = estate;
  await estate.reset();
  await coldStart.prepare(stack, () => {});
  const since = new Date().toISOString();
  await coldStart.lose(stack);
  const started = await stack.dr(...coldStart.starts, '--as', 'carol-brown', '--detach');
  if (started.code !== 0) throw new Error(`The cold start did not begin: ${started.err}`);
  await decideUntilEnd(stack, coldStart.answers);
  const handle = client.temporal.workflow.getHandle(runId);
  const [history, report, figures] = await Promise.all([handle.fetchHistory(), client.report(runId), estate.figures(since)]);
  if (!report.outcome.startsWith('recovered')) throw new Error(`The cold start ended "${report.outcome}": ${report.summary}`);
  const events = history.events ?? [];
  const asked = report.gates.map(({ openedAt, closedAt = openedAt }): Span => [Date.parse(openedAt), Date.parse(closedAt)]);
  return {
    orchestrationSeconds: orchestrationMs(events, asked) / 1000,
    steps: report.steps.length,
    activities: activityTimes(events).length,
    events: events.length,
    outageSeconds: Math.max(...figures.functions.map(({ worst }) => worst?.seconds ?? 0)),
  };
}

function tableOf(measured: readonly Measured[]): string {
  const of = (figure: (entry: Measured) => number, digits: number) => spread(measured.map(figure), digits); // prettier-ignore
  return markdownTable([
    ['figure', ''],
    ['without service, as customers saw it, s', of(({ outageSeconds }) => outageSeconds, 1)],
    ['steps', of(({ steps }) => steps, 0)],
    ['activities', of(({ activities }) => activities, 0)],
    ['history, events', of(({ events }) => events, 0)],
    ['orchestration, s', of(({ orchestrationSeconds }) => orchestrationSeconds, 2)],
    [`allowed: ${runSeconds} s, and ${stepSeconds * 1000} ms for each step, s`, of(({ steps }) => runSeconds + stepSeconds * steps, 2)],
  ]);
}
