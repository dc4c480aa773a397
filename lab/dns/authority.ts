/** What the name server of the zone answers, failover records by their health checks and weighted ones by their weights. */
import type { Answer } from 'dns-packet';
import { normalName, type RecordSet } from '../route53/records.ts';
import type { ServedZone } from '../route53/zone.ts';
import { nothing, type DnsAnswer } from './message.ts';
import type { Turns } from './turns.ts';

/** How long resolvers may keep "no such record"; short, so that a lab's day is not. */
const negativeTtlSeconds = 1;
const zoneTtlSeconds = 300;

/** How far one name leads to another within the zone. */
const chainMax = 8;

/** Answers one question. The zone's SOA and NS are this server's own: the emulator's are not usable. */
export function answerFromZone(zone: ServedZone, name: string, type: string, turns: Turns): DnsAnswer {
  const asked = name.endsWith('.') ? name : `${name}.`;
  if (asked !== zone.origin && !asked.endsWith(`.${zone.origin}`)) return nothing('REFUSED');
  const delegation = delegationOf(zone, asked);
  if (delegation) return { ...nothing('NOERROR'), authorities: delegation.values.map((value) => toAnswer(delegation, value)) };
  const soa = soaOf(zone);
  const apex = asked === zone.origin ? [soa, nsOf(zone)] : [];
  const answers = [...apex.filter((record) => record.type === type), ...answersFrom(zone, asked, type, turns, chainMax)];
  if (answers.length > 0) return { code: 'NOERROR', answers, authorities: [], authoritative: true };
  // A name exists when it has any record, or when a name below it does.
  const exists = apex.length > 0 || zone.recordSets().some((set) => set.name === asked || set.name.endsWith(`.${asked}`));
  return { code: exists ? 'NOERROR' : 'NXDOMAIN', answers: [], authorities: [soa], authoritative: true };
}

/** Other name servers for this name or one above it: this server only names them. */
function delegationOf(zone: ServedZone, name: string): RecordSet | undefined {
  return zone.recordSets().find((set) => set.type === 'NS' && set.name !== zone.origin && (name === set.name || name.endsWith(`.${set.name}`)));
}

/** Follows an alias, which is not seen in the answer, and a CNAME, which is; what lies outside the zone is for whoever asks. */
function answersFrom(zone: ServedZone, name: string, type: string, turns: Turns, left: number): Answer[] {
  if (left === 0) return [];
  const atName = zone.recordSets().filter((set) => set.name === name);
  const set =
    choose(
      zone,
      atName.filter((candidate) => candidate.type === type),
      turns,
    ) ?? atName.find((candidate) => candidate.type === 'CNAME');
  if (!set) return [];
  if (set.alias) return answersFrom(zone, set.alias.name, type, turns, left - 1).map((answer) => ({ ...answer, name: name.slice(0, -1) }));
  const answers = set.values.map((value) => toAnswer(set, value));
  return set.type === type ? answers : [...answers, ...set.values.flatMap((value) => answersFrom(zone, normalName(value), type, turns, left - 1))];
}

/**
 * Failover sets: the primary while it is healthy, else the secondary while that is; with neither healthy the primary again, as Route 53 does. Sets by weight have their turns. Of sets by
 * latency or location everybody gets the first.
 */
function choose(zone: ServedZone, sets: readonly RecordSet[], turns: Turns): RecordSet | undefined {
  const primary = sets.find(({ failover }) => failover === 'PRIMARY');
  const secondary = sets.find(({ failover }) => failover === 'SECONDARY');
  const healthy = (set: RecordSet) => set.healthCheckId === undefined || zone.isHealthy(set.healthCheckId);
  if (primary && healthy(primary)) return primary;
  if (secondary && healthy(secondary)) return secondary;
  return primary ?? (sets.some(({ weight }) => weight !== undefined) ? turns.next(sets) : sets[0]);
}

function toAnswer(set: RecordSet, value: string): Answer {
  const record = { name: set.name.slice(0, -1), type: set.type, ttl: set.ttlSeconds, class: 'IN' };
  return { ...record, data: set.type === 'TXT' ? txtStrings(value) : value } as Answer;
}

function txtStrings(value: string): string[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => (text as string).replace(/\\(.)/g, '$1'));
}

function soaOf(zone: ServedZone): Answer {
  const origin = zone.origin.slice(0, -1);
  return {
    type: 'SOA',
    name: origin,
    ttl: negativeTtlSeconds,
    data: {
      mname: `ns1.${origin}`,
      rname: `hostmaster.${origin}`,
      serial: zone.serial,
      refresh: 7_200,
      retry: 900,
      expire: 1_209_600,
      minimum: negativeTtlSeconds,
    },
  };
}

function nsOf(zone: ServedZone): Answer {
  const origin = zone.origin.slice(0, -1);
  return { type: 'NS', name: origin, ttl: zoneTtlSeconds, data: `ns1.${origin}` };
}
