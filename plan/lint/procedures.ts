/** Laws about the runbooks: steps, gates, and the time that they need against the time that there is. */
import { formatSeconds, seconds } from '../durations.ts';
import { servedFunctions } from '../rules/objectives.ts';
import { membersOf } from '../rules/people.ts';
import { confirmSeconds, customerSeconds, routingSeconds } from '../rules/waits.ts';
import type { Plan, Procedure } from '../schema.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** Steps of the regional failover, in the order that safety gives; the workflow knows them by these ids. */
export const regionalFailoverSteps = [
  'confirm-failure',
  'assess-impact',
  'activation',
  'confirm-again',
  'claim-epoch',
  'fence-site',
  'catch-up-database',
  'catch-up-cache',
  'raise-capacity',
  'check-application',
  'check-lag',
  'promote-database',
  'promote-cache',
  'protect-data',
  'start-services',
  'verify-first-tier',
  'verify-lower-tiers',
  'route-traffic',
  'verify-as-customer',
  'watch',
  'confirm-writers',
  'update-monitoring',
  'notify-stakeholders',
  'store-report',
] as const;

/** Steps that an estate without a cache does not have. */
const cacheSteps: readonly string[] = ['catch-up-cache', 'promote-cache'];

/** Steps that nobody may skip: without them two sites could write, or customers could be sent to a site that lost data. */
const neverSkipped: readonly string[] = ['claim-epoch', 'confirm-again', 'fence-site', 'promote-database', 'promote-cache', 'verify-first-tier'];

/** Gates that a run opens when it needs them, whatever step it is at. */
const neededGates = ['accepted-risk', 'failed-step'] as const;

type Checked = readonly [name: string, procedure: Procedure];

const proceduresOf = (plan: Plan): readonly Checked[] => Object.entries(plan.procedures);

export const stepsInOrder: Rule = (plan) => {
  const written = plan.procedures.regionalFailover.steps.map((step) => step.id);
  const path = ['procedures', 'regionalFailover', 'steps'];
  const needless = (id: string): boolean => plan.estate.cache === undefined && cacheSteps.includes(id);
  const missing = regionalFailoverSteps.filter((id) => !written.includes(id) && !needless(id));
  const unknown = written.flatMap((id, index) => ((regionalFailoverSteps as readonly string[]).includes(id) ? [] : [{ id, index }]));
  const known = written.filter((id) => (regionalFailoverSteps as readonly string[]).includes(id));
  const outOfOrder = known.findIndex((id, index) => id !== regionalFailoverSteps.filter((step) => known.includes(step))[index]);
  return [
    ...missing.map((id): Problem => ({
      rule: 'steps-in-order',
      level: 'error',
      path,
      message: `The step "${id}" is missing, and the procedure cannot run without its entry. Add it.`,
    })),
    ...unknown.map(({ id, index }): Problem => ({
      rule: 'steps-in-order',
      level: 'error',
      path: [...path, index],
      message: `No procedure carries out a step "${id}". Remove it, or correct its id.`,
    })),
    ...written.flatMap((id, index) =>
      problemIf(needless(id), {
        rule: 'steps-in-order',
        level: 'error',
        path: [...path, index],
        message: `"${id}" is for a cache, and estate.cache is absent. Remove the step, or describe the cache.`,
      }),
    ),
    ...problemIf(outOfOrder >= 0, {
      rule: 'steps-in-order',
      level: 'error',
      path: [...path, Math.max(0, written.indexOf(known[outOfOrder] ?? ''))],
      message: `"${known[outOfOrder]}" stands out of order: a run takes the steps in the order of safety (fence, prepare, promote, verify, route). Put it in its place.`,
    }),
  ];
};

export const stepNeverSkipped: Rule = (plan) =>
  proceduresOf(plan).flatMap(([name, procedure]) =>
    procedure.steps.flatMap((step, index) =>
      problemIf(neverSkipped.includes(step.id) && (step.skippable || !step.critical), {
        rule: 'step-never-skipped',
        level: 'error',
        path: ['procedures', name, 'steps', index],
        message: `"${step.id}" guards the data: write critical: true and skippable: false.`,
      }),
    ),
  );

export const pointOfNoReturn: Rule = (plan) =>
  proceduresOf(plan).flatMap(([name, procedure]) =>
    problemIf(procedure.pointOfNoReturn !== 'promote-database', {
      rule: 'point-of-no-return',
      level: 'error',
      path: ['procedures', name, 'pointOfNoReturn'],
      message: 'From the promotion of the database on nothing can be taken back. Write pointOfNoReturn: promote-database.',
    }),
  );

