/** What a procedure does with its run: a list of `await run.step('id', body)`; see `procedures/`. */
import { askBefore } from './asking.ts';
import { attemptUntilDone, takeStep } from './attempts.ts';
import { Course } from './course.ts';
import { settle } from './endings.ts';
import { type LeftOut, leavesOut } from './left-out.ts';
import type { StepBody } from './step-body.ts';

/** A run of a procedure with these steps. */
export class Run<Id extends string = string> extends Course {
  /**
   * One line of the runbook. What is transient is tried again until the step's bound; when the step fails for good, people choose.
   * An optional step that fails is noted as an exception, and the run goes on.
   */
  async step<T>(id: Id, body: StepBody<T>): Promise<T> {
    return takeStep(this, id, body);
  }

  /**
   * Steps that run side by side; `after` names for a step those that must be done first, and then its gate is asked when its turn comes; the other gates are asked before any.
   * All are settled before an ending counts, so that none still changes things when an undo begins; what has not begun by then does not begin, and is not asked about.
   */
  async together<T extends { readonly [Step in Id]?: unknown }>(
    bodies: { readonly [Step in keyof T]: Step extends Id ? StepBody<T[Step]> | LeftOut : never },
    { after }: { readonly after?: Readonly<Partial<Record<NoInfer<keyof T & Id>, readonly NoInfer<keyof T & Id>[]>>> } = {},
  ): Promise<void> {
    const ids = (Object.keys(bodies) as (keyof T & Id)[]).filter((id) => !leavesOut(this, id, bodies[id]));
    const begun = new Map<keyof T, Promise<unknown>>();
    for (const id of ids) if (!after?.[id]) await askBefore(this, this.planned(id));
    for (const id of ids) {
      const body = bodies[id] as unknown as StepBody<unknown>;
      const earlier = after?.[id]?.filter((other) => ids.includes(other)).map((other) => begun.get(other) ?? mustStandBefore(other, id));
      const branch = earlier ? Promise.all(earlier).then(() => this.unlessEnding(() => this.step(id, body))) : attemptUntilDone(this, this.planned(id), body);
      begun.set(
        id,
        branch.catch((error: unknown) => {
          this.ending ??= { error };
          throw error;
        }),
      );
    }
    await settle(...begun.values());
  }
}

/** A fault in the procedure, which fails the workflow task: one that waited for a later step would not wait at all. */
function mustStandBefore(other: string, id: string): never {
  throw new Error(`"${id}" is to come after "${other}", which stands behind it. Write "${other}" first.`);
}
