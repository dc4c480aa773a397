/** Laws about customers who come by shares. */
import { formatSeconds, seconds } from '../durations.ts';
import { problemIf, type Rule } from './rule.ts';

export const gradualRises: Rule = ({ estate: { dns } }) => {
  const shares = dns.gradual?.shares ?? [];
  const rises = shares.every((share, index) => share > (shares[index - 1] ?? 0)) && shares.at(-1) === 100;
  return problemIf(dns.gradual !== undefined && !rises, {
    rule: 'gradual-rises',
    level: 'error',
    path: ['estate', 'dns', 'gradual', 'shares'],
    message: `The shares are ${shares.join(', ')}: each must be more than the one before, and the last one 100, else somebody is never led to the target. Write them so, such as 10, 50, 100.`,
  });
};

/** Everybody who is not led to the target yet would be led to a site that is lost, or to the target all the same. */
export const remainderApart: Rule = ({ estate: { dns, sites } }) => {
  const site = Object.entries(sites).find(([, { publicAddress }]) => publicAddress === dns.gradual?.remainder)?.[0];
  return problemIf(site !== undefined, {
    rule: 'remainder-apart',
    level: 'error',
    path: ['estate', 'dns', 'gradual', 'remainder'],
    message: `${dns.gradual?.remainder} is the public address of ${site}. Give the address of a maintenance answer that stands at no site of the plan.`,
  });
};

/** A share that caches have not seen yet was not watched. */
export const sharesSeen: Rule = ({ estate: { dns } }) => {
  const watch = seconds(dns.gradual?.watch ?? dns.ttl);
  const ttl = seconds(dns.ttl);
  return problemIf(watch < ttl, {
    rule: 'shares-seen',
    level: 'error',
    path: ['estate', 'dns', 'gradual', 'watch'],
    message: `Caches keep the share before for ${formatSeconds(ttl)} (estate.dns.ttl), and each share is watched for ${formatSeconds(watch)}: the next one comes before this one is seen. Watch for longer, or shorten the TTL.`,
  });
};
