/**
 * One workflow execution in the SDK's own sandbox, without a server: activations go in, commands come out. What the worker's core does for it (batching, replay after
 * the worker died) is done here, so that thousands of schedules run in the time in which a server runs ten.
 */
import { defaultPayloadConverter, fromPayloadsAtIndex, toPayloads, TypedSearchAttributes } from '@temporalio/common';
import { msNumberToTs } from '@temporalio/common/lib/time.js';
import type { coresdk } from '@temporalio/proto';
import type { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { coverageSinks } from '../support/coverage.ts';

const measure = (data: unknown): void => coverageSinks.coverage.merge.fn({} as never, data as object) as void;

type Activation = coresdk.workflow_activation.WorkflowActivation.$Properties;
export type Job = coresdk.workflow_activation.WorkflowActivationJob.$Properties;
export type Command = coresdk.workflow_commands.WorkflowCommand.$Properties;
type Sandbox = Awaited<ReturnType<ReusableVMWorkflowCreator['createWorkflow']>>;

export interface Start {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly input: unknown;
  /** Virtual time, milliseconds since 1970. */
  readonly at: number;
}

interface Given {
  readonly at: number;
  readonly jobs: readonly Job[];
  readonly historyLength: number;
}

/** A kept activation and a fingerprint of the commands that it gave. */
interface Kept extends Given {
  readonly commands: string;
}

export class Execution {
  readonly start: Start;
  private readonly creator: ReusableVMWorkflowCreator;
  private sandbox: Sandbox | null = null;
  private readonly kept: Kept[] = [];
  private readonly flags = new Set<number>();
  /** Set when the execution has ended; activations are over then. */
  closed: { readonly how: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'continued'; readonly result?: unknown; readonly failure?: string } | null =
    null;

  constructor(creator: ReusableVMWorkflowCreator, start: Start) {
    this.creator = creator;
    this.start = start;
  }

  /** Events of its history: three for each workflow task, one for each command, and what became of it (an activity begins and ends). */
  events = 1;

  /** The most that one activation took of this machine's processors, milliseconds: time alone would tell of its other work. */
  dearest = 0;

  /** How many activations it has had: each is a workflow task. */
  get activations(): number {
    return this.kept.length;
  }

  /** Hands jobs to the workflow and gives its commands. */
  async activate(at: number, jobs: readonly Job[]): Promise<readonly Command[]> {
    await this.live();
    const historyLength = this.events + 2; // scheduled and started: the task is not completed yet
    const begun = process.cpuUsage();
    const commands = await this.run({ at, jobs, historyLength }, false);
    this.dearest = Math.max(this.dearest, process.cpuUsage(begun).user / 1000);
    this.kept.push({ at, jobs, historyLength, commands: fingerprint(commands) });
    this.events += 3 + commands.length + jobs.reduce((sum, job) => sum + (job.resolveActivity ? 2 : 1), 0);
    return commands;
  }

  /** The answer to a query. */
  async query<T>(at: number, name: string): Promise<T> {
    await this.live();
    const jobs = [{ queryWorkflow: { queryId: 'q', queryType: name, arguments: [], headers: {} } }];
    const commands = await this.run({ at, jobs, historyLength: this.events }, false);
    const answer = commands[0]?.respondToQuery;
    if (!answer?.succeeded) throw new Error(`The query ${name} failed: ${answer?.failed?.message ?? 'no answer'}`);
    return fromPayloadsAtIndex<T>(defaultPayloadConverter, 0, [answer.succeeded.response ?? {}]);
  }

  /** The worker that held it is gone: the next activation replays everything in a new sandbox. */
  async evict(): Promise<void> {
    await this.sandbox?.dispose();
    this.sandbox = null;
  }

  /** Replays everything that has happened; throws when the workflow would command something else than it did. */
  async replay(): Promise<void> {
    await this.evict();
    await this.live();
  }

  private async live(): Promise<void> {
    if (this.sandbox) return;
    this.sandbox = await this.creator.createWorkflow({ info: this.info(), randomnessSeed, now: this.start.at, showStackTraceSources: false });
    for (const [index, { commands, ...given }] of this.kept.entries()) {
      const again = fingerprint(await this.run(given, true));
      if (again !== commands) throw new Error(`Not deterministic: activation ${index} of ${this.start.workflowId} gave ${commands}, and on replay ${again}`);
    }
  }

  private async run({ at, jobs, historyLength }: Given, isReplaying: boolean): Promise<readonly Command[]> {
    const activation: Activation = {
      runId: this.start.runId,
      timestamp: msNumberToTs(at),
      isReplaying,
      historyLength,
      jobs: jobs.map((job) => ({ ...job, variant: Object.keys(job)[0] as NonNullable<Job['variant']> })),
      availableInternalFlags: [...this.flags],
    };
    const { successful, failed } = await (this.sandbox as Sandbox).activate(activation);
    for (const call of await (this.sandbox as Sandbox).getAndResetSinkCalls()) if (call.ifaceName === 'coverage') measure(call.args[0]);
    if (failed) throw new Error(`The workflow task of ${this.start.workflowId} failed: ${failed.failure?.message}\n${failed.failure?.stackTrace}`);
    for (const flag of successful?.usedInternalFlags ?? []) this.flags.add(flag);
    return successful?.commands ?? [];
  }

  private info() {
    const { workflowId, runId, type, at } = this.start;
    return {
      workflowId,
      runId,
      workflowType: type,
      searchAttributes: {},
      typedSearchAttributes: new TypedSearchAttributes(),
      taskQueue: 'dr',
      namespace: 'default',
      firstExecutionRunId: runId,
      originalExecutionRunId: runId,
      startTime: new Date(at),
      runStartTime: new Date(at),
      taskTimeoutMs: 10_000,
      attempt: 1,
      historyLength: 3,
      historySize: 1,
      continueAsNewSuggested: false,
      targetWorkerDeploymentVersionChanged: false,
      currentBuildId: '',
      unsafe: { now: () => at, isReplaying: false, isReplayingHistoryEvents: false, random: { uint53: () => 0 } },
    } as unknown as Parameters<ReusableVMWorkflowCreator['createWorkflow']>[0]['info'];
  }
}

const randomnessSeed = [7, 0, 0, 0, 0, 0, 0, 0];

/** The first job of an execution. */
export function initialise({ workflowId, runId, type, input, at }: Start): Job {
  return {
    initializeWorkflow: {
      workflowId,
      workflowType: type,
      arguments: toPayloads(defaultPayloadConverter, input) ?? [],
      headers: {},
      firstExecutionRunId: runId,
      originalExecutionRunId: runId,
      attempt: 1,
      startTime: msNumberToTs(at),
      workflowTaskTimeout: msNumberToTs(10_000),
    },
  };
}

/** What a command must be again on replay: its kind, its number, and what it is about. */
function fingerprint(commands: readonly Command[]): string {
  return commands
    .map((command) => {
      const activity = command.scheduleActivity;
      const child = command.startChildWorkflowExecution;
      const [kind, body] = Object.entries(command).find(([name, value]) => value !== null && value !== undefined && !metadata.includes(name)) ?? [
        'nothing',
        {},
      ];
      return `${kind} ${String((body as { seq?: number }).seq ?? '')} ${activity?.activityType ?? child?.workflowId ?? ''}`.trim();
    })
    .join(', ');
}
const metadata = ['userMetadata', 'eventGroupMarkers'];
