/** Steps about what a site is built on: shown before people decide, made exactly as it was shown, taken back by the run that made it: docs/decisions/021-infrastructure.md. */
import type { StackPreview, StackState } from '../../activities/stack/port.ts';
import { countChanges, stackOf } from '../../plan/rules/stacks.ts';
import type { Course } from '../engine/course.ts';
import type { LeftOut } from '../engine/left-out.ts';
import type { Alteration, Look } from '../engine/step-body.ts';
import type { ColdStartFacts } from '../estate/restored.ts';

/** A step of a site whose hosts are there. */
function withoutStack(run: Course): LeftOut | null {
  const { target } = run.places;
  return stackOf(run.plan, target) ? null : { leftOut: `the plan has nothing to build ${target} on: its hosts are there` };
}

/** Step: what would be made, changed or taken away there. Nothing is changed by the look. */
export function previewInfrastructure(run: Course, facts: ColdStartFacts): Look<StackPreview | null> | LeftOut {
  return (
    withoutStack(run) ?? {
      act: async ({ read }) => (facts.stack = await read.previewStack({ run: run.context(), site: run.places.target })),
      found: (preview) => (preview ? `${preview.stack}: ${preview.status}; ${countChanges(preview.changes)}` : 'it was not looked at'),
      otherwise: null,
    }
  );
}

/** Step: exactly what people have seen at the activation gate is made. */
export function prepareInfrastructure(run: Course, facts: ColdStartFacts): Alteration<StackState | null> | LeftOut {
  const site = run.places.target;
  const shown = facts.stack;
  return (
    withoutStack(run) ?? {
      changes: true,
      would: shown ? `make of ${shown.stack} what the gate shows: ${countChanges(shown.changes)}` : `make nothing: what would be made of ${site} is not known`,
      predicted: null,
      otherwise: null,
      act: async ({ read, change }) => {
        // People let the look be skipped: they have accepted nothing.
        if (!shown) return null;
        const { changes, basis, digest } = shown;
        await change.applyStack({ run: run.context(), site, accepted: { changes, basis, digest } });
        return read.readStack({ run: run.context(), site });
      },
      found: describeMade,
      undo: {
        would: `delete what this run has made of ${site}`,
        act: async ({ change }) => {
          if (!shown || shown.changes.length === 0) return [];
          const { remaining = [] } = await change.takeBackStack({ run: run.context(), site });
          for (const left of remaining) run.leaveOver(left);
          return [];
        },
      },
    }
  );
}

const [resourcesMax, changesMax] = [30, 30];

/** What stands there, by the ids that the provider gave. */
function describeMade(state: StackState | null): string {
  if (!state) return 'nothing was made';
  const { stack, status, resources } = state;
  const named = resources.slice(0, resourcesMax).map(({ what, id }) => (id === '' ? what : `${what} ${id}`));
  const more = resources.length - named.length;
  return `${stack}: ${status}; ${[...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')}`;
}

/** What people read of it before they decide; nothing where the plan builds on what is there. */
export function infrastructureLines(run: Course, { stack }: ColdStartFacts): readonly string[] {
  if (!stackOf(run.plan, run.places.target)) return [];
  if (!stack) return [`What would be made of ${run.places.target} was not looked at: nothing is made there.`];
  const { changes, drift, against } = stack;
  const listed = changes.slice(0, changesMax).map(({ action, what, type }) => `${action} ${what} (${type})`);
  const more = changes.length - listed.length;
  const list = listed.length === 0 ? '' : `: ${[...listed, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')}`;
  return [
    `Built on ${stack.stack} (${stack.status}): ${countChanges(changes)}${list}.`,
    ...drift.map((each) => `There is drift: ${each}.`),
    ...(against === undefined ? [] : [against]),
  ];
}
