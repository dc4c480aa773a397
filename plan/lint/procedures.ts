/** Laws about the runbooks: steps, gates, and the time that they need against the time that there is. */
import { runbooksOf } from '../rules/runbooks.ts';
import { entryOf, type ProcedureName, recoveryOf } from '../catalogue/index.ts';
import { hasPart, type Part, restoredParts, type Wait } from '../catalogue/step.ts';
import { formatSeconds, seconds } from '../durations.ts';
import { servedFunctions } from '../rules/objectives.ts';
import { membersOf } from '../rules/people.ts';
import type { Plan, Procedure } from '../schema.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** Gates that a run opens when it needs them, whatever step it is at. */
const neededGates = ['accepted-risk', 'failed-step'] as const;

export const stepsInOrder: Rule = (plan) => runbooksOf(plan).flatMap(([name, procedure]) => stepsInOrderOf(plan, name, procedure));

function stepsInOrderOf(plan: Plan, name: ProcedureName, { steps }: Procedure): readonly Problem[] {
  const entries = Object.entries(entryOf(name).steps);
  const ids = entries.map(([id]) => id);
  const written = steps.map((step) => step.id);
  const path = ['procedures', name, 'steps'];
  const lacking = (id: string): Part | undefined => {
    const part = entryOf(name).steps[id]?.needs;
    return part === undefined || hasPart(plan, part) ? undefined : part;
  };
  const needless = (id: string): boolean => lacking(id) !== undefined;
  const missing = ids.filter((id) => !written.includes(id) && !needless(id));
  const known = written.filter((id) => ids.includes(id));
  const outOfOrder = known.findIndex((id, index) => id !== ids.filter((step) => known.includes(step))[index]);
  const problem = (at: readonly (string | number)[], message: string): Problem => ({ rule: 'steps-in-order', level: 'error', path: at, message });
  return [
    ...missing.map((id) => problem(path, `The step "${id}" is missing, and the procedure cannot run without its entry. Add it.`)),
    ...written.flatMap((id, index) =>
      ids.includes(id) ? [] : [problem([...path, index], `No procedure carries out a step "${id}". Remove it, or correct its id.`)],
    ),
    ...written.flatMap((id, index) => (needless(id) ? [problem([...path, index], needlessStep(id, lacking(id)))] : [])),
    ...(outOfOrder < 0
      ? []
      : [
          problem(
            [...path, Math.max(0, written.indexOf(known[outOfOrder] ?? ''))],
            `"${known[outOfOrder]}" stands out of order: a run takes the steps in the order of safety (fence, prepare, promote, verify, route). Put it in its place.`,
          ),
        ]),
  ];
}

function needlessStep(id: string, part: Part | undefined): string {
  if (part === 'infrastructure')
    return `"${id}" is for what a site is built on, and estate.restore.infrastructure is absent. Remove the step, or say what is built.`;
  if (part === 'cache') return `"${id}" is for a cache, and estate.cache is absent. Remove the step, or describe the cache.`;
  if (part === undefined || part === 'backup of application or sessions')
    return `"${id}" is for a ${part}, and estate.restore has neither. Remove the step, or say how one of them is restored.`;
  const store = restoredParts[part];
  const isRestored = store === 'sessions' ? 'sessions are restored' : `${store} is restored`;
  return `"${id}" is for a ${part}, and estate.restore.${store} is absent. Remove the step, or say how the ${isRestored}.`;
}

export const stepNeverSkipped: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    procedure.steps.flatMap((step, index) =>
      problemIf(entryOf(name).steps[step.id]?.neverSkipped === true && (step.skippable || !step.critical), {
        rule: 'step-never-skipped',
        level: 'error',
        path: ['procedures', name, 'steps', index],
        message: `"${step.id}" guards the data: write critical: true and skippable: false.`,
      }),
    ),
  );

export const pointOfNoReturn: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) => {
    const { pointOfNoReturn: right, noReturnBecause } = entryOf(name);
    return problemIf(procedure.pointOfNoReturn !== right, {
      rule: 'point-of-no-return',
      level: 'error',
      path: ['procedures', name, 'pointOfNoReturn'],
      message: `${noReturnBecause} Write pointOfNoReturn: ${right}.`,
    });
  });

export const quorum: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    procedure.gates.flatMap((gate, index) => {
      const voters = membersOf(plan, gate.electorate).length;
      return problemIf(gate.quorum > voters - 1, {
        rule: 'quorum',
        level: 'error',
        path: ['procedures', name, 'gates', index, 'quorum'],
        message: `${gate.quorum} must agree, and of the ${voters} who may vote the starter of the run does not count. Lower the quorum to ${Math.max(1, voters - 1)}, or add a group to the electorate.`,
      });
    }),
  );

