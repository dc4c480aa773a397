/** Goal: a step that the catalogue lacks does not compile. Method: the type check of this file; each `@ts-expect-error` is an error when the line below it compiles. */
import { procedureEntry } from '../../plan/catalogue/step.ts';
import type { StepIdOf } from '../../plan/catalogue/index.ts';
import type { LeftOut } from '../../workflows/engine/left-out.ts';
import type { Run } from '../../workflows/engine/run.ts';
import type { Look } from '../../workflows/engine/step-body.ts';

declare const run: Run<StepIdOf<'regionalFailover'>>;
declare const look: Look<number>;
declare const left: LeftOut;

export async function known(): Promise<number> {
  await run.together({ 'catch-up-database': look, 'catch-up-cache': left }, { after: { 'catch-up-cache': ['catch-up-database'] } });
  return run.step('confirm-failure', look);
}

export async function unknown(): Promise<void> {
  // @ts-expect-error: the catalogue has no such step
  await run.step('confirm-failur', look);
  // @ts-expect-error: nor one that runs side by side
  await run.together({ 'catch-up-database': look, 'catch-up-cash': look });
  // @ts-expect-error: what comes after must be one of them
  await run.together({ 'catch-up-database': look }, { after: { 'catch-up-database': ['activation'] } });
}

export const entry = procedureEntry({
  steps: { look: { reaches: [] } },
  // @ts-expect-error: the point of no return is one of the steps
  pointOfNoReturn: 'look-again',
  noReturnBecause: 'Nothing can be taken back.',
});

export const needless = procedureEntry({
  // @ts-expect-error: a step says what it reaches
  steps: { look: {} },
  pointOfNoReturn: 'look',
  noReturnBecause: 'Nothing can be taken back.',
});
