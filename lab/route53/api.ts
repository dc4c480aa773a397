/** Route 53's answers as XML, and the request that changes records. */
import type { Observation } from './checker.ts';
import { normalName, type RecordChange, type RecordSet } from './records.ts';
import { child, childText, element, escapeXml, parseXml, type XmlElement } from './xml.ts';
import type { ChangeInfo } from './zone.ts';

const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';
const document = (name: string, content: string) => `<?xml version="1.0"?>\n<${name} xmlns="${namespace}">${content}</${name}>`;

/** Changes of a ChangeResourceRecordSets request. Throws a SyntaxError on what is no such request. */
export function parseChanges(body: string): RecordChange[] {
  const batch = child(parseXml(body), 'ChangeBatch');
  const changes = batch && child(batch, 'Changes');
  if (!changes) throw new SyntaxError('The request has no ChangeBatch with Changes.');
  return changes.children.map((change) => {
    const set = child(change, 'ResourceRecordSet');
    if (!set) throw new SyntaxError('A Change has no ResourceRecordSet.');
    return { action: childText(change, 'Action') ?? '', recordSet: parseRecordSet(set) };
  });
}

function parseRecordSet(set: XmlElement): RecordSet {
  const optional = (key: string, name: string) => {
    const text = childText(set, name);
    return text === undefined ? {} : { [key]: text };
  };
  const alias = child(set, 'AliasTarget');
  const weight = childText(set, 'Weight');
  const location = child(set, 'GeoLocation');
  const country = location && childText(location, 'CountryCode');
  return {
    name: normalName(childText(set, 'Name') ?? ''),
    type: childText(set, 'Type') ?? '',
    ttlSeconds: Number(childText(set, 'TTL') ?? (alias ? 0 : Number.NaN)),
    ...(alias ? { alias: { hostedZoneId: childText(alias, 'HostedZoneId') ?? '', name: normalName(childText(alias, 'DNSName') ?? '') } } : {}),
    ...(weight === undefined ? {} : { weight: Number(weight) }),
    ...(country === undefined ? {} : { country }),
    ...optional('region', 'Region'),
    values: (child(set, 'ResourceRecords')?.children ?? []).map((record) => childText(record, 'Value') ?? ''),
    ...optional('setIdentifier', 'SetIdentifier'),
    ...optional('failover', 'Failover'),
    ...optional('healthCheckId', 'HealthCheckId'),
  };
}

/** Where a list begins, and how long a page of it is. */
export interface ListStart {
  readonly name: string | null;
  readonly type: string | null;
  readonly identifier: string | null;
  readonly itemsMax: number;
}

/** A page has at most so many record sets. */
const listItemsMax = 300;

export function parseListStart(query: URLSearchParams): ListStart {
  const name = query.get('name');
  const itemsMax = Math.min(listItemsMax, Number(query.get('maxitems') ?? listItemsMax));
  return { name: name === null ? null : normalName(name), type: query.get('type'), identifier: query.get('identifier'), itemsMax };
}

/** A page of the zone's record sets in Route 53's order: by the labels of the name from the last to the first, then by type, then by identifier. */
export function recordSetList(sets: readonly RecordSet[], start: ListStart): string {
  const ordered = sets.toSorted((one, other) => compare(orderOf(one), orderOf(other)));
  const from = start.name === null ? [] : orderOf({ name: start.name, type: start.type ?? '', setIdentifier: start.identifier ?? '' });
  const begin = ordered.findIndex((set) => compare(orderOf(set), from) >= 0);
  const rest = begin < 0 ? [] : ordered.slice(begin);
  const next = rest[start.itemsMax];
  const following = next
    ? element('NextRecordName', escapedName(next.name)) +
      element('NextRecordType', next.type) +
      (next.setIdentifier === undefined ? '' : element('NextRecordIdentifier', escapeXml(next.setIdentifier)))
    : '';
  return document(
    'ListResourceRecordSetsResponse',
    element('ResourceRecordSets', rest.slice(0, start.itemsMax).map(recordSetElement).join('')) +
      element('IsTruncated', String(next !== undefined)) +
      following +
      element('MaxItems', String(start.itemsMax)),
  );
}

type Ordered = Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>;

function orderOf({ name, type, setIdentifier = '' }: Ordered): readonly string[] {
  return [...name.split('.').filter(Boolean).reverse(), '', type, setIdentifier];
}

function compare(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at < 0) return one.length - other.length;
  return (one[at] as string) < (other[at] ?? '') ? -1 : 1;
}

/** As the API spells a name: whatever is no letter, digit, hyphen or underscore by its octal code. */
function escapedName(name: string): string {
  return name.replaceAll(/[^a-z0-9_.\\-]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function recordSetElement(set: RecordSet): string {
  const optional = (name: string, text: string | number | undefined) => (text === undefined ? '' : element(name, escapeXml(String(text))));
  const held = set.alias
    ? element('AliasTarget', optional('HostedZoneId', set.alias.hostedZoneId) + optional('DNSName', set.alias.name) + element('EvaluateTargetHealth', 'false'))
    : element('TTL', String(set.ttlSeconds)) +
      element('ResourceRecords', set.values.map((value) => element('ResourceRecord', optional('Value', value))).join(''));
  return element(
    'ResourceRecordSet',
    element('Name', escapedName(set.name)) +
      element('Type', set.type) +
      optional('SetIdentifier', set.setIdentifier) +
      optional('Weight', set.weight) +
      optional('Region', set.region) +
      (set.country === undefined ? '' : element('GeoLocation', optional('CountryCode', set.country))) +
      optional('Failover', set.failover) +
      held +
      optional('HealthCheckId', set.healthCheckId),
  );
}

function changeInfo(change: ChangeInfo): string {
  return element(
    'ChangeInfo',
    element('Id', `/change/${change.id}`) + element('Status', change.status) + element('SubmittedAt', change.submittedAt.toISOString()),
  );
}

export const changeAccepted = (change: ChangeInfo) => document('ChangeResourceRecordSetsResponse', changeInfo(change));

export const changeStatus = (change: ChangeInfo) => document('GetChangeResponse', changeInfo(change));

/** `checkerAddress` is where the probes come from. Before the first probe the list is empty. */
export function healthCheckStatus(observation: Observation | undefined, checkerAddress: string): string {
  const observations = observation
    ? element(
        'HealthCheckObservation',
        element('Region', 'us-west-2') +
          element('IPAddress', checkerAddress) +
          element('StatusReport', element('Status', escapeXml(observation.text)) + element('CheckedTime', observation.checkedAt.toISOString())),
      )
    : '';
  return document('GetHealthCheckStatusResponse', element('HealthCheckObservations', observations));
}

export function apiError(code: string, message: string): string {
  return document(
    'ErrorResponse',
    element('Error', element('Type', 'Sender') + element('Code', code) + element('Message', escapeXml(message))) + element('RequestId', 'lab'),
  );
}