export const quorum: Rule = (plan) =>
  proceduresOf(plan).flatMap(([name, procedure]) =>
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
  proceduresOf(plan).flatMap(([name, procedure]) => {
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
      ...['activation', ...neededGates]
        .filter((id) => !written.includes(id))
        .map((id): Problem => ({
          rule: 'gates-used',
          level: 'error',
          path: ['procedures', name, 'gates'],
          message: `A run asks people at the gate "${id}", and the plan has none of that id. Add it.`,
        })),
    ];
  });

export const criticalPath: Rule = (plan) =>
  proceduresOf(plan).flatMap(([name, procedure]) => {
    const path = ['procedures', name];
    const needed = criticalPathSeconds(plan, procedure);
    const risk = procedure.gates.find((gate) => gate.id === 'accepted-risk');
    const withRisk = needed + (risk ? seconds(risk.deadline) : 0);
    return servedFunctions(plan).flatMap((entry): readonly Problem[] => {
      const rto = seconds(entry.rto);
      if (needed > rto) return [{ rule: 'critical-path', level: 'error', path, message: tooLong(entry.name, needed, entry.rto) }];
      return problemIf(withRisk > rto, { rule: 'critical-path-with-risk', level: 'warning', path, message: tooLongWithRisk(entry.name, withRisk, entry.rto) });
    });
  });

/** Longest time from the first failed observation until the last cache has expired, in seconds: hold time, gate deadlines, step bounds and TTL. */
export function criticalPathSeconds(plan: Plan, procedure: Procedure): number {
  const last = procedure.steps.findIndex((step) => step.id === 'verify-as-customer');
  const steps = last < 0 ? procedure.steps : procedure.steps.slice(0, last + 1);
  const deadline = (id: string | undefined): number => {
    const gate = procedure.gates.find((entry) => entry.id === id);
    return gate ? seconds(gate.deadline) : 0;
  };
  const times = steps.map(
    (step) =>
      Math.max(seconds(step.bound), deadline(step.id), step.id === 'confirm-failure' ? confirmSeconds(plan.estate.detection) : 0) + deadline(step.gateBefore),
  );
  return times.reduce((sum, time) => sum + time, 0) + seconds(plan.estate.dns.ttl);
}

function tooLong(functionName: string, needed: number, rto: string): string {
  return `Hold time, gate deadline, step bounds and TTL add up to ${formatSeconds(needed)}, and ${functionName} must be back within ${rto}. Shorten the longest of them.`;
}

function tooLongWithRisk(functionName: string, needed: number, rto: string): string {
  return `With a question about an accepted risk the longest run takes ${formatSeconds(needed)}, and ${functionName} must be back within ${rto}. Shorten deadlines, or accept this with a note.`;
}

/** A bound must leave room for the waiting that its step is made of. */
export const boundsHoldWaits: Rule = (plan) => {
  const { detection, dns } = plan.estate;
  return proceduresOf(plan).flatMap(([name, procedure]) =>
    procedure.steps.flatMap((step, index) => {
      const gate = procedure.gates.find((entry) => entry.id === step.id);
      const waits: Readonly<Record<string, readonly [number, string]>> = {
        'confirm-failure': [confirmSeconds(plan.estate.detection), `hold time ${detection.holdTime} and four probe time-outs`],
        'confirm-again': [confirmSeconds(plan.estate.detection), `hold time ${detection.holdTime} and four probe time-outs`],
        'route-traffic': [routingSeconds(dns), `${dns.methods.join(', then ')}`],
        'verify-as-customer': [customerSeconds(dns), `TTL ${dns.ttl} and 10 s`],
        watch: [seconds(procedure.watch), `watch ${procedure.watch}`],
      };
      const [needed, what] = gate ? [seconds(gate.deadline), `deadline ${gate.deadline} of its gate`] : (waits[step.id] ?? [0, '']);
      return problemIf(seconds(step.bound) < needed, {
        rule: 'bounds-hold-waits',
        level: 'error',
        path: ['procedures', name, 'steps', index, 'bound'],
        message: `The bound ${step.bound} is shorter than what the step waits for: ${formatSeconds(needed)} (${what}). Raise the bound.`,
      });
    }),
  );
};
