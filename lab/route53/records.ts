/** Resource record sets and the rules by which Route 53 accepts a change of them. Pure. */
import { isIPv4 } from 'node:net';

export interface RecordSet {
  /** Lower case with the final dot. */
  readonly name: string;
  readonly type: string;
  /** 0 for an alias, which has none. */
  readonly ttlSeconds: number;
  /** As the API gives them: TXT strings carry their quotes. None for an alias. */
  readonly values: readonly string[];
  readonly alias?: Alias;
  readonly setIdentifier?: string;
  readonly failover?: 'PRIMARY' | 'SECONDARY';
  readonly weight?: number;
  /** Of a set by latency. */
  readonly region?: string;
  /** Country code of a set by location. */
  readonly country?: string;
  readonly healthCheckId?: string;
}

export interface Alias {
  readonly hostedZoneId: string;
  /** Lower case with the final dot. */
  readonly name: string;
}

export interface RecordChange {
  readonly action: string;
  readonly recordSet: RecordSet;
}

const changesMax = 1_000;
const weightMax = 255;

export function normalName(name: string): string {
  const lower = name.toLowerCase().replaceAll('\\052', '*');
  return lower.endsWith('.') ? lower : `${lower}.`;
}

/** Two sets with one key are the same record. */
export const keyOf = (set: RecordSet): string => `${set.name}|${set.type}|${set.setIdentifier ?? ''}`;
const describe = (set: RecordSet) =>
  `[name='${set.name}', type='${set.type}'${set.setIdentifier === undefined ? '' : `, set-identifier='${set.setIdentifier}'`}]`;

function same(left: RecordSet, right: RecordSet): boolean {
  return (
    left.ttlSeconds === right.ttlSeconds &&
    left.failover === right.failover &&
    left.healthCheckId === right.healthCheckId &&
    left.weight === right.weight &&
    left.region === right.region &&
    left.country === right.country &&
    left.alias?.name === right.alias?.name &&
    left.values.length === right.values.length &&
    left.values.every((value) => right.values.includes(value))
  );
}

export type BatchResult = { readonly ok: true; readonly recordSets: readonly RecordSet[] } | { readonly ok: false; readonly messages: readonly string[] };

/** All changes in order, or none with what is wrong with them. `healthChecks` are the ids that exist. */
export function applyBatch(origin: string, current: readonly RecordSet[], changes: readonly RecordChange[], healthChecks: ReadonlySet<string>): BatchResult {
  if (changes.length === 0 || changes.length > changesMax) return { ok: false, messages: [`Invalid request: a batch has 1 to ${changesMax} changes`] };
  const sets = new Map(current.map((set) => [keyOf(set), set]));
  const messages: string[] = [];
  for (const { action, recordSet } of changes) {
    const message = wrongIn(origin, recordSet, healthChecks) ?? apply(sets, action, recordSet);
    if (message) messages.push(message);
  }
  if (messages.length === 0) messages.push(...conflicts([...sets.values()]));
  return messages.length > 0 ? { ok: false, messages } : { ok: true, recordSets: [...sets.values()] };
}

function apply(sets: Map<string, RecordSet>, action: string, set: RecordSet): string | null {
  const held = sets.get(keyOf(set));
  switch (action) {
    case 'CREATE':
      if (held) return `Tried to create resource record set ${describe(set)} but it already exists`;
      sets.set(keyOf(set), set);
      return null;
    case 'UPSERT':
      sets.set(keyOf(set), set);
      return null;
    case 'DELETE':
      if (!held) return `Tried to delete resource record set ${describe(set)} but it was not found`;
      if (!same(held, set)) return `Tried to delete resource record set ${describe(set)} but the values provided do not match the current values`;
      if (set.type === 'SOA' || set.type === 'NS') return `Tried to delete ${describe(set)}, which the zone itself needs`;
      sets.delete(keyOf(set));
      return null;
    default:
      return `Invalid request: action '${action}' is none of CREATE, DELETE, UPSERT`;
  }
}

