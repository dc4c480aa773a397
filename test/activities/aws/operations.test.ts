/** Goal: the IAM policies allow what the drivers call, and nothing else; whoever restores deletes no backup. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { declaredOperations } from '../../../activities/aws/declared.ts';
import { iamPolicy, witnessPolicy } from '../../../activities/access/lines.ts';
import { actionsOf, iamRoles, policyOf, type DeclaredOperations, type IamRole } from '../../../activities/aws/operations.ts';
import { route53Operations } from '../../../activities/dns/route53-operations.ts';
import { witnessOperations } from '../../../activities/witness/s3-operations.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { Witness } from '../../../plan/schema/witness.ts';

const root = resolve(import.meta.dirname, '../../..');

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** `client Operation` of each command that a source takes from the SDK, a waiter's too. */
function commandsOf(text: string): readonly string[] {
  const imports = [...text.matchAll(/^import (?!type)\{([^}]*)\} from '(@aws-sdk\/client-[^']+)'/gm)];
  return imports.flatMap(([, names = '', client = '']) => [...names.matchAll(/\b(\w+)Command\b/g)].map(([, name]) => `${client} ${name}`));
}

const declared = declaredOperations.flatMap(({ client, operations }) => Object.keys(operations).map((name) => `${client} ${name}`));
const sent = filesBelow('activities')
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => commandsOf(readFileSync(join(root, path), 'utf8')).map((command) => ({ path, command })));

const actions = (role: IamRole) => policyOf(declaredOperations, [role]).Statement.flatMap(({ Action }) => Action);
const looks = /:(Describe|Get|List|Head|Validate|Detect)/;

describe('what drivers call', () => {
  test('is declared', () => {
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.filter(({ command }) => !declared.includes(command))).toEqual([]);
  });

  test('is seen when it is not declared', () => {
    const text = "import { CopyDBSnapshotCommand, RDSClient, type DBSnapshot } from '@aws-sdk/client-rds';";
    expect(commandsOf(text)).toEqual(['@aws-sdk/client-rds CopyDBSnapshot']);
    expect(declared).not.toContain('@aws-sdk/client-rds CopyDBSnapshot');
  });

  test('is all that is declared: nobody is allowed what no driver calls', () => {
    const known = sent.map(({ command }) => command);
    expect(declared.filter((command) => !known.includes(command))).toEqual([]);
  });

  test('comes only from the SDK by name, since a namespace would hide it', () => {
    const hiding = filesBelow('activities').filter((path) => /import \* as \w+ from '@aws-sdk|import\('@aws-sdk/.test(readFileSync(join(root, path), 'utf8')));
    expect(hiding).toEqual([]);
  });
});

describe('the policy', () => {
  test('that the estate check prints filled in is the one that is declared', () => {
    const allowed = (text: string) => (JSON.parse(text) as { Statement: { Action: string | string[] }[] }).Statement.flatMap(({ Action }) => Action).toSorted();
    const asked = (of: DeclaredOperations) =>
      policyOf([of], iamRoles)
        .Statement.flatMap(({ Action }) => Action)
        .toSorted();
    const plan = { estate: { name: 'tickets' } } as Plan;
    const dns = { recordName: 'a', epochRecordName: 'b' } as Plan['estate']['dns'];
    expect(allowed(witnessPolicy(plan, { bucket: 'b' } as Witness))).toEqual(asked(witnessOperations));
    expect(allowed(iamPolicy(dns))).toEqual(asked(route53Operations));
  });

  test('of whoever restores deletes no backup and no snapshot, and of databases and caches only what a run has made', () => {
    expect(actions('restore')).toContain('rds:PromoteReadReplica');
    expect(actions('restore').filter((action) => /Delete\w*(Snapshot|Backup|Object|Bucket)|:Delete\w*\*/.test(action))).toEqual([]);
    const ofStores = policyOf(declaredOperations, ['restore']).Statement.filter(({ Action }) =>
      [Action].flat().some((action) => /Delete\w*(DBInstance|DBCluster|ReplicationGroup|CacheCluster)/.test(action)),
    );
    expect(ofStores).toHaveLength(2);
    for (const { Condition } of ofStores) expect(Condition).toEqual({ Null: { 'aws:ResourceTag/dr-run': 'false' } });
  });

  test('of whoever observes changes nothing', () => {
    expect(actions('observe').filter((action) => !looks.test(action))).toEqual([]);
  });

  test('of each other role looks at nothing: that is what observe is for', () => {
    for (const role of iamRoles.filter((each) => each !== 'observe'))
      expect(
        actions(role).filter((action) => looks.test(action)),
        role,
      ).toEqual([]);
  });

  test('names what may be changed: only reads are allowed everywhere', () => {
    for (const { Action, Resource } of iamRoles.flatMap((role) => policyOf(declaredOperations, [role]).Statement)) {
      if (Resource === '*') expect(Action.filter((action) => !looks.test(action))).toEqual([]);
    }
  });

  test('has no wildcard among its actions, and each belongs to its service', () => {
    for (const each of declaredOperations) {
      for (const [name, operation] of Object.entries(each.operations)) {
        for (const action of actionsOf(each, name, operation)) expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/);
      }
    }
  });
});
