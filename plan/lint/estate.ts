/** Laws about times and names of the estate. */
import { formatSeconds, seconds } from '../durations.ts';
import { isSameStandby, standbyName } from '../rules/standby-names.ts';
import { problemIf, type Problem, type Rule } from './rule.ts';

/** What takes longer than the hold time to notice a lost link would still call it alive when people decide. */
export const linkTimeouts: Rule = (plan) => {
  const { detection, dns, ssh, cache } = plan.estate;
  const hold = seconds(detection.holdTime);
  const times: readonly (readonly [Problem['path'], number, Problem['level'], string])[] = [
    [['estate', 'detection', 'probeTimeout'], seconds(detection.probeTimeout), 'error', 'A probe'],
    [['estate', 'detection', 'probeInterval'], seconds(detection.probeInterval), 'error', 'The time between two probes'],
    [['estate', 'ssh', 'connectTimeout'], seconds(ssh.connectTimeout), 'warning', 'A connection to a site agent'],
    ...(cache?.driver === 'redis'
      ? [[['estate', 'cache', 'replicaMaxLag'], seconds(cache.replicaMaxLag), 'warning', 'The lag of a replica of the cache'] as const]
      : []),
    [['estate', 'dns', 'healthCheck'], seconds(dns.healthCheck.interval) * dns.healthCheck.failureThreshold, 'warning', 'The health check'],
  ];
  return times.flatMap(([path, time, level, what]) =>
    problemIf(time > hold, {
      rule: 'link-timeouts',
      level,
      path,
      message: `${what} may take ${formatSeconds(time)} to notice a lost link, which is longer than the hold time ${detection.holdTime}. Shorten it, or hold longer.`,
    }),
  );
};

/** Names as DNS compares them. */
const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '');

export const epochRecordApart: Rule = (plan) => {
  const { recordName, epochRecordName } = plan.estate.dns;
  return problemIf(bare(recordName) === bare(epochRecordName), {
    rule: 'epoch-record-apart',
    level: 'error',
    path: ['estate', 'dns', 'epochRecordName'],
    message: `The record of the epoch has the name of the record that customers use. Give it a name of its own, such as _dr-epoch.${recordName}.`,
  });
};

/** A run moves the record, and verifies and watches by the public name: with two names it would move what no customer resolves. */
export const customersNameRouted: Rule = (plan) => {
  const { dns, service } = plan.estate;
  return problemIf(bare(dns.recordName) !== bare(service.publicHost), {
    rule: 'customers-name-routed',
    level: 'error',
    path: ['estate', 'dns', 'recordName'],
    message: `A run moves the record ${dns.recordName}, and customers use ${service.publicHost} (estate.service.publicHost). Write one name in both places.`,
  });
};

export const targetsReachableByDns: Rule = (plan) => {
  if (plan.estate.dns.methods.includes('control-plane')) return [];
  return plan.sites.flatMap((site, index) =>
    problemIf(site.targetOf.includes('regionalFailover') && site.role !== 'secondary', {
      rule: 'targets-reachable-by-dns',
      level: 'error',
      path: ['sites', index, 'targetOf'],
      message:
        'The prepared failover record leads to the secondary site only, and the plan allows no other method. Add control-plane to estate.dns.methods, or take the site out as a target.',
    }),
  );
};

/** A primary counts its standbys by name: two that share one cannot be told apart. */
export const standbyNamesApart: Rule = (plan) => {
  const sites = Object.keys(plan.estate.sites).filter((site) => plan.estate.sites[site]?.database !== undefined);
  return sites.flatMap((site, index) => {
    const other = sites.slice(0, index).find((earlier) => isSameStandby(standbyName(plan, earlier), standbyName(plan, site)));
    return problemIf(other !== undefined, {
      rule: 'standby-names-apart',
      level: 'error',
      path: ['estate', 'sites', site, 'database'],
      message: `The databases of ${other} and ${site} have one name, ${standbyName(plan, site)}, so that neither is known by it. Give each a name of its own in primary_conninfo (application_name=…), and write it here.`,
    });
  });
};
