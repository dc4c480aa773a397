/** Laws about what tells sites and their guards apart: two of one kind with one identity are one, whatever the plan calls them. */
import type { EstateSite, Plan } from '../schema.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** DNS could not send customers to the one and not to the other. */
export const publicAddressesApart: Rule = (plan) => [
  ...sharedBySites(
    plan,
    ['publicAddress'],
    ({ publicAddress }) => publicAddress,
    'Customers of the one would come to the other. Give each site its own address.',
  ),
  ...Object.entries(plan.estate.sites).flatMap(([site, { publicAddress }]) =>
    problemIf(/^(0|22[4-9]|23\d|24\d|25[0-5])\./.test(publicAddress), {
      rule: 'identities-apart',
      level: 'error',
      path: ['estate', 'sites', site, 'publicAddress'],
      message: `${publicAddress} is an address that no host can have. Write the one at which customers reach the site.`,
    }),
  ),
];

/** A fingerprint proves which host answers; with one for two, an agent could be taken for that of the other site. */
export const hostKeysApart: Rule = (plan) =>
  sharedBySites(
    plan,
    ['agent', 'hostKey'],
    ({ agent }) => agent.hostKey,
    'The key would not show which of the hosts answers. Give each host a key of its own.',
  );

export const healthChecksApart: Rule = (plan) => {
  const { switchHealthCheckId, siteHealthCheckId } = plan.estate.dns;
  return problemIf(switchHealthCheckId === siteHealthCheckId, {
    rule: 'identities-apart',
    level: 'error',
    path: ['estate', 'dns', 'siteHealthCheckId'],
    message: `The health check ${siteHealthCheckId} is the one of the switch too: a thrown switch would pass for a failed site. Write the id of the check that watches the primary site itself.`,
  });
};

/** Two of one address are one witness: when it fails, both do. */
export const witnessesApart: Rule = ({ estate: { detection, dns } }) => {
  const lists = [
    { path: ['detection', 'referenceTargets'], endpoints: detection.referenceTargets },
    { path: ['dns', 'authoritativeServers'], endpoints: dns.authoritativeServers },
    { path: ['dns', 'resolvers'], endpoints: dns.resolvers },
  ];
  return lists.flatMap(({ path, endpoints }) => {
    const addresses = endpoints.map(({ host, port }) => `${host}:${port}`);
    return addresses.flatMap((address, index) =>
      problemIf(addresses.indexOf(address) < index, {
        rule: 'identities-apart',
        level: 'error',
        path: ['estate', ...path, index],
        message: `${address} stands twice in this list, and is asked once. Write another one, or take it out.`,
      }),
    );
  });
};

function sharedBySites(plan: Plan, part: readonly string[], valueOf: (site: EstateSite) => string, why: string): readonly Problem[] {
  const sites = Object.entries(plan.estate.sites).map(([site, entry]) => ({ site, value: valueOf(entry) }));
  return sites.flatMap(({ site, value }, index) => {
    const other = sites.slice(0, index).find((earlier) => earlier.value === value);
    return problemIf(other !== undefined, {
      rule: 'identities-apart',
      level: 'error',
      path: ['estate', 'sites', site, ...part],
      message: `${value} stands at ${other?.site} too. ${why}`,
    });
  });
}
