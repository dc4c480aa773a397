/** Temporal as the demo starts it, the fakes in one process, the worker in another, and a client that drives runs at many estates at once. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DrClient } from '../../client/client.ts';
import { type Background, startBackground, waitFor } from '../../lab/orchestrator/programs.ts';
import { startTemporal, type TemporalServer } from '../../lab/orchestrator/temporal.ts';
import { repositoryRoot } from '../../lab/paths.ts';
import { makeFenceOnReturnWorkflowId, makeRunWorkflowId, taskQueueOf } from '../../workflows/wire/ids.ts';
import type { regionalFailover } from '../../workflows/procedures/regional-failover.ts';
import type { RegionalFailoverInput } from '../../workflows/wire/regional-failover.ts';
import { costOf, type RunCost } from '../overhead/history.ts';
import { useOf } from '../machine.ts';
import { failedSite, targetSite } from '../scene.ts';
import { endsBy } from '../started.ts';

const erlmcp = join(repositoryRoot(), 'plan', 'erlmcp');
const bundle = join(repositoryRoot(), 'dist', 'workflow-bundle.js');
const decideEveryMs = 250;
const runsWithinMs = 20 * 60_000;

export interface Batch {
  readonly costs: readonly RunCost[];
  /** What the orchestration of each activity took: from its request until its answer was taken, without the call of the fakes. */
  readonly orchestrationMs: readonly number[];
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

export class GrowthRig {
  private readonly temporal: TemporalServer;
  private readonly processes: readonly Background[];
  private readonly worker: Background;
  private readonly workerPort: number;
  private readonly client: DrClient;
  private readonly folder: string;

  private constructor(temporal: TemporalServer, fakes: Background, worker: Background, workerPort: number, client: DrClient, folder: string) {
    this.temporal = temporal;
    this.processes = [worker, fakes];
    this.worker = worker;
    this.workerPort = workerPort;
    this.client = client;
    this.folder = folder;
  }

  static async start(): Promise<GrowthRig> {
    const folder = mkdtempSync(join(tmpdir(), 'dr-bench-growth-'));
    const stops: (() => Promise<unknown>)[] = [];
    try {
      const temporal = await startTemporal(folder, { server: 0, ui: 0 });
      stops.push(() => temporal.stop());
      const fakes = await startProgram('fakes', [erlmcp], folder);
      stops.push(() => fakes.process.stop());
      const worker = await startProgram('worker', [temporal.address, bundle, String(fakes.port)], folder);
      stops.push(() => worker.process.stop());
      const client = await DrClient.connect({ address: temporal.address });
      return new GrowthRig(temporal, fakes.process, worker.process, worker.port, client, folder);
    } catch (error) {
      for (const stop of stops.reverse()) await stop();
      throw error;
    }
  }

  /** Ends all of it; also done when the benchmark is interrupted. */
  readonly stop = endsBy(async () => {
    await this.client.close();
    for (const process of this.processes) await process.stop();
    await this.temporal.stop();
    rmSync(this.folder, { recursive: true, force: true });
  });

  /** Recovers all of these estates at once and answers what it cost. */
  async recover(estates: readonly string[]): Promise<Batch> {
    const { workflow } = this.client.temporal;
    await this.timesOfCalls();
    const before = useOf(this.worker.pid);
    const startedAt = performance.now();
    const handles = await Promise.all(
      estates.map((estate) => {
        const input: RegionalFailoverInput = { estate, from: failedSite, to: targetSite, mode: 'live', startedBy: 'the-benchmark' };
        return workflow.start<typeof regionalFailover>('regionalFailover', {
          taskQueue: taskQueueOf('growth'),
          workflowId: makeRunWorkflowId(estate),
          args: [input],
        });
      }),
    );
    const ended = Promise.all(handles.map((handle) => handle.result()));
    await Promise.race([this.decideAll(new Set(handles.map(({ workflowId }) => workflowId))), ended]);
    const reports = await ended;
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const after = useOf(this.worker.pid);
    const bad = reports.find(({ outcome }) => outcome !== 'recovered');
    if (bad) throw new Error(`A run of the benchmark ended "${bad.outcome}": ${bad.summary} ${bad.exceptions.join(' ')}`);
    const times = await this.timesOfCalls();
    const runs = await inTurn(handles, async (handle) => {
      const [history, { historySize }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
      return { workflowId: handle.workflowId, cost: costOf(history, historySize ?? NaN) };
    });
    await this.endChildren(estates);
    const orchestrationMs = runs.flatMap(({ workflowId, cost }) =>
      cost.activities.map(({ id, scheduledAt, takenAt }) => takenAt - scheduledAt - (times[`${workflowId} ${id}`] ?? NaN)),
    );
    return { costs: runs.map(({ cost }) => cost), orchestrationMs, wallSeconds, cpuSeconds: after.cpuSeconds - before.cpuSeconds, rssMb: after.rssMb };
  }

  /** Two people approve at each run. Who waits is asked of the server, so that only one question for each run falls to the worker. */
  private async decideAll(waiting: Set<string>): Promise<void> {
    const { workflow } = this.client.temporal;
    const deadline = Date.now() + runsWithinMs;
    while (waiting.size > 0 && Date.now() < deadline) {
      for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running' AND DrPhase = 'deciding'" })) {
        if (!waiting.has(workflowId)) continue;
        const view = await this.client.status(workflowId);
        const gate = view.state === 'running' ? view.status.gate : null;
        if (!gate) continue;
        for (const who of gate.electorate.slice(0, 2)) await this.client.approve(workflowId, { gate: gate.gate, who, reason: 'the benchmark' });
        waiting.delete(workflowId);
      }
      await pause(decideEveryMs);
    }
  }

  /** The children that wait for the failed site would go on polling beside the next measurement. */
  private async endChildren(estates: readonly string[]): Promise<void> {
    await inTurn(estates, (estate) =>
      this.client.temporal.workflow
        .getHandle(makeFenceOnReturnWorkflowId(estate, failedSite))
        .terminate('the measurement is over')
        .catch(() => undefined),
    );
  }

  /** Milliseconds of each call of the fakes since the last question, by `<workflow id> <activity id>`. */
  private async timesOfCalls(): Promise<Record<string, number>> {
    return (await (await fetch(`http://127.0.0.1:${this.workerPort}`)).json()) as Record<string, number>;
  }
}

/** Starts a program of this folder and waits until it has printed its port. */
async function startProgram(name: string, args: readonly string[], folder: string): Promise<{ readonly process: Background; readonly port: number }> {
  const log = join(folder, `${name}.log`);
  const file = join(repositoryRoot(), 'bench', 'growth', `${name}.ts`);
  const process_ = startBackground([process.execPath, '--import', import.meta.resolve('tsx'), file, ...args], log);
  const port = () => Number(/^port (\d+)$/m.exec(readFileSync(log, 'utf8'))?.[1] ?? 0);
  const ended = () => (process_.ended() ? `it ended: ${readFileSync(log, 'utf8').slice(-500)}` : null);
  await waitFor(`The benchmark's ${name}`, async () => port() > 0, 60_000, ended);
  return { process: process_, port: port() };
}

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}
