/** Every way in which a workflow of ours ends: each release keeps one history of each, and every later one must be able to go on with it. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { defaultPayloadConverter } from '@temporalio/common';

export interface Ending {
  /** Workflow type. */
  readonly type: 'regionalFailover' | 'fenceOnReturn' | 'assessment' | 'estateCheck';
  /** What `endOf` says of its history. */
  readonly end: string;
}

/** By the name of the file. */
export const endings = {
  recovered: { type: 'regionalFailover', end: 'recovered' },
  'recovered-with-exceptions': { type: 'regionalFailover', end: 'recovered with exceptions' },
  'stood-down': { type: 'regionalFailover', end: 'stood down' },
  expired: { type: 'regionalFailover', end: 'stood down' },
  undone: { type: 'regionalFailover', end: 'aborted' },
  aborted: { type: 'regionalFailover', end: 'aborted' },
  cancelled: { type: 'regionalFailover', end: 'aborted' },
  'stopped-and-resumed': { type: 'regionalFailover', end: 'recovered' },
  'dry-run': { type: 'regionalFailover', end: 'stood down' },
  'watch-fenced': { type: 'fenceOnReturn', end: 'fenced' },
  'watch-ended-by-people': { type: 'fenceOnReturn', end: 'superseded' },
  'watch-ended-by-undo': { type: 'fenceOnReturn', end: 'superseded' },
  'watch-of-an-older-epoch': { type: 'fenceOnReturn', end: 'superseded' },
  'watch-continued': { type: 'fenceOnReturn', end: 'continued as new' },
  assessment: { type: 'assessment', end: 'answered' },
  'estate-check': { type: 'estateCheck', end: 'answered' },
} as const satisfies Readonly<Record<string, Ending>>;

export type EndingName = keyof typeof endings;

export const endingNames = Object.keys(endings) as EndingName[];

/** The outcome that a workflow gave, `answered` for one that gave none, `continued as new`, or `not ended well`. */
export function endOf({ events }: History): string {
  const last = events?.at(-1);
  if (last?.workflowExecutionContinuedAsNewEventAttributes) return 'continued as new';
  const result = last?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
  if (!result) return 'not ended well';
  return defaultPayloadConverter.fromPayload<{ outcome?: string }>(result).outcome ?? 'answered';
}

/** Type and workflow id by the first event. */
export function beginOf({ events }: History): { readonly type: string; readonly workflowId: string } {
  const started = events?.[0]?.workflowExecutionStartedEventAttributes;
  return { type: started?.workflowType?.name ?? '', workflowId: started?.workflowId ?? '' };
}
