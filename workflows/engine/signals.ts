/**
 * The way of a signal to its handler. The SDK makes some eight promises for each signal and notes for each of them where it was made: half a millisecond, and a replay reads all signals anew, so that
 * the thousands that anybody may send to a run outlast the time of a workflow task. Here they are given to their handlers straight, a fraction of that, in the order in which they came.
 */
import { defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { payloadConverter } from '../wire/payload-converter.ts';

/** One signal that a workflow takes. */
export interface SignalForm {
  readonly name: string;
  /** What Temporal UI shows of it. */
  readonly description: string;
  /** Whatever the sender wrote: it looks for itself, does not wait, and does not throw. */
  readonly take: (message: unknown) => void;
}

type TakeOther = (name: string, message: unknown) => void;

/** Module state is one for each execution, as everything in a workflow's bundle. */
let taken: { readonly forms: ReadonlyMap<string, SignalForm>; readonly others: TakeOther } | undefined;

/** Takes signals from here on, and first those that came before, in their order. `others`: of any other name; the SDK would keep them all, for a handler that might come. */
export function listenForSignals(forms: readonly SignalForm[], others: TakeOther): void {
  taken = { forms: new Map(forms.map((form) => [form.name, form])), others };
  // Before the handlers of each name: the SDK would hand out what has waited name by name, and the last word would not be the last.
  setDefaultSignalHandler(deliver);
  for (const { name, description, take } of forms) setHandler(defineSignal<[unknown]>(name), take, { description });
}

function deliver(name: string, message: unknown): void {
  const form = taken?.forms.get(name);
  if (form) form.take(message);
  else taken?.others(name, message);
}

type Jobs = Parameters<NonNullable<NonNullable<WorkflowInterceptors['internals']>[number]['activate']>>[0]['activation']['jobs'];

/** Takes the signals at the head of an activation, up to its first other job: what comes between others keeps its place among them, and is left to the SDK. */
export function takeSignals(jobs: NonNullable<Jobs>): void {
  if (!taken) return;
  const other = jobs.findIndex(({ signalWorkflow }) => !signalWorkflow);
  for (const { signalWorkflow } of jobs.splice(0, other < 0 ? jobs.length : other)) {
    const payload = signalWorkflow?.input?.[0];
    deliver(signalWorkflow?.signalName ?? '', payload ? payloadConverter.fromPayload(payload) : undefined);
  }
}
