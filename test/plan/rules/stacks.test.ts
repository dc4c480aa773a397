/** Goal: of what a site stands on, only what people accepted is made, nothing is taken away, and data is known as such. */
import { describe, expect, test } from 'vitest';
import { countChanges, destructive, holdsData, notAccepted, type StackChange } from '../../../plan/rules/stacks.ts';

const change = (what: string, action: StackChange['action']): StackChange => ({ what, type: 'AWS::EC2::VPC', action });
const accepted = [change('network', 'create'), change('gateway', 'create')];

describe('what was not accepted', () => {
  test.each([
    ['another thing', [change('bastion', 'create')], false, ['bastion']],
    ['another action', [change('network', 'delete')], false, ['network']],
    ['a replacement of what was to be created, where somebody else made it', [change('network', 'replace')], false, ['network']],
    ['a deletion, also of what the run made', [change('network', 'delete')], true, ['network']],
  ] as const)('%s', (_what, changes, own, names) => {
    expect(notAccepted(changes, accepted, own).map(({ what }) => what)).toEqual(names);
  });

  test.each([
    ['all of it', accepted, false],
    ['what is left of it', [change('gateway', 'create')], false],
    ['what the run made half, made anew', [change('network', 'replace')], true],
    ['nothing', [], false],
  ] as const)('is not %s', (_what, changes, own) => {
    expect(notAccepted(changes, accepted, own)).toEqual([]);
  });
});

test('what takes something away is told', () => {
  expect(destructive([change('a', 'create'), change('b', 'change'), change('c', 'replace'), change('d', 'delete')]).map(({ what }) => what)).toEqual([
    'c',
    'd',
  ]);
  expect(countChanges([change('a', 'create'), change('b', 'create'), change('c', 'delete')])).toBe('2 to create, 1 to delete');
  expect(countChanges([])).toBe('nothing to change');
});

test.each([
  ['AWS::RDS::DBInstance', true],
  ['AWS::ElastiCache::ReplicationGroup', true],
  ['AWS::S3::Bucket', true],
  ['AWS::DynamoDB::Table', true],
  ['AWS::RDS::DBSubnetGroup', false],
  ['AWS::EC2::VPC', false],
  ['aws_db_instance', true],
  ['aws_db_subnet_group', false],
  ['terraform_data', false],
])('%s holds data: %s', (type, holds) => {
  expect(holdsData(type)).toBe(holds);
});
