/** What the scenarios share: one stack for a file, a reset before each scenario, a recovery driven as its users drive it. Needs no test runner: the sweeps use it too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { call, labHandle } from '../../lab/cli/call.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import { type Answers, decideUntilEnd } from '../../lab/orchestrator/recovery.ts';
import { customersServed, Stack, untilServed } from '../../lab/orchestrator/stack.ts';
import { loadPlan } from '../../plan/load.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Report } from '../../report/report.ts';
import { makeFenceOnReturnWorkflowId, makeRunWorkflowId } from '../../workflows/wire/ids.ts';
import { statusQuery } from '../../workflows/wire/messages.ts';
import { until } from '../support/until.ts';

export const failed = 'us-east-1';
export const target = 'eu-central-1';
export const third = 'ap-southeast-1';
export const approve: Answers = { activation: () => 'approve' };

export class Scenarios {
  readonly stack: Stack;
  readonly estate: string;
  readonly plan: Plan;
  readonly client: Client;

  private constructor(stack: Stack, plan: Plan, client: Client) {
    this.stack = stack;
    this.plan = plan;
    this.estate = plan.estate.name;
    this.client = client;
  }

  static async start(lab: string): Promise<Scenarios> {
    const stack = await Stack.start({ lab, folder: mkdtempSync(join(tmpdir(), `dr-${lab}-`)), ports: { server: 0, ui: 0 }, progress: () => undefined });
    try {
      const connection = await Connection.connect({ address: stack.temporal.address });
      const { plan } = await loadPlan(stack.plan);
      return new Scenarios(stack, plan, new Client({ connection }));
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.client.connection.close();
    await this.stack.stop();
    rmSync(this.stack.options.folder, { recursive: true, force: true });
  }

  /** Everything as at the beginning: a worker, no run, no child, a healthy lab with customers that are served. */
  async reset(): Promise<void> {
    await this.endRuns();
    if (this.stack.worker.ended()) await this.stack.startWorker();
    await this.control('reset');
    await this.serveCustomers();
  }

  /** Ends what an earlier scenario left at Temporal. */
  async endRuns(): Promise<void> {
    const children = this.plan.sites.map(({ id }) => makeFenceOnReturnWorkflowId(this.estate, id));
    for (const id of [makeRunWorkflowId(this.estate), ...children]) {
      await this.client.workflow
        .getHandle(id)
        .terminate('the scenario is over')
        .catch(() => undefined);
    }
  }

  serveCustomers(): Promise<void> {
    return customersServed(this.stack);
  }

  /** A verb of the lab's control, with its JSON body. */
  control<T = unknown>(verb: string, body: unknown = {}): Promise<T> {
    return call<T>(labHandle(this.stack.options.lab), verb, body);
  }

  /** The address at which DNS sends customers to a site. */
  publicAddress(site: string): string {
    return this.plan.estate.sites[site]?.publicAddress ?? '';
  }

  child() {
    return this.client.workflow.getHandle(makeFenceOnReturnWorkflowId(this.estate, failed));
  }

  run() {
    return this.client.workflow.getHandle(makeRunWorkflowId(this.estate));
  }

  /** Starts the failover as the service desk does; the starter does not vote. */
  async start(...more: string[]): Promise<void> {
    const answer = await this.stack.dr('failover', 'start', '--from', failed, '--to', target, '--as', 'carol-brown', '--detach', ...more);
    if (answer.code !== 0) throw new Error(`dr failover start ended with ${answer.code}: ${answer.err}`);
  }

  /** Waits until a step of the open run has this result: an earlier run that is over still answers under the same id. */
  async untilStep(id: string, result = 'done', deadlineSeconds = 90): Promise<void> {
    const hasIt = async () => {
      const { status } = await this.run().describe();
      if (status.name !== 'RUNNING') return undefined;
      return (await this.run().query(statusQuery)).steps.some((step) => step.id === id && step.result === result) ? true : undefined;
    };
    await until(`step ${id} is ${result}`, hasIt, deadlineSeconds);
  }

  /** Breaks something, recovers, and answers the report beside what the customers saw since. */
  async recover(breakIt: () => Promise<unknown>, answers: Answers = approve): Promise<{ report: Report; figures: CustomerFigures; since: string }> {
    const since = new Date().toISOString();
    await breakIt();
    await this.start();
    await decideUntilEnd(this.stack, answers);
    return { ...(await this.settle(since)), since };
  }

  async settle(since: string): Promise<{ report: Report; figures: CustomerFigures }> {
    const report = JSON.parse((await this.stack.dr('report', '--json')).out) as Report;
    if (report.outcome.startsWith('recovered')) await untilServed(this.stack);
    return { report, figures: await this.figures(since) };
  }

  async figures(since: string, until?: string): Promise<CustomerFigures> {
    return this.control<CustomerFigures>('customers/figures', { since, ...(until === undefined ? {} : { until }) });
  }
}
