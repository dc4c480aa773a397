/**
 * The way of a signal to its handler. The SDK makes some eight promises for each signal and notes for each of them where it was made: half a millisecond, and a replay reads all signals anew, so that
 * the thousands that anybody may send to a run outlast the time of a workflow task. Here they are given to their handlers straight, a tenth of that, in the order in which they came.
 */
import { setDefaultSignalHandler, setHandler, type SignalDefinition } from '@temporalio/workflow';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { payloadConverter } from './payload-converter.ts';

/** Whatever the sender wrote: handlers look for themselves. None of them waits, and none throws. */
type Handler = (message: unknown) => void;

/** Module state is one for each execution, as everything in a workflow's bundle. */
const handlers = new Map<string, Handler>();
let handleOthers: ((name: string, message: unknown) => void) | undefined;

/** Registers the handler of one signal; `description` is what Temporal UI shows of it. */
export function onSignal<T>(signal: SignalDefinition<[T]>, handler: Handler, description: string): void {
  setHandler(signal, handler, { description });
  handlers.set(signal.name, handler);
}

/** Registers what becomes of signals of all other names; from here on signals are given straight. The SDK would keep them all, for a handler that might come. */
export function onOtherSignals(handler: (name: string, message: unknown) => void): void {
  setDefaultSignalHandler(handler);
  handleOthers = handler;
}

type Jobs = Parameters<NonNullable<NonNullable<WorkflowInterceptors['internals']>[number]['activate']>>[0]['activation']['jobs'];

/** Takes the signals at the head of an activation, up to its first other job: what comes between others keeps its place among them, and is left to the SDK. */
export function takeSignals(jobs: NonNullable<Jobs>): void {
  if (!handleOthers) return;
  const other = jobs.findIndex(({ signalWorkflow }) => !signalWorkflow);
  for (const { signalWorkflow } of jobs.splice(0, other < 0 ? jobs.length : other)) {
    const name = signalWorkflow?.signalName ?? '';
    const payload = signalWorkflow?.input?.[0];
    const message: unknown = payload ? payloadConverter.fromPayload(payload) : undefined;
    const handler = handlers.get(name);
    if (handler) handler(message);
    else handleOthers(name, message);
  }
}
