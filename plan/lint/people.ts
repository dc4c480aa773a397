/** Laws about people: who is called when, and whether they can be reached. */
import { runbooksOf } from '../rules/runbooks.ts';
import { seconds } from '../durations.ts';
import { membersOf } from '../rules/people.ts';
import { possibleSeverities } from '../rules/severity.ts';
import type { Plan } from '../schema.ts';
import { problemIf, type Rule } from './rule.ts';

export const responseTime: Rule = (plan) => {
  const levels = [...plan.escalation].sort((a, b) => a.level - b.level);
  return levels.flatMap((level, position) => {
    const below = levels[position - 1];
    return problemIf(below !== undefined && seconds(level.responseTime) > seconds(below.responseTime), {
      rule: 'response-time',
      level: 'warning',
      path: ['escalation', plan.escalation.indexOf(level)],
      message: `Level ${level.level} may answer after ${level.responseTime}, later than the less severe level ${below?.level} (${below?.responseTime}). Shorten it, or accept this with a note.`,
    });
  });
};

export const escalationRises: Rule = (plan) => {
  const levels = [...plan.escalation].sort((a, b) => a.level - b.level);
  return levels.flatMap((level, position) => {
    const below = levels[position - 1];
    return problemIf(below !== undefined && level.fromScore <= below.fromScore, {
      rule: 'escalation-rises',
      level: 'error',
      path: ['escalation', plan.escalation.indexOf(level), 'fromScore'],
      message: `Level ${level.level} is called from score ${level.fromScore}, which is not above level ${below?.level} (${below?.fromScore}). Raise it.`,
    });
  });
};

/**
 * A level is called by the score, and the score is a sum of the plan's points: a level that no sum falls into is never called, whatever happens. One with the threshold of another
 * is the finding of `escalation-rises`.
 */
export const levelFires: Rule = (plan) => {
  const severities = possibleSeverities(plan);
  const scores = [...new Set(severities.map(({ score }) => score))].sort((a, b) => a - b);
  return plan.escalation.flatMap((level, index) => {
    const shadowed = plan.escalation.some((other) => other !== level && other.fromScore === level.fromScore);
    return problemIf(!shadowed && !severities.some(({ escalationLevel }) => escalationLevel === level.level), {
      rule: 'level-fires',
      level: 'warning',
      path: ['escalation', index, 'fromScore'],
      message: `No incident calls level ${level.level}: the points add up to ${scores.join(', ')}, and none of these falls to it. Change its fromScore or the points, or accept this with a note on who calls it by hand.`,
    });
  });
};

/** Who must be reached at any hour: people that may vote, and people and contacts that an escalation level calls; with the reason. */
function needed(plan: Plan): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const level of plan.escalation)
    for (const id of [...level.responders, ...membersOf(plan, level.responders)]) if (!reasons.has(id)) reasons.set(id, `level ${level.level} calls`);
  for (const [, procedure] of runbooksOf(plan))
    for (const gate of procedure.gates)
      for (const id of [...gate.electorate, ...membersOf(plan, gate.electorate)]) if (!reasons.has(id)) reasons.set(id, `the gate "${gate.id}" asks`);
  return reasons;
}

const hasPhone = (plan: Plan, person: string): boolean => plan.people.find(({ id }) => id === person)?.phone !== undefined;

/**
 * E-mail wakes nobody. Whoever is asked to decide, or is called by an escalation level, needs a telephone number in the plan; a group of which nobody has one is told apart, because
 * then the call as a whole reaches nobody.
 */
export const peopleReachable: Rule = (plan) => {
  const reasons = needed(plan);
  const people = plan.people.flatMap(({ id, name, phone }, index) =>
    problemIf(reasons.has(id) && phone === undefined, {
      rule: 'people-reachable',
      level: 'warning',
      path: ['people', index],
      message: `${name} has no phone, and ${reasons.get(id)} this person. Add the number, or accept this with a note.`,
    }),
  );
  const groups = plan.groups.flatMap(({ id, name, members }, index) =>
    problemIf(reasons.has(id) && !members.some((member) => hasPhone(plan, member)), {
      rule: 'people-reachable',
      level: 'warning',
      path: ['groups', index],
      message: `Nobody of ${name} has a phone, and ${reasons.get(id)} them. Add a number, or a member who has one.`,
    }),
  );
  const contacts = plan.contacts.flatMap(({ id, name, phone }, index) =>
    problemIf(reasons.has(id) && phone === undefined, {
      rule: 'people-reachable',
      level: 'warning',
      path: ['contacts', index],
      message: `${name} has no phone, and ${reasons.get(id)} it. Add the number, or accept this with a note.`,
    }),
  );
  return [...people, ...groups, ...contacts];
};

/**
 * Whoever starts a run does not vote in it, and any of the electorate may be the one who starts it. What `quorum` counts on paper is counted here for those who have a phone: a gate
 * that needs all but one of them closes as expired as soon as one does not pick up their mail at night.
 */
export const quorumReachable: Rule = (plan) =>
  runbooksOf(plan).flatMap(([name, procedure]) =>
    procedure.gates.flatMap((gate, index) => {
      const voters = membersOf(plan, gate.electorate);
      const reachable = voters.filter((voter) => hasPhone(plan, voter)).length;
      return problemIf(gate.quorum <= voters.length - 1 && gate.quorum > reachable - 1, {
        rule: 'quorum-reachable',
        level: 'warning',
        path: ['procedures', name, 'gates', index, 'quorum'],
        message: `${gate.quorum} must agree, and of the ${voters.length} who may vote ${reachable} can be reached by phone, one of whom may be the starter. Add phones, or add a group to the electorate.`,
      });
    }),
  );
