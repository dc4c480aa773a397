/** What of a template the emulator does not look at, and AWS does. */
import { isMap, isScalar, parseDocument, stringify } from 'yaml';

export interface TemplateResource {
  readonly type: string;
  readonly text: string;
  /** Text of each property. */
  readonly properties: ReadonlyMap<string, string>;
}

export type TemplateResources = ReadonlyMap<string, TemplateResource>;

/** Types that the emulator makes as AWS would; it takes any other name and makes nothing. */
const known = [
  'EC2::VPC',
  'EC2::InternetGateway',
  'EC2::VPCGatewayAttachment',
  'EC2::RouteTable',
  'EC2::Route',
  'EC2::Subnet',
  'EC2::SubnetRouteTableAssociation',
  'EC2::SecurityGroup',
  'EC2::EIP',
  'RDS::DBSubnetGroup',
  'RDS::DBParameterGroup',
  'ElastiCache::SubnetGroup',
  'ElastiCache::ParameterGroup',
  'ElastiCache::ReplicationGroup',
  'IAM::Role',
  'IAM::ManagedPolicy',
  'IAM::InstanceProfile',
  'S3::Bucket',
].map((name) => `AWS::${name}`);

/** Groups that the emulator makes without telling an id (RDS), or does not make as a part of a stack (ElastiCache): by the property that names them. */
const untold: Readonly<Record<string, string>> = {
  'AWS::RDS::DBSubnetGroup': 'DBSubnetGroupName',
  'AWS::RDS::DBParameterGroup': 'DBParameterGroupName',
  'AWS::ElastiCache::SubnetGroup': 'CacheSubnetGroupName',
  'AWS::ElastiCache::ParameterGroup': 'CacheParameterGroupName',
};

/** Ids of such groups, by logical id. */
export function untoldIds(resources: TemplateResources, stack: string): ReadonlyMap<string, string> {
  return new Map(
    [...resources].flatMap(([id, { type, properties }]) => {
      const key = untold[type];
      return key === undefined ? [] : [[id, properties.get(key)?.trim() ?? `${stack}-${id}`.toLowerCase()] as const];
    }),
  );
}

/** Properties whose change makes a new resource, of those that tests change. */
const replacing: readonly RegExp[] = [/^CidrBlock$/, /Name$/, /^GroupDescription$/, /^AvailabilityZone$/, /^VpcId$/, /^Family$/];

export function readResources(text: string): TemplateResources {
  const document = parseDocument(text, { logLevel: 'silent' });
  const found = document.get('Resources');
  if (document.errors.length > 0 || !isMap(found)) throw new Error('Template format error: At least one Resources member must be defined.');
  return new Map(
    found.items.flatMap((pair) => {
      const { key, value } = pair;
      if (!isScalar(key) || !isMap(value)) return [];
      const properties = value.get('Properties');
      const texts = isMap(properties) ? properties.items.map((item) => [String(item.key), stringify(item.value)] as const) : [];
      return [[String(key.value), { type: String(value.get('Type')), text: stringify(value), properties: new Map(texts) }] as const];
    }),
  );
}

export function unknownTypes(resources: TemplateResources): readonly string[] {
  return [...resources.values()].map(({ type }) => type).filter((type) => !known.includes(type));
}

export interface ResourceChange {
  readonly Action: 'Add' | 'Modify' | 'Remove';
  readonly LogicalResourceId: string;
  readonly ResourceType: string;
  readonly Replacement?: 'True' | 'False';
}

/** What an update would do, as a change set tells it. */
export function resourceChanges(
  from: TemplateResources,
  to: TemplateResources,
  parameters: { readonly from: ReadonlyMap<string, string>; readonly to: ReadonlyMap<string, string> },
): readonly ResourceChange[] {
  const others = [...parameters.to].filter(([name, value]) => parameters.from.get(name) !== value).map(([name]) => new RegExp(`\\b${name}\\b`));
  const made = [...to].flatMap(([id, resource]): ResourceChange[] => {
    const before = from.get(id);
    const of = { LogicalResourceId: id, ResourceType: resource.type };
    if (!before) return [{ Action: 'Add', ...of }];
    const changed = [...resource.properties].filter(([name, text]) => before.properties.get(name) !== text || others.some((other) => other.test(text)));
    if (changed.length === 0 && before.text === resource.text) return [];
    return [{ Action: 'Modify', ...of, Replacement: changed.some(([name]) => replacing.some((one) => one.test(name))) ? 'True' : 'False' }];
  });
  const gone = [...from].filter(([id]) => !to.has(id));
  return [...made, ...gone.map(([id, { type }]): ResourceChange => ({ Action: 'Remove', LogicalResourceId: id, ResourceType: type }))];
}
