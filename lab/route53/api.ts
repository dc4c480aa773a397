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
  return {
    name: normalName(childText(set, 'Name') ?? ''),
    type: childText(set, 'Type') ?? '',
    ttlSeconds: Number(childText(set, 'TTL') ?? Number.NaN),
    values: (child(set, 'ResourceRecords')?.children ?? []).map((record) => childText(record, 'Value') ?? ''),
    ...optional('setIdentifier', 'SetIdentifier'),
    ...optional('failover', 'Failover'),
    ...optional('healthCheckId', 'HealthCheckId'),
  };
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
