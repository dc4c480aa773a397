/** Laws about sites: who can take over, and what must not depend on the site that failed. */
import { serversOf } from '../rules/servers.ts';
import type { Plan } from '../schema.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

export const onePrimary: Rule = (plan) => {
  const primaries = plan.sites.filter((site) => site.role === 'primary');
  return problemIf(primaries.length !== 1, {
    rule: 'one-primary',
    level: 'error',
    path: ['sites'],
    message: `The plan has ${primaries.length} primary sites. Give exactly one site the role primary.`,
  });
};

/** The primary may have no way back by a procedure, with a note. Another site that nothing makes a target is one that people count on in vain. */
export const siteTargeted: Rule = (plan) =>
  plan.sites.flatMap((site, index) =>
    problemIf(site.targetOf.length === 0, {
      rule: 'site-targeted',
      level: site.role === 'primary' ? 'warning' : 'error',
      path: ['sites', index],
      message:
        site.role === 'primary'
          ? 'No procedure can make this site the target, so there is no way back to it. Name a procedure in targetOf, or accept this with a note.'
          : 'No procedure can make this site the target, so it costs money and recovers nothing. Name a procedure in targetOf, or take the site out.',
    }),
  );

/** A plan of which no procedure that there is can move the service away from its primary protects nothing. */
export const somebodyTakesOver: Rule = (plan) =>
  problemIf(!plan.sites.some((site) => site.role !== 'primary' && site.targetOf.includes('regionalFailover')), {
    rule: 'somebody-takes-over',
    level: 'error',
    path: ['sites'],
    message: 'No site besides the primary is a target of the regional failover, so no run could start. Name regionalFailover in the targetOf of one.',
  });

export const procedureExists: Rule = (plan) =>
  plan.sites.flatMap((site, index) => {
    const missing = site.targetOf.filter((name) => !(name in plan.procedures));
    return problemIf(missing.length > 0, {
      rule: 'procedure-exists',
      level: 'warning',
      path: ['sites', index, 'targetOf'],
      message: `The plan has no procedure ${missing.join(', ')}. Write it, or accept this with a note.`,
    });
  });

export const targetCanServe: Rule = (plan) =>
  plan.sites.flatMap((site, index) => {
    const estate = plan.estate.sites[site.id];
    const { baselinePercent, failoverPercent } = site.capacity;
    const target = site.targetOf.includes('regionalFailover');
    const nowhere = target ? driversWithout(plan, site.id) : [];
    const lacking = serversOf(plan).filter((server) => estate?.[server] === undefined);
    return [
      ...problemIf(target && lacking.length > 0, {
        rule: 'target-can-serve',
        level: 'error',
        path: ['estate', 'sites', site.id],
        message: `This site is a target of the regional failover, and its ${lacking.join(' and ')} has no address. Add it, or take regionalFailover out of its targetOf.`,
      }),
      ...nowhere.map((path): Problem => ({
        rule: 'target-can-serve',
        level: 'error',
        path: ['estate', ...path],
        message: `${site.id} is a target of the regional failover, and ${path.join('.')} of the estate says nothing about it. Add it, or take regionalFailover out of its targetOf.`,
      })),
      ...problemIf(baselinePercent > failoverPercent, {
        rule: 'target-can-serve',
        level: 'error',
        path: ['sites', index, 'capacity'],
        message: `The capacity after a failover (${failoverPercent} %) is below the one before (${baselinePercent} %). Correct one of the two.`,
      }),
      ...problemIf(target && failoverPercent < 100, {
        rule: 'target-can-serve',
        level: 'warning',
        path: ['sites', index, 'capacity'],
        message: `As the target of a failover this site carries ${failoverPercent} % of the load: the rest is refused. Raise it, or accept this with a note.`,
      }),
    ];
  });

/** Parts of the estate in which a driver would look for the site in vain. */
function driversWithout(plan: Plan, site: string): readonly (readonly string[])[] {
  const { database, cache, capacity } = plan.estate;
  return [
    ...(database.driver === 'rds' && !database.instances[site] ? [['database', 'instances']] : []),
    ...(cache?.driver === 'elasticache' && !cache.replicationGroups[site] ? [['cache', 'replicationGroups']] : []),
    ...(capacity?.driver === 'auto-scaling' && !capacity.sites[site] ? [['capacity', 'sites']] : []),
  ];
}

