/** What belongs to no site: DNS API and servers, mail, monitoring, the report folder. */
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { GetHealthCheckCommand, GetHealthCheckStatusCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { createTransport } from 'nodemailer';
import type { Endpoint, Plan } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import { iamPolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

type Secret = (reference: string) => Promise<string>;
/** Longest wait for one answer, milliseconds. */
const answerWithin = 5_000;

/** The DNS provider's API: reads the zone and both health checks. Whether the records may be changed shows only when they are. */
export async function checkDnsApi(plan: Plan, secret: Secret): Promise<AccessCheck> {
  const { dns } = plan.estate;
  const credentials = dns.credentials
    ? { accessKeyId: await secret(dns.credentials.accessKeyId), secretAccessKey: await secret(dns.credentials.secretAccessKey) }
    : undefined;
  const subject: Subject = { what: 'Route 53 API', steps: ['confirm-failure', 'route-traffic'], as: credentials?.accessKeyId ?? "the SDK's own credentials" };
  const client = new Route53Client({
    region: dns.region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: answerWithin, requestTimeout: answerWithin },
    ...(dns.endpoint === undefined ? {} : { endpoint: dns.endpoint }),
    ...(credentials ? { credentials } : {}),
  });
  try {
    const { ResourceRecordSets: records } = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: dns.hostedZoneId, StartRecordName: dns.recordName, MaxItems: 10 }),
    );
    // The status of a calculated check, as the switch's may be, cannot be asked for.
    await client.send(new GetHealthCheckCommand({ HealthCheckId: dns.switchHealthCheckId }));
    await client.send(new GetHealthCheckStatusCommand({ HealthCheckId: dns.siteHealthCheckId }));
    const there = (records ?? []).some(({ Name }) => Name?.replace(/\.$/, '') === dns.recordName.replace(/\.$/, ''));
    return there
      ? ok(subject, `reads zone ${dns.hostedZoneId} and both health checks; changing is not tried`)
      : lacking(subject, `Zone ${dns.hostedZoneId} has no record ${dns.recordName}.`);
  } catch (error) {
    return dnsFault(subject, plan, error);
  } finally {
    client.destroy();
  }
}

function dnsFault(subject: Subject, plan: Plan, error: unknown): AccessCheck {
  const name = error instanceof Error ? error.name : '';
  const text = `${name}: ${words(error)}`;
  if (/AccessDenied|NotAuthorized|InvalidClientToken|SignatureDoesNotMatch|CredentialsProvider/.test(name))
    return lacking(subject, text, { where: 'IAM policy of this identity', line: iamPolicy(plan.estate.dns) });
  if (name.startsWith('NoSuch')) return lacking(subject, `${text}. Correct estate.dns in the plan.`);
  return unreachable(subject, text);
}

/** Each authoritative server and resolver of the plan, asked for the record. */
export async function checkDnsServers(plan: Plan): Promise<readonly AccessCheck[]> {
  const { authoritativeServers, resolvers, recordName } = plan.estate.dns;
  const ask = async (kind: string, server: Endpoint): Promise<AccessCheck> => {
    const subject: Subject = { what: `${kind} ${server.host}:${server.port}`, steps: ['route-traffic', 'verify-as-customer'], as: 'anybody' };
    try {
      const resolver = new Resolver({ timeout: 2_000, tries: 1 });
      resolver.setServers([await addressOf(server)]);
      return ok(subject, `${recordName} is ${(await resolver.resolve4(recordName)).join(', ')}`);
    } catch (error) {
      return unreachable(subject, words(error));
    }
  };
  return Promise.all([...authoritativeServers.map((server) => ask('authoritative server', server)), ...resolvers.map((server) => ask('resolver', server))]);
}

async function addressOf(server: Endpoint): Promise<string> {
  const numeric = /^[\d.]+$|:/.test(server.host);
  const [address] = numeric ? [server.host] : await new Resolver({ timeout: 2_000, tries: 1 }).resolve4(server.host);
  return `${address?.includes(':') ? `[${address}]` : address}:${server.port}`;
}

/** The mail server greets; nothing is sent. */
export async function checkMail(plan: Plan): Promise<AccessCheck> {
  const { server, from } = plan.estate.mail;
  const subject: Subject = { what: `mail server ${server.host}:${server.port}`, steps: ['notify-stakeholders'], as: from };
  const transport = createTransport({
    ...server,
    connectionTimeout: answerWithin,
    greetingTimeout: answerWithin,
    socketTimeout: answerWithin,
    tls: { rejectUnauthorized: true },
  });
  try {
    await transport.verify();
    return ok(subject, 'greets; nothing was sent');
  } catch (error) {
    return unreachable(subject, words(error));
  } finally {
    transport.close();
  }
}

/** Any answer but a refusal of the token is enough: the plan's monitoring need not support reading. */
export async function checkMonitoring(plan: Plan, secret: Secret): Promise<AccessCheck> {
  const { url, token } = plan.estate.monitoring;
  const subject: Subject = {
    what: `monitoring at ${new URL(url).host}`,
    steps: ['update-monitoring'],
    as: token ? 'the bearer of the plan’s token' : 'anybody',
  };
  try {
    const headers = token ? { authorization: `Bearer ${await secret(token)}` } : {};
    const { status } = await fetch(url, { headers, signal: AbortSignal.timeout(milliseconds('PT5S')) });
    if (status === 401 || status === 403)
      return lacking(subject, `The token is refused with ${status}. Give the worker another one behind ${token ?? 'estate.monitoring.token'}.`);
    return ok(subject, `answers ${status}`);
  } catch (error) {
    return unreachable(subject, error instanceof Error && error.cause ? words(error.cause) : words(error));
  }
}

/** The report store must be writable by the worker. */
export async function checkReports(plan: Plan, planFolder: string): Promise<AccessCheck> {
  const user = userInfo().username;
  const directory = path.resolve(planFolder, plan.estate.reports.directory);
  const subject: Subject = { what: `report folder ${directory}`, steps: ['store-report'], as: `${user}@${hostname()}` };
  try {
    // The worker makes the folder when it stores its first report.
    await access(deepestFolder(directory), constants.W_OK);
    return ok(subject, 'may be written');
  } catch (error) {
    return lacking(subject, words(error), { where: `shell at ${hostname()}`, line: `install -d -o ${user} -m 0750 ${directory}` });
  }
}

function deepestFolder(directory: string): string {
  return existsSync(directory) ? directory : deepestFolder(path.dirname(directory));
}
