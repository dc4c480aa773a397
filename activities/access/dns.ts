/** The DNS provider's API, what stands in the zone, and the DNS servers of the plan. */
import { GetHealthCheckCommand, GetHealthCheckStatusCommand, Route53Client } from '@aws-sdk/client-route-53';
import { ApplicationFailure } from '@temporalio/common';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Endpoint, Plan } from '../../plan/schema.ts';
import { awsClientOptions, bounded } from '../aws/client.ts';
import { askAuthorities, siteAt } from '../dns/authorities.ts';
import { leadsTo } from '../dns/records.ts';
import { createRoute53 } from '../dns/route53.ts';
import { remainderSilent } from '../dns/shares.ts';
import { readState, servedFromElsewhere, type ZoneState } from '../dns/zone.ts';
import { given, resolveAt, serverName } from '../probing/resolve.ts';
import { lacking, ok, unreachable, words, type Subject } from './checks.ts';
import { iamPolicy } from './lines.ts';
import type { AccessCheck } from './port.ts';

type Secret = (reference: string) => Promise<string>;

/** Reads the zone, both health checks and every record of the name. Whether the records may be changed shows only when they are. */
export async function checkDnsApi(plan: Plan, secret: Secret): Promise<readonly AccessCheck[]> {
  const { dns } = plan.estate;
  const options = await awsClientOptions(dns, dns.credentials, { secret });
  const as = options.credentials?.accessKeyId ?? "the SDK's own credentials";
  const subject: Subject = { what: 'Route 53 API', steps: stepsThatReach('DNS by its API'), as };
  const client = new Route53Client(options);
  const route53 = await createRoute53(plan, { secret });
  try {
    // The status of a calculated check, as the switch's may be, cannot be asked for.
    await client.send(new GetHealthCheckCommand({ HealthCheckId: dns.switchHealthCheckId }), bounded());
    await client.send(new GetHealthCheckStatusCommand({ HealthCheckId: dns.siteHealthCheckId }), bounded());
    const api = ok(subject, `reads zone ${dns.hostedZoneId} and both health checks; changing is not tried`);
    const state = readState(plan, await route53.readSets());
    return [api, ...(await checkRecords(plan, state, as))];
  } catch (error) {
    return [dnsFault(subject, plan, error instanceof ApplicationFailure && error.cause ? error.cause : error)];
  } finally {
    route53.close();
    client.destroy();
  }
}

/** One check when all is as the plan says, else one for each thing that is not. */
async function checkRecords(plan: Plan, state: ZoneState, as: string): Promise<readonly AccessCheck[]> {
  const { recordName } = plan.estate.dns;
  const subject: Subject = { what: `record ${recordName}`, steps: stepsThatReach('DNS record'), as };
  const found = [...state.obstacles, ...servedFromElsewhere(plan, state, await askAuthorities(plan)), ...state.differences, ...state.beside];
  if (found.length > 0) return found.map((text) => lacking(subject, text));
  const secondary = state.secondary ? `, prepared for ${leadsTo(state.secondary)}` : '';
  return [ok(subject, `leads to ${leadsTo(state.primary)}${secondary}, and nothing else stands at the name`)];
}

function dnsFault(subject: Subject, plan: Plan, error: unknown): AccessCheck {
  const name = error instanceof Error ? error.name : '';
  const text = `${name}: ${words(error)}`;
  if (/AccessDenied|NotAuthorized|InvalidClientToken|SignatureDoesNotMatch|CredentialsProvider/.test(name))
    return lacking(subject, text, { where: 'IAM policy of this identity', line: iamPolicy(plan.estate.dns) });
  if (name.startsWith('NoSuch')) return lacking(subject, `${text}. Correct estate.dns in the plan.`);
  return unreachable(subject, text);
}

/** The maintenance answer of the plan, called as a customer would call it; none where the plan has none. */
export async function checkRemainder(plan: Plan, planFolder: string): Promise<readonly AccessCheck[]> {
  const { gradual } = plan.estate.dns;
  if (!gradual) return [];
  const subject: Subject = { what: `maintenance answer ${gradual.remainder}`, steps: stepsThatReach('maintenance answer'), as: 'anybody' };
  const silent = await remainderSilent(plan, planFolder);
  return [silent === null ? ok(subject, `answers as ${plan.estate.service.publicHost}`) : unreachable(subject, silent)];
}

/** Each authoritative server and resolver of the plan, asked for the record: exactly one address, of one site. */
export async function checkDnsServers(plan: Plan): Promise<readonly AccessCheck[]> {
  const { authoritativeServers, resolvers, recordName } = plan.estate.dns;
  const ask = async (kind: string, server: Endpoint): Promise<AccessCheck> => {
    const subject: Subject = { what: `${kind} ${serverName(server)}`, steps: stepsThatReach('DNS servers'), as: 'anybody' };
    try {
      const answer = await resolveAt(server, recordName, 2_000);
      const sites = answer.addresses.map((address) => siteAt(plan, address));
      if (sites.length === 1 && sites[0] !== 'unknown') return ok(subject, `${recordName} is ${given(answer)} (${sites.join()})`);
      return lacking(subject, `${recordName} is ${given(answer)}, and the publicAddress of one site alone was expected.`);
    } catch (error) {
      return unreachable(subject, words(error));
    }
  };
  return Promise.all([...authoritativeServers.map((server) => ask('authoritative server', server)), ...resolvers.map((server) => ask('resolver', server))]);
}
