/** What a run has made at AWS of a snapshot, as its tags tell: by whom, by which job, and how far it is. */
import type { RunContext } from '../../context.ts';
import { type Tag, tagValue } from '../../aws/epoch-tag.ts';
import type { RestoreStage } from '../port.ts';

export const runTagKey = 'dr-run';
/** As a condition of IAM: only what a run has made has its tag. */
export const madeByARun = { Null: { [`aws:ResourceTag/${runTagKey}`]: 'false' } } as const;
export const jobTagKey = 'dr-job';
const stageTagKey = 'dr-stage';
/** Set and moment of which it was made. */
const fromTagKey = 'dr-restored-from';
const proofTagPrefix = 'dr-proof-';
/** Those with which a run makes something. */
export const birthTagKeys: readonly string[] = [runTagKey, jobTagKey, fromTagKey];

/** As AWS has it. `busy`: it is being made or changed, and gets over it. `no room`: AWS took the order and then had none. */
export type Standing = 'busy' | 'ready' | 'stopped' | 'broken' | 'no room' | 'going';

export interface Made {
  readonly name: string;
  /** Its own word, such as `backing-up`. */
  readonly status: string;
  readonly standing: Standing;
  /** Class, or type of its nodes, and the zone where AWS tells it. */
  readonly size: string;
  /** As far as it tells them while it is made. */
  readonly tags: readonly Tag[];
}

export type NewTag = { readonly Key: string; readonly Value: string };

const stages: readonly string[] = ['restored', 'proven', 'admitted', 'opening', 'accepted'] satisfies readonly RestoreStage[];

export function runOf({ tags }: Pick<Made, 'tags'>): string | undefined {
  return tagValue(tags, runTagKey);
}

/** The snapshot, or the source whose automatic backups it was made of; undefined of what no run has made. */
export function setOf({ tags }: Pick<Made, 'tags'>): string | undefined {
  return tagValue(tags, fromTagKey)?.split(' ')[0];
}

/** `begun` until its stage is tagged; `none` for what no run has made. */
export function stageOf(made: Pick<Made, 'tags'>): RestoreStage {
  const stage = tagValue(made.tags, stageTagKey) ?? '';
  if (runOf(made) === undefined) return 'none';
  return stages.includes(stage) ? (stage as RestoreStage) : 'begun';
}

export function stageTag(stage: RestoreStage): NewTag {
  return { Key: stageTagKey, Value: stage };
}

/** The job that works at it, and whether people had it cancelled. */
export function jobOf({ tags }: Pick<Made, 'tags'>): { readonly id: string; readonly cancelled: boolean } {
  const [id = '', state] = (tagValue(tags, jobTagKey) ?? '').split(' ');
  return { id, cancelled: state === 'cancelled' };
}

/** Tags with which a run makes something. */
export function birthTags(run: RunContext, job: string, from: string): readonly NewTag[] {
  return [
    { Key: runTagKey, Value: run.execution },
    { Key: jobTagKey, Value: job },
    { Key: fromTagKey, Value: plain(from) },
  ];
}

export function proofTags(proof: Readonly<Record<string, string>>): readonly NewTag[] {
  return Object.entries(proof).map(([key, value]) => ({ Key: `${proofTagPrefix}${key}`, Value: plain(value) }));
}

export function proofOf({ tags }: Pick<Made, 'tags'>): Readonly<Record<string, string>> {
  const told = tags.filter(({ Key }) => Key?.startsWith(proofTagPrefix));
  return Object.fromEntries(told.map(({ Key = '', Value = '' }) => [Key.slice(proofTagPrefix.length), Value]));
}

/** A tag takes few characters, and 256 of them. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _.:/=+@-]/gu, ' ').slice(0, 256);
}

/** By the same run, an earlier one of this estate, or a stranger: what nobody of this estate has made is nobody's to change. */
export function madeBy(made: Pick<Made, 'tags'>, run: RunContext): 'this run' | 'another run' | 'a stranger' {
  const by = runOf(made);
  if (by === run.execution) return 'this run';
  return by?.startsWith(`${run.runId}@`) === true ? 'another run' : 'a stranger';
}
