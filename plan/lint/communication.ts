/** Laws about channels and messages: somebody is at the other end, and nothing is left blank. */
import { filledPlaceholders } from '../rules/messages.ts';
import { problemIf, type Rule } from './rule.ts';

/**
 * A placeholder without a value reaches people as `[unknown: name]`. The template of the stakeholders is sent by the run, at a moment when nobody proof-reads it, so
 * that is an error. Other templates are sent by people, who fill in what a run does not know; they should know beforehand what that is.
 */
export const placeholdersFilled: Rule = (plan) => {
  const { templates, stakeholders } = plan.communication;
  const known: readonly string[] = filledPlaceholders;
  return templates.flatMap((template, index) => {
    const open = template.placeholders.filter((name) => !known.includes(name));
    const sent = template.id === stakeholders.template;
    return problemIf(open.length > 0, {
      rule: 'placeholders-filled',
      level: sent ? 'error' : 'warning',
      path: ['communication', 'templates', index],
      message: sent
        ? `A run sends this template and has no value for ${open.join(', ')}: people would read [unknown: ${open[0]}]. A run fills ${known.join(', ')}; use these, or take the others out.`
        : `No run sends this template, and nothing fills ${open.join(', ')}: whoever sends it must. Use what a run fills (${known.join(', ')}), or accept this with a note on who writes it.`,
    });
  });
};

/** A channel that neither reaches a group nor is a page to look at ends nowhere: in the incident somebody would have to find out who the customers are. */
export const channelContacts: Rule = (plan) =>
  plan.communication.channels.flatMap((channel, index) =>
    problemIf(channel.groups.length === 0 && channel.url === undefined, {
      rule: 'channel-contacts',
      level: 'warning',
      path: ['communication', 'channels', index],
      message:
        'The channel names no group and no page, so the plan does not say whom it reaches. Add groups or a url, or accept this with a note on where the addresses are.',
    }),
  );

/** A channel that no escalation level calls, by its id or by one of its media, is used in no incident. */
export const channelUsed: Rule = (plan) => {
  const called = new Set(plan.escalation.flatMap((level) => level.channels));
  return plan.communication.channels.flatMap((channel, index) =>
    problemIf(![channel.id, ...channel.media].some((name) => called.has(name)), {
      rule: 'channel-used',
      level: 'warning',
      path: ['communication', 'channels', index],
      message: `No escalation level calls this channel, by its id or by ${channel.media.join(' or ')}. Name it in the channels of a level, or remove it.`,
    }),
  );
};
