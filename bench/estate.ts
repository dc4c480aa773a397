/** The lab that everybody recovers: one for all rounds, taken back to its beginning before each. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { DrClient } from '../client/client.ts';
import { labSites } from '../lab/addresses.ts';
import { addressesOf, labHandle } from '../lab/cli/call.ts';
import { labDirectory } from '../lab/paths.ts';
import type { CustomerFigures } from '../lab/customers/figures.ts';
import { run } from '../lab/orchestrator/programs.ts';
import { customersServed, Stack } from '../lab/orchestrator/stack.ts';
import { loadPlan } from '../plan/load.ts';
import type { PlanSnapshot } from '../plan/schema.ts';
import { makeFenceOnReturnWorkflowId, makeRunWorkflowId } from '../workflows/wire/ids.ts';
import type { Lab } from './peers/access.ts';
import { failedSite } from './scene.ts';
import { endsBy } from './started.ts';

/** How the failed site is lost. */
export type Condition = 'killed' | 'black-holed';
export const conditions: readonly Condition[] = ['killed', 'black-holed'];

/** The peers know one way of routing; the lab's plan tries the data plane first. */
export type Routing = 'by the control plane alone' | 'as the lab plans it';

const labName = 'bench';

export class BenchEstate {
  readonly stack: Stack;
  readonly client: DrClient;
  readonly snapshot: PlanSnapshot;
  readonly lab: Lab;
  /** Folder for keys, logs and the server's database. */
  readonly folder: string;

  private readonly routing: Routing;

  private constructor(stack: Stack, client: DrClient, snapshot: PlanSnapshot, lab: Lab, folder: string, routing: Routing) {
    this.stack = stack;
    this.client = client;
    this.snapshot = snapshot;
    this.lab = lab;
    this.folder = folder;
    this.routing = routing;
  }

  /** Temporal as the demo starts it, the lab, and a worker with the lab's plan. */
  static async start(routing: Routing, progress: (line: string) => void): Promise<BenchEstate> {
    const folder = mkdtempSync(join(tmpdir(), 'dr-bench-'));
    // Everything else ends with this process; the lab outlives whoever started it.
    endsBy(async () => void (await run('lab/cli/main', ['--lab', labName, 'down'])));
    const stack = await Stack.start({ lab: labName, folder, ports: { server: 0, ui: 0 }, progress });
    try {
      if (routing === 'by the control plane alone') {
        routeByControlPlane(stack.plan);
        await stack.worker.stop();
        await stack.startWorker();
      }
      const client = await DrClient.connect({ address: stack.temporal.address });
      const handle = labHandle(labName);
      const addresses = addressesOf(handle);
      if (!addresses) throw new Error('The lab has no addresses, although it is up. Nothing was measured. Look at its supervisor.log.');
      const directory = labDirectory(handle.repository, labName);
      return new BenchEstate(stack, client, await loadPlan(stack.plan), { directory, addresses }, folder, routing);
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** Ends all of it; also done when the benchmark is interrupted. */
  readonly stop = endsBy(async () => {
    await this.client.close();
    await this.stack.stop();
  });

  get runId(): string {
    return makeRunWorkflowId(this.snapshot.plan.estate.name);
  }

  /** Everything as at the beginning: no run, no child, a healthy estate with customers that are served. */
  async reset(): Promise<void> {
    for (const id of [this.runId, ...labSites.map((site) => makeFenceOnReturnWorkflowId(this.snapshot.plan.estate.name, site))]) {
      await this.client.temporal.workflow
        .getHandle(id)
        .terminate('the round is over')
        .catch(() => undefined);
    }
    await this.stack.lab('reset');
    if (this.routing === 'by the control plane alone') routeByControlPlane(this.stack.plan);
    await customersServed(this.stack);
  }

  /** Puts every site so far from everybody else, milliseconds each way; a reset takes it back. */
  async keepApart(milliseconds: number): Promise<void> {
    for (const site of labSites) await this.stack.lab('slow', site, '--ms', String(milliseconds));
  }

  async lose(condition: Condition): Promise<void> {
    await this.stack.lab(condition === 'killed' ? 'kill' : 'cut', failedSite);
  }

  /** What customers say after a moment in which the last of their writes were acknowledged. */
  async figures(since: string): Promise<CustomerFigures> {
    await pause(1_000);
    return JSON.parse(await this.stack.lab('--json', 'customers', 'figures', '--since', since)) as CustomerFigures;
  }
}

/**
 * The lab writes its plan anew at each reset; this changes one value of it, so that its digest is the same each time. The data plane stays as the second way, which the lint demands
 * and which no round needs.
 */
function routeByControlPlane(planFolder: string): void {
  const file = join(planFolder, 'estate.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  document.setIn(['estate', 'dns', 'methods'], ['control-plane', 'data-plane']);
  writeFileSync(file, document.toString({ lineWidth: 0 }));
}