export const addressesApart: Rule = (plan) => {
  const seen = new Map<string, string>();
  return Object.entries(plan.estate.sites).flatMap(([site, estate]) =>
    (['agent', 'database', 'cache', 'service'] as const).flatMap((server): readonly Problem[] => {
      const endpoint = estate[server];
      if (endpoint === undefined) return [];
      const address = `${endpoint.host}:${endpoint.port}`;
      const other = seen.get(address);
      seen.set(address, `${server} of ${site}`);
      const path = ['estate', 'sites', site, server];
      return problemIf(other !== undefined, {
        rule: 'addresses-apart',
        level: 'error',
        path,
        message: `${address} is the address of the ${other} too. Each server has an address of its own.`,
      });
    }),
  );
};

/** What a run needs must not stand at the site that it recovers from. */
export const failedSiteNotNeeded: Rule = (plan) => {
  const primary = plan.sites.find((site) => site.role === 'primary');
  if (primary === undefined) return [];
  const hosts = hostsOf(plan, primary.id);
  const needed = neededHosts(plan).flatMap(({ path, host, what }) =>
    problemIf(hosts.has(host), {
      rule: 'failed-site-not-needed',
      level: 'error',
      path,
      message: `${what} stands at ${primary.id} (${host}), and a failover from there needs it. Use one that stands elsewhere.`,
    }),
  );
  return [...needed, ...controlPlaneNotNeeded(plan, primary), ...switchesElsewhere(plan, primary.id)];
};

function hostsOf(plan: Plan, site: string): ReadonlySet<string> {
  const estate = plan.estate.sites[site];
  if (!estate) return new Set();
  const endpoints = [estate.agent, estate.database, estate.cache, estate.service].flatMap((endpoint) => (endpoint ? [endpoint.host] : []));
  return new Set([...endpoints, estate.publicAddress]);
}

function neededHosts(plan: Plan): readonly { readonly path: Problem['path']; readonly host: string; readonly what: string }[] {
  const { detection, dns, mail, monitoring } = plan.estate;
  return [
    ...detection.referenceTargets.map(({ host }, index) => ({ path: ['estate', 'detection', 'referenceTargets', index], host, what: 'A reference target' })),
    ...dns.authoritativeServers.map(({ host }, index) => ({
      path: ['estate', 'dns', 'authoritativeServers', index],
      host,
      what: 'An authoritative DNS server',
    })),
    ...dns.resolvers.map(({ host }, index) => ({ path: ['estate', 'dns', 'resolvers', index], host, what: 'A resolver' })),
    { path: ['estate', 'mail', 'server'], host: mail.server.host, what: 'The mail server' },
    { path: ['estate', 'monitoring', 'url'], host: new URL(monitoring.url).hostname, what: 'The monitoring' },
    ...(dns.endpoint === undefined ? [] : [{ path: ['estate', 'dns', 'endpoint'], host: new URL(dns.endpoint).hostname, what: 'The API of the DNS provider' }]),
  ];
}

function controlPlaneNotNeeded(plan: Plan, primary: Plan['sites'][number]): readonly Problem[] {
  const { methods, region } = plan.estate.dns;
  const inFailedRegion = region === primary.id || primary.provider.includes(region);
  return problemIf(inFailedRegion && methods[0] === 'control-plane', {
    rule: 'failed-site-not-needed',
    level: methods.includes('data-plane') ? 'warning' : 'error',
    path: ['estate', 'dns', 'methods'],
    message: `Changing the record needs the control plane in ${region}, which fails together with ${primary.id}. Put data-plane first.`,
  });
}

function switchesElsewhere(plan: Plan, primary: string): readonly Problem[] {
  if (!plan.estate.dns.methods.includes('data-plane')) return [];
  const elsewhere = Object.entries(plan.estate.sites).filter(([site, estate]) => site !== primary && estate.switch !== undefined).length;
  return problemIf(elsewhere < 2, {
    rule: 'failed-site-not-needed',
    level: elsewhere === 0 ? 'error' : 'warning',
    path: ['estate', 'sites'],
    message: `${elsewhere === 0 ? 'No site' : 'Only one site'} besides ${primary} has a switch that the health check can watch. Give two surviving sites one, or accept this with a note where there are not two.`,
  });
}
