/**
 * What a Temporal server and its workers do for executions, in virtual time: timers, activities with their retries and bounds, children, signals between workflows, and workers
 * that die. Deterministic: with the same seed and the same calls everything happens in the same order.
 */
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter, fromPayloadsAtIndex, toPayloads } from '@temporalio/common';
import { msOptionalToNumber, optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk, temporal } from '@temporalio/proto';
import type { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { type Command, Execution, initialise, type Job } from './execution.ts';

type Failure = temporal.api.failure.v1.Failure.$Properties;
type ScheduleActivity = coresdk.workflow_commands.ScheduleActivity.$Properties;

/** What becomes of one attempt of an activity. */
export type Fate =
  | 'done'
  /** The worker dies before the activity has had its effect. */
  | 'worker dies before'
  /** It dies after the effect, before anybody has heard of it. */
  | 'worker dies after'
  /** It dies when the completion stands in the history. */
  | 'worker dies when completed'
  /** The worker goes on, but its answer is lost: the server waits for the heartbeat in vain. */
  | 'reply lost'
  /** The worker is taken for dead, and the effect comes late, beside the next attempt's. */
  | 'late effect';

/** How activities fare; asked once for each attempt. `milliseconds` is the time until the effect. */
export interface World {
  act(name: string, input: unknown): Promise<unknown>;
  fate(attempt: { readonly name: string; readonly number: number; readonly input: unknown }): { readonly fate: Fate; readonly milliseconds: number };
  /** Called when an execution asks for an activity, and when it is given a job. */
  asked(execution: Execution, seq: number, name: string, input: unknown): void;
  told(execution: Execution, job: Job): void;
  /** Called after anything that may have changed the world. */
  observe(): void;
}

interface Pending {
  readonly execution: Execution;
  readonly command: ScheduleActivity;
  readonly name: string;
  readonly input: unknown;
  readonly deadline: number;
  attempt: number;
  /** Attempts that are under way have a token; a lost attempt's token is void. */
  token: object | null;
  over: boolean;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly what: () => Promise<void>;
}

/** Numbers of the SDK's protocol: `ActivityCancellationType` and `StartChildWorkflowExecutionFailedCause`. */
const waitCancellationCompleted: coresdk.workflow_commands.ActivityCancellationType = 1;
const workflowAlreadyExists: coresdk.child_workflow.StartChildWorkflowExecutionFailedCause = 1;
const failures = new DefaultFailureConverter();
/** How long a worker that died is away before another one polls. */
const workerAwayMilliseconds = 1_000;

export class SimulatedServer {
  now: number;
  /** Attempts of activities so far. */
  attempts = 0;
  readonly executions: Execution[] = [];
  private readonly creator: ReusableVMWorkflowCreator;
  private readonly world: World;
  private readonly queue: Event[] = [];
  private readonly timers = new Map<Execution, Map<number, { cancelled: boolean }>>();
  private readonly pending = new Map<Execution, Map<number, Pending>>();
  private readonly parents = new Map<Execution, { readonly parent: Execution; readonly seq: number }>();
  private order = 0;
  /** Nothing is handed to a worker before this time. */
  private workersBackAt = 0;

  constructor(creator: ReusableVMWorkflowCreator, world: World, startAt: number) {
    this.creator = creator;
    this.world = world;
    this.now = startAt;
  }

  /** The open execution with an id. */
  open(workflowId: string): Execution | undefined {
    return this.executions.find((execution) => execution.start.workflowId === workflowId && !execution.closed);
  }

  /** Starts an execution; null when one with the id is open. */
  start(type: string, workflowId: string, input: unknown): Execution | null {
    if (this.open(workflowId)) return null;
    const execution = new Execution(this.creator, { workflowId, runId: `run-${this.executions.length + 1}`, type, input, at: this.now });
    this.executions.push(execution);
    this.timers.set(execution, new Map());
    this.pending.set(execution, new Map());
    this.after(0, () => this.activate(execution, [initialise(execution.start)]));
    return execution;
  }

  signal(execution: Execution, name: string, payload?: unknown): void {
    const job = { signalWorkflow: { signalName: name, input: payload === undefined ? [] : (toPayloads(defaultPayloadConverter, payload) ?? []), headers: {} } };
    this.after(0, () => this.activate(execution, [job]));
  }

  update(execution: Execution, id: string, name: string, payload: unknown): void {
    const input = toPayloads(defaultPayloadConverter, payload) ?? [];
    this.after(0, () =>
      this.activate(execution, [
        { doUpdate: { id, protocolInstanceId: id, name, input, headers: {}, runValidator: true, meta: { updateId: id, identity: '' } } },
      ]),
    );
  }

  /** Gives an execution all of this in one workflow task; nothing makes no task, and takes its moment all the same. */
  hear(execution: Execution, jobs: readonly Job[]): void {
    this.after(0, async () => (jobs.length === 0 ? undefined : this.activate(execution, jobs)));
  }

  cancel(execution: Execution): void {
    this.after(0, () => this.activate(execution, [{ cancelWorkflow: { reason: 'asked' } }]));
  }

  terminate(execution: Execution): void {
    execution.closed ??= { how: 'terminated' };
  }

  /** Kills every worker: sandboxes are gone, attempts under way are lost, and nobody polls for a while. */
  async killWorkers(awayMilliseconds = workerAwayMilliseconds): Promise<void> {
    this.workersBackAt = Math.max(this.workersBackAt, this.now + awayMilliseconds);
    for (const execution of this.executions) await execution.evict();
    for (const activities of this.pending.values()) for (const activity of activities.values()) if (activity.token) this.lose(activity);
  }

  /** Schedules a call at a virtual time. */
  after(milliseconds: number, what: () => Promise<void>): void {
    this.queue.push({ at: this.now + milliseconds, order: this.order++, what });
  }

  /** Time of the next event; null when nothing will happen any more. */
  get nextAt(): number | null {
    return this.queue.length === 0 ? null : Math.min(...this.queue.map((event) => event.at));
  }

  /** Lets the next event happen; false when there is none. */
  async step(): Promise<boolean> {
    const next = this.queue.reduce<Event | null>(
      (first, event) => (!first || event.at < first.at || (event.at === first.at && event.order < first.order) ? event : first),
      null,
    );
    if (!next) return false;
    this.queue.splice(this.queue.indexOf(next), 1);
    this.now = Math.max(this.now, next.at);
    await next.what();
    this.world.observe();
    return true;
  }

  /** Whether any attempt of an activity of the execution is under way or will be. */
  busy(execution: Execution): boolean {
    return [...(this.pending.get(execution)?.values() ?? [])].some((activity) => !activity.over);
  }

  /** Moves the clock of server and workers; what was to happen by then is late. */
  jump(milliseconds: number): void {
    this.now += milliseconds;
  }

  private async activate(execution: Execution, jobs: readonly Job[]): Promise<void> {
    if (execution.closed) return;
    if (this.now < this.workersBackAt) return this.after(this.workersBackAt - this.now, () => this.activate(execution, jobs));
    for (const job of jobs) this.world.told(execution, job);
    for (const command of await execution.activate(this.now, jobs)) this.obey(execution, command);
  }

  private obey(execution: Execution, command: Command): void {
    if (command.startTimer) this.startTimer(execution, command.startTimer.seq ?? 0, optionalTsToMs(command.startTimer.startToFireTimeout) ?? 0);
    else if (command.cancelTimer) this.cancelTimer(execution, command.cancelTimer.seq ?? 0);
    else if (command.scheduleActivity) this.schedule(execution, command.scheduleActivity);
    else if (command.requestCancelActivity) this.cancelActivity(execution, command.requestCancelActivity.seq ?? 0);
    else if (command.startChildWorkflowExecution) this.startChild(execution, command.startChildWorkflowExecution);
    else if (command.cancelChildWorkflowExecution) this.abandonChild(execution, command.cancelChildWorkflowExecution.childWorkflowSeq ?? 0);
    else if (command.signalExternalWorkflowExecution) this.signalExternal(execution, command.signalExternalWorkflowExecution);
    else if (command.requestCancelExternalWorkflowExecution) this.cancelExternal(execution, command.requestCancelExternalWorkflowExecution);
    else if (command.completeWorkflowExecution)
      this.close(execution, { how: 'completed', result: fromPayloadsAtIndex(defaultPayloadConverter, 0, [command.completeWorkflowExecution.result ?? {}]) });
    else if (command.failWorkflowExecution) this.close(execution, { how: 'failed', failure: messageOf(command.failWorkflowExecution.failure) });
    else if (command.cancelWorkflowExecution) this.close(execution, { how: 'cancelled' });
    else if (command.continueAsNewWorkflowExecution) this.continueAsNew(execution, command.continueAsNewWorkflowExecution);
    else if (!command.upsertWorkflowSearchAttributes && !command.modifyWorkflowProperties && !command.updateResponse)
      throw new Error(`The simulated server does not know the command ${Object.keys(command).join(', ')}.`);
  }

  private startTimer(execution: Execution, seq: number, milliseconds: number): void {
    const timer = { cancelled: false };
    this.timers.get(execution)?.set(seq, timer);
    this.after(milliseconds, async () => {
      if (!timer.cancelled) await this.activate(execution, [{ fireTimer: { seq } }]);
    });
  }

  private cancelTimer(execution: Execution, seq: number): void {
    const timer = this.timers.get(execution)?.get(seq);
    if (timer) timer.cancelled = true;
  }

  private schedule(execution: Execution, command: ScheduleActivity): void {
    const name = command.activityType ?? '';
    const activity: Pending = {
      execution,
      command,
      name,
      input: fromPayloadsAtIndex(defaultPayloadConverter, 0, command.arguments ?? []),
      deadline: this.now + (optionalTsToMs(command.scheduleToCloseTimeout) ?? Infinity),
      attempt: 0,
      token: null,
      over: false,
    };
    this.pending.get(execution)?.set(command.seq ?? 0, activity);
    this.world.asked(execution, command.seq ?? 0, name, activity.input);
    this.after(activity.deadline - this.now, async () =>
      this.resolve(activity, { failed: { failure: activityFailure(activity, timeout(4, 'SCHEDULE_TO_CLOSE')) } }),
    );
    this.after(1, () => this.attempt(activity));
  }

  private async attempt(activity: Pending): Promise<void> {
    if (activity.over || activity.execution.closed) return;
    if (this.now < this.workersBackAt) return this.after(this.workersBackAt - this.now, () => this.attempt(activity));
    const token = {};
    activity.token = token;
    activity.attempt++;
    const { fate, milliseconds } = this.world.fate({ name: activity.name, number: this.attempts++, input: activity.input });
    if (fate === 'worker dies before') return this.after(Math.min(milliseconds, 20), () => this.killWorkers());
    const bound = optionalTsToMs(activity.command.startToCloseTimeout) ?? Infinity;
    if (fate === 'late effect' || milliseconds > bound) {
      this.after(milliseconds + 6_000, () => this.effect(activity, null));
      return this.after(Math.min(bound, 20), async () => this.lose(activity));
    }
    this.after(milliseconds, async () => {
      // An attempt that was lost with its worker has no effect any more.
      if (activity.token === token) await this.effect(activity, fate);
    });
  }

  /** The activity does its work; `fate` null: nobody waits for its answer any more. */
  private async effect(activity: Pending, fate: Fate | null): Promise<void> {
    const answer = await this.world.act(activity.name, activity.input).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (fate === null) return;
    if (fate === 'worker dies after') return this.killWorkers();
    if (fate === 'reply lost') return this.lose(activity);
    activity.token = null;
    if ('error' in answer) this.retry(activity, answer.error);
    else this.resolve(activity, { completed: { result: defaultPayloadConverter.toPayload(answer.value) } });
    if (fate === 'worker dies when completed') await this.killWorkers();
  }

  /** An attempt of which nothing is heard: the heartbeat's time-out gives it to the next. */
  private lose(activity: Pending): void {
    activity.token = null;
    const heartbeat = optionalTsToMs(activity.command.heartbeatTimeout) ?? 0;
    this.after(heartbeat, async () => this.retry(activity, null));
  }

  private retry(activity: Pending, error: unknown): void {
    if (activity.over || activity.token) return;
    const policy = activity.command.retryPolicy;
    const final = error instanceof ApplicationFailure && error.nonRetryable === true;
    const backoff = Math.min(
      (optionalTsToMs(policy?.initialInterval) ?? 1000) * (policy?.backoffCoefficient || 2) ** (activity.attempt - 1),
      optionalTsToMs(policy?.maximumInterval) ?? 100_000,
    );
    const wait = (error instanceof ApplicationFailure ? msOptionalToNumber(error.nextRetryDelay ?? undefined) : undefined) ?? backoff;
    const exhausted = (policy?.maximumAttempts ?? 0) > 0 && activity.attempt >= (policy?.maximumAttempts ?? 0);
    if (final || exhausted || this.now + wait >= activity.deadline) {
      const cause = error === null ? timeout(3, 'HEARTBEAT') : failures.errorToFailure(error, defaultPayloadConverter);
      return this.resolve(activity, { failed: { failure: activityFailure(activity, cause) } });
    }
    this.after(wait, () => this.attempt(activity));
  }

  private cancelActivity(execution: Execution, seq: number): void {
    const activity = this.pending.get(execution)?.get(seq);
    if (!activity || activity.over) return;
    // One that waits for its end comes to it: our activities may ignore the wish, and a change that is under way should.
    if (activity.command.cancellationType === waitCancellationCompleted) return;
    this.resolve(activity, { cancelled: { failure: activityFailure(activity, { message: 'Activity cancelled', canceledFailureInfo: {} }) } });
  }

  private resolve(activity: Pending, result: coresdk.activity_result.ActivityResolution.$Properties): void {
    if (activity.over) return;
    activity.over = true;
    this.after(1, () => this.activate(activity.execution, [{ resolveActivity: { seq: activity.command.seq ?? 0, result } }]));
  }

  private startChild(parent: Execution, command: coresdk.workflow_commands.StartChildWorkflowExecution.$Properties): void {
    const { seq = 0, workflowId = '', workflowType = '' } = command as { seq?: number; workflowId?: string; workflowType?: string };
    const child = this.start(workflowType, workflowId, fromPayloadsAtIndex(defaultPayloadConverter, 0, command.input ?? []));
    if (child) this.parents.set(child, { parent, seq });
    const status = child ? { succeeded: { runId: child.start.runId } } : { failed: { workflowId, workflowType, cause: workflowAlreadyExists } };
    this.after(1, () => this.activate(parent, [{ resolveChildWorkflowExecutionStart: { seq, ...status } }]));
  }

  /** A child that outlives its parent's cancellation goes on; the parent is told at once that it is cancelled. */
  private abandonChild(parent: Execution, seq: number): void {
    for (const [child, link] of this.parents) if (link.parent === parent && link.seq === seq) this.parents.delete(child);
    const failure = {
      message: 'Child Workflow execution cancelled',
      childWorkflowExecutionFailureInfo: { workflowExecution: { workflowId: 'child' }, workflowType: { name: 'child' } },
      cause: { message: 'Child workflow cancelled', canceledFailureInfo: {} },
    };
    this.after(1, () => this.activate(parent, [{ resolveChildWorkflowExecution: { seq, result: { cancelled: { failure } } } }]));
  }

  private signalExternal(sender: Execution, command: coresdk.workflow_commands.SignalExternalWorkflowExecution.$Properties): void {
    const target = this.open(command.workflowExecution?.workflowId ?? command.childWorkflowId ?? '');
    if (target) this.signal(target, command.signalName ?? '', fromPayloadsAtIndex(defaultPayloadConverter, 0, command.args ?? []));
    const failure = target
      ? undefined
      : { message: 'Unable to signal external workflow because it was not found', applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound' } };
    this.after(1, () => this.activate(sender, [{ resolveSignalExternalWorkflow: { seq: command.seq ?? 0, ...(failure ? { failure } : {}) } }]));
  }

  private cancelExternal(sender: Execution, command: coresdk.workflow_commands.RequestCancelExternalWorkflowExecution.$Properties): void {
    const target = this.open(command.workflowExecution?.workflowId ?? '');
    if (target) this.cancel(target);
    const failure = target
      ? undefined
      : { message: 'Unable to cancel external workflow because it was not found', applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound' } };
    this.after(1, () => this.activate(sender, [{ resolveRequestCancelExternalWorkflow: { seq: command.seq ?? 0, ...(failure ? { failure } : {}) } }]));
  }

  private continueAsNew(execution: Execution, command: coresdk.workflow_commands.ContinueAsNewWorkflowExecution.$Properties): void {
    execution.closed = { how: 'continued' };
    const next = this.start(execution.start.type, execution.start.workflowId, fromPayloadsAtIndex(defaultPayloadConverter, 0, command.arguments ?? []));
    const link = this.parents.get(execution);
    if (next && link) this.parents.set(next, link);
  }

  private close(execution: Execution, closed: NonNullable<Execution['closed']>): void {
    execution.closed = closed;
    const link = this.parents.get(execution);
    if (!link) return;
    const { parent, seq } = link;
    const result = { completed: { result: defaultPayloadConverter.toPayload(closed.result ?? null) } };
    this.after(1, () => this.activate(parent, [{ resolveChildWorkflowExecution: { seq, result } }]));
  }
}

function timeout(type: number, name: string): Failure {
  return { message: `activity ${name} timeout`, timeoutFailureInfo: { timeoutType: type } };
}

function activityFailure({ name, command }: Pending, cause: Failure): Failure {
  return { message: 'Activity task failed', cause, activityFailureInfo: { activityType: { name }, activityId: command.activityId ?? '', identity: '' } };
}

function messageOf(failure: Failure | null | undefined): string {
  return [failure?.message, failure?.cause?.message].filter((part) => part).join(': ');
}
