/** Laws about escalation. */
import { seconds } from '../durations.ts';
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