export const gatesUsed: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) => {
    const opened = new Set<string>([...neededGates, ...procedure.steps.flatMap((step) => [step.id, ...(step.gateBefore ? [step.gateBefore] : [])])]);
    const written = procedure.gates.map((gate) => gate.id);
    return [
      ...procedure.gates.flatMap((gate, index) =>
        problemIf(!opened.has(gate.id), {
          rule: 'gates-used',
          level: 'warning',
          path: ['procedures', name, 'gates', index],
          message: `Nothing opens the gate "${gate.id}". Name it in the gateBefore of a step, or remove it.`,
        }),
      ),
      ...[...asking(name), ...neededGates]
        .filter((id) => !written.includes(id))
        .map((id): Problem => ({
          rule: 'gates-used',
          level: 'error',
          path: ['procedures', name, 'gates'],
          message: `A run asks people at the gate "${id}", and the plan has none of that id. Add it.`,
        })),
    ];
  });

/** Steps at which people decide. */
function asking(name: ProcedureName): readonly string[] {
  return Object.entries(entryOf(name).steps).flatMap(([id, { asks }]) => (asks ? [id] : []));
}

export const criticalPath: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) => {
    const { recovery } = entryOf(name);
    if (!recovery) return [];
    const path = ['procedures', name];
    const needed = criticalPathSeconds(plan, name, procedure);
    const risk = procedure.gates.find((gate) => gate.id === 'accepted-risk');
    const withRisk = needed + (risk ? seconds(risk.deadline) : 0);
    const heldTo = recovery.heldTo === 'the whole' ? [{ name: 'the whole', rto: plan.objectives.overall.rto }] : servedFunctions(plan);
    return heldTo.flatMap((entry): readonly Problem[] => {
      const rto = seconds(entry.rto);
      if (needed > rto) return [{ rule: 'critical-path', level: 'error', path, message: tooLong(entry.name, needed, entry.rto) }];
      return problemIf(withRisk > rto, { rule: 'critical-path-with-risk', level: 'warning', path, message: tooLongWithRisk(entry.name, withRisk, entry.rto) });
    });
  });

/** Longest time from the first failed observation until the last cache has expired, in seconds: gate deadlines, step bounds and TTL. */
export function criticalPathSeconds(plan: Plan, name: ProcedureName, procedure: Procedure): number {
  const { endsTheClock } = recoveryOf(name);
  const last = procedure.steps.findIndex((step) => step.id === endsTheClock);
  const steps = last < 0 ? procedure.steps : procedure.steps.slice(0, last + 1);
  const deadline = (id: string | undefined): number => {
    const gate = procedure.gates.find((entry) => entry.id === id);
    return gate ? seconds(gate.deadline) : 0;
  };
  // A bound holds what its step waits for, the hold time too: another rule sees to it.
  const times = new Map<string, number>();
  for (const step of steps) {
    const at = entryOf(name).steps[step.id]?.beside ?? step.id;
    const time = Math.max(seconds(step.bound), deadline(step.id)) + deadline(step.gateBefore);
    times.set(at, Math.max(times.get(at) ?? 0, time));
  }
  return [...times.values()].reduce((sum, time) => sum + time, 0) + seconds(plan.estate.dns.ttl);
}

function tooLong(functionName: string, needed: number, rto: string): string {
  return `Hold time, gate deadline, step bounds and TTL add up to ${formatSeconds(needed)}, and ${functionName} must be back within ${rto}. Shorten the longest of them.`;
}

function tooLongWithRisk(functionName: string, needed: number, rto: string): string {
  return `With a question about an accepted risk the longest run takes ${formatSeconds(needed)}, and ${functionName} must be back within ${rto}. Shorten deadlines, or accept this with a note.`;
}

/** A bound must leave room for the waiting that its step is made of. */
export const boundsHoldWaits: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    procedure.steps.flatMap((step, index) => {
      const gate = procedure.gates.find((entry) => entry.id === step.id);
      const asks: Wait | undefined = gate && { seconds: seconds(gate.deadline), what: `deadline ${gate.deadline} of its gate` };
      const wait = asks ?? entryOf(name).steps[step.id]?.waits?.(plan, procedure);
      if (wait === undefined) return [];
      return problemIf(seconds(step.bound) < wait.seconds, {
        rule: 'bounds-hold-waits',
        level: 'error',
        path: ['procedures', name, 'steps', index, 'bound'],
        message: `The bound ${step.bound} is shorter than what the step waits for: ${formatSeconds(wait.seconds)} (${wait.what}). Raise the bound.`,
      });
    }),
  );
