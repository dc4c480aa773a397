/** The exact text to add where a permission is lacking. Pure; docs/own-estate.md explains each. */
import { witnessKey } from '../../plan/rules/holders.ts';
import type { Plan } from '../../plan/schema.ts';
import type { Witness } from '../../plan/schema/witness.ts';
import { type DeclaredOperations, iamRoles, policyOf } from '../aws/operations.ts';
import { elastiCacheOperations } from '../cache/elasticache-operations.ts';
import { rdsOperations } from '../database/rds-operations.ts';
import { autoScalingOperations } from '../infrastructure/auto-scaling-operations.ts';
import { agentCommand } from '../ssh/agent.ts';
import { cloudFormationOperations } from '../stack/cloudformation-operations.ts';

export function authorizedKey(publicKey: string): string {
  return `restrict,command="${agentCommand}" ${publicKey} dr-worker`;
}

/** sudo compares words exactly: the unit stands as `UNIT` in agent.conf has it. */
export function sudoers(user: string, unit: string): string {
  const verbs = ['start', 'stop', 'enable'].map((verb) => `/usr/bin/systemctl ${verb} ${unit}`);
  return `${user} ALL=(root) NOPASSWD: ${verbs.join(', ')}`;
}

/** Without a `CONNECTION LIMIT`: the sessions that workers keep count against it. */
export function createObserver(user: string): string {
  return `CREATE ROLE ${user} LOGIN PASSWORD '<the secret>';\nALTER ROLE ${user} SET default_transaction_read_only = on;`;
}

/** Not `pg_monitor`: that one may read every setting, and with them the password in a standby's `primary_conninfo`. */
export function grantStatistics(user: string): string {
  return `GRANT pg_read_all_stats TO ${user};`;
}

/** What was granted by `pg_monitor` before, without the settings. */
export function revokeSettings(user: string): string {
  return `REVOKE pg_monitor, pg_read_all_settings FROM ${user};\n${grantStatistics(user)}`;
}

export function grantSelect(user: string, tables: readonly string[]): string {
  return `GRANT SELECT ON ${tables.join(', ')} TO ${user};`;
}

export function revokeWrite(user: string, tables: readonly string[]): string {
  return `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${tables.join(', ')} FROM ${user};`;
}

/** `kind` is how the plan has the workers come: `hostssl` over TLS, `host` without. */
export function hostBasedAccess(database: string, user: string, kind: 'host' | 'hostssl'): string {
  return `${kind} ${database} ${user} <address of the workers>/32 scram-sha-256`;
}

/** Tables whose rows the run reads: those of the functions' probes and the heartbeat. */
export function observedTables(plan: Plan): readonly string[] {
  const { functionProbes, database } = plan.estate;
  const heartbeat = database.driver === 'postgresql' ? [database.heartbeatTable] : [];
  return [...new Set([...functionProbes.flatMap(({ tables }) => tables), ...heartbeat])].toSorted();
}

/**
 * Commands of the cache's observer: it inspects and counts. It reads no values, and no settings: `CONFIG GET` tells passwords (`masterauth`), and `DEBUG` stops a server.
 */
export const observerCommands = ['info', 'role', 'scan', 'dbsize', 'ping', 'select', 'client|setname'] as const;

const observerRights = `~* resetchannels -@all ${observerCommands.map((command) => `+${command}`).join(' ')}`;

export function redisAcl(user: string): string {
  return `ACL SETUSER ${user} on ><the secret> ${observerRights}`;
}

/** The same for a user of ElastiCache, where nobody is administrator of the server. */
export function elastiCacheAcl(user: string): string {
  return `aws elasticache modify-user --user-id ${user} --access-string "on ${observerRights}"`;
}

/** Least privilege for RDS, of what its driver declares. Name the instances of your plan as resources. */
export function rdsPolicy(): string {
  return declaredPolicy(rdsOperations);
}

/** The same for a Global Datastore. Name datastore and groups of your plan as resources. */
export function elastiCachePolicy(): string {
  return declaredPolicy(elastiCacheOperations);
}

/** The same for a restore at AWS; it may delete no snapshot. Name what your plan restores and makes as resources. */
export function restorePolicy(declared: DeclaredOperations): string {
  return declaredPolicy(declared);
}

/** The same for Auto Scaling. Name the groups of your plan as resources. */
export function autoScalingPolicy(): string {
  return declaredPolicy(autoScalingOperations);
}

/** The same for a stack of CloudFormation. Name it and its role as resources. */
export function cloudFormationPolicy(): string {
  return declaredPolicy(cloudFormationOperations);
}

function declaredPolicy(declared: DeclaredOperations): string {
  return JSON.stringify(policyOf([declared], iamRoles), null, 2);
}

/** Least privilege for a witness: one object. Without the right to list, a missing object is forbidden, and no run knows that nothing is held there. */
export function witnessPolicy(plan: Plan, witness: Witness): string {
  const bucket = `arn:aws:s3:::${witness.bucket}`;
  const key = witnessKey(plan, witness);
  return policyText([
    { Sid: 'SeeThatNothingIsThere', Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket },
    { Sid: 'HoldTheEpoch', Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: `${bucket}/${key}` },
  ]);
}

function policyText(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2);
}

/** Least privilege for the DNS driver: this zone, and no other record than the two that it writes. */
export function iamPolicy(dns: Plan['estate']['dns']): string {
  const zone = `arn:aws:route53:::hostedzone/${dns.hostedZoneId}`;
  const checks = [dns.switchHealthCheckId, dns.siteHealthCheckId].map((id) => `arn:aws:route53:::healthcheck/${id}`);
  const names = [dns.recordName, dns.epochRecordName].map((name) => name.toLowerCase().replace(/\.$/, ''));
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'ReadZone', Effect: 'Allow', Action: ['route53:GetHostedZone', 'route53:ListResourceRecordSets'], Resource: zone },
      {
        Sid: 'ChangeTwoRecords',
        Effect: 'Allow',
        Action: 'route53:ChangeResourceRecordSets',
        Resource: zone,
        Condition: { 'ForAllValues:StringEquals': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': names } },
      },
      { Sid: 'AwaitChange', Effect: 'Allow', Action: 'route53:GetChange', Resource: 'arn:aws:route53:::change/*' },
      { Sid: 'ReadHealthChecks', Effect: 'Allow', Action: ['route53:GetHealthCheck', 'route53:GetHealthCheckStatus'], Resource: checks },
    ],
  };
  return JSON.stringify(policy, null, 2);
}
