/** What was said to each run and asked by it, in the order in which it happened; noted by the server, so that no run is judged by its own word alone. */
import { defaultPayloadConverter, fromPayloadsAtIndex } from '@temporalio/common';
import type { OpenGate, Vote } from '../../workflows/wire/messages.ts';
import type { Execution, Job } from './execution.ts';

/** A moment: of two, the one with the higher order came later, also within a millisecond. */
interface Moment {
  readonly at: number;
  readonly order: number;
}

/** An activity that a run has asked for, and what it was told. */
export interface Asked extends Moment {
  readonly execution: string;
  readonly name: string;
  readonly input: unknown;
  told?: Moment & ({ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly type: string });
}

/** A signal or an update that a run was given. */
export interface Said extends Moment {
  readonly execution: string;
  readonly name: string;
  readonly payload: unknown;
}

/** A question as people saw it. */
export interface Shown extends Moment {
  readonly execution: string;
  readonly gate: OpenGate;
}

export const executionOf = ({ start }: Execution): string => `${start.workflowId}@${start.runId}`;

/** What cannot be read was no message. */
function payloadOf(input: Parameters<typeof fromPayloadsAtIndex>[2]): unknown {
  try {
    return fromPayloadsAtIndex(defaultPayloadConverter, 0, input ?? []) ?? {};
  } catch {
    return {};
  }
}

export class Witness {
  readonly asked: Asked[] = [];
  readonly said: Said[] = [];
  readonly shown: Shown[] = [];
  private readonly pending = new Map<string, Asked>();
  private readonly clock: () => number;
  private order = 0;

  constructor(clock: () => number) {
    this.clock = clock;
  }

  /** A run asks for an activity. */
  ask(execution: Execution, seq: number, name: string, input: unknown): void {
    const asked: Asked = { ...this.moment(), execution: executionOf(execution), name, input };
    this.asked.push(asked);
    this.pending.set(`${asked.execution} ${seq}`, asked);
  }

  /** A run is given a job. */
  tell(execution: Execution, { resolveActivity, signalWorkflow, doUpdate }: Job): void {
    if (resolveActivity) this.answer(executionOf(execution), resolveActivity);
    if (signalWorkflow) this.say(execution, signalWorkflow.signalName ?? '', signalWorkflow.input);
    if (doUpdate) this.say(execution, doUpdate.name ?? '', doUpdate.input);
  }

  show(execution: Execution, gate: OpenGate): void {
    this.shown.push({ ...this.moment(), execution: executionOf(execution), gate });
  }

  /** Votes that a run was given, from either channel. */
  votes(execution: string): readonly (Said & { readonly payload: Vote })[] {
    return this.said.filter((said): said is Said & { readonly payload: Vote } => said.execution === execution && said.name === 'vote');
  }

  private say(execution: Execution, name: string, input: Parameters<typeof fromPayloadsAtIndex>[2]): void {
    this.said.push({ ...this.moment(), execution: executionOf(execution), name, payload: payloadOf(input) });
  }

  private answer(execution: string, { seq, result }: NonNullable<Job['resolveActivity']>): void {
    const asked = this.pending.get(`${execution} ${seq}`);
    if (!asked) return;
    if (result?.completed) asked.told = { ...this.moment(), ok: true, value: fromPayloadsAtIndex(defaultPayloadConverter, 0, [result.completed.result ?? {}]) };
    else asked.told = { ...this.moment(), ok: false, type: result?.failed?.failure?.cause?.applicationFailureInfo?.type ?? 'cancelled or timed out' };
  }

  private moment(): Moment {
    return { at: this.clock(), order: this.order++ };
  }
}