/** What is wrong with one set by itself. */
function wrongIn(origin: string, set: RecordSet, healthChecks: ReadonlySet<string>): string | null {
  if (set.name !== origin && !set.name.endsWith(`.${origin}`)) return `RRSet with DNS name ${set.name} is not permitted in zone ${origin}`;
  if (!Number.isInteger(set.ttlSeconds) || set.ttlSeconds < 0 || set.ttlSeconds > 2_147_483_647)
    return `Invalid request: TTL of ${describe(set)} is missing or out of range`;
  if (set.alias) return set.values.length > 0 ? `Invalid request: ${describe(set)} is an alias with values` : wrongInPolicy(set, healthChecks);
  if (set.values.length === 0) return `Invalid request: ${describe(set)} has no values`;
  if (new Set(set.values).size !== set.values.length) return `Duplicate Resource Record in ${describe(set)}`;
  for (const value of set.values) {
    if (set.type === 'A' && !isIPv4(value))
      return `Invalid Resource Record: 'ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '${value}''`;
    if (set.type === 'TXT' && !/^"(?:[^"\\]|\\.){0,255}"(?: "(?:[^"\\]|\\.){0,255}")*$/.test(value))
      return `Invalid Resource Record: the TXT value ${value} is not in quotation marks`;
    if (set.type === 'CNAME' && set.values.length > 1) return `Invalid Resource Record: ${describe(set)} is a CNAME with more than one value`;
  }
  return wrongInPolicy(set, healthChecks);
}

/** What is wrong with the rule by which sets of one name share it. */
function wrongInPolicy(set: RecordSet, healthChecks: ReadonlySet<string>): string | null {
  if (set.failover !== undefined && !['PRIMARY', 'SECONDARY'].includes(set.failover))
    return `Invalid request: failover '${String(set.failover)}' is neither PRIMARY nor SECONDARY`;
  if (set.weight !== undefined && !(Number.isInteger(set.weight) && set.weight >= 0 && set.weight <= weightMax))
    return `Invalid request: the weight ${set.weight} of ${describe(set)} is no whole number from 0 to ${weightMax}`;
  const policies = [set.failover, set.weight, set.region, set.country].filter((policy) => policy !== undefined).length;
  if (policies !== (set.setIdentifier === undefined ? 0 : 1))
    return `Invalid request: ${describe(set)} must have both one routing policy, such as a failover role, and a set identifier, or neither`;
  if (set.healthCheckId !== undefined && !healthChecks.has(set.healthCheckId)) return `Invalid request: no health check has the id ${set.healthCheckId}`;
  return null;
}

/** What is wrong between sets after the change. */
function conflicts(sets: readonly RecordSet[]): string[] {
  const messages: string[] = [];
  for (const [name, atName] of groupBy(sets, (set) => set.name)) {
    if (atName.some((set) => set.type === 'CNAME') && atName.some((set) => set.type !== 'CNAME')) {
      messages.push(`RRSet of type CNAME with DNS name ${name} is not permitted as other records exist with the same name`);
    }
    for (const [type, alike] of groupBy(atName, (set) => set.type)) {
      if (alike.length > 1 && new Set(alike.map(policyOf)).size + (alike.some((set) => policyOf(set) === 'simple') ? 1 : 0) > 1)
        messages.push(`RRSet with DNS name ${name}, type ${type} cannot follow two routing policies at once`);
      for (const role of ['PRIMARY', 'SECONDARY']) {
        if (alike.filter((set) => set.failover === role).length > 1) messages.push(`RRSet with DNS name ${name}, type ${type} has more than one ${role}`);
      }
    }
  }
  return messages;
}

function policyOf({ failover, weight, region, country }: RecordSet): string {
  if (failover !== undefined) return 'failover';
  if (weight !== undefined) return 'weight';
  if (region !== undefined) return 'latency';
  return country === undefined ? 'simple' : 'location';
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
