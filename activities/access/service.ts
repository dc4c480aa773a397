/** The service at a site, called there directly under its public name. */
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { stepsThatReach } from '../../plan/catalogue/index.ts';
import type { Plan, SiteId } from '../../plan/schema.ts';
import { milliseconds } from '../../plan/durations.ts';
import type { Standing } from './needs.ts';
import { isCertificateFault } from '../probing/certificates.ts';
import { lacking, ok, unreachable, words } from './checks.ts';
import type { Subject } from './checks.ts';
import type { AccessCheck } from './port.ts';

/** `authority` are the certificates that clients trust; absent: the system's own. A service that is stopped at a standby site is no fault: its certificate is. */
export async function checkService(plan: Plan, site: SiteId, authority: string | undefined, standing: Standing | undefined): Promise<AccessCheck> {
  const { service, sites } = plan.estate;
  const endpoint = sites[site]?.service;
  const subject: Subject = { what: `service as ${service.publicHost}`, steps: stepsThatReach('service'), as: 'anybody' };
  if (!endpoint) return lacking(subject, 'The plan has no address for it.');
  try {
    const { status, expires } = await get({
      ...endpoint,
      path: service.healthPath,
      servername: service.publicHost,
      headers: { host: service.publicHost },
      timeout: milliseconds(plan.estate.detection.probeTimeout),
      ...(authority === undefined ? {} : { ca: authority }),
    });
    return ok(subject, `answers ${status}; certificate until ${expires}`);
  } catch (error) {
    return isCertificateFault(error)
      ? lacking(subject, `Its certificate is not accepted: ${words(error)}.`)
      : isSpare(plan, site, standing)
        ? ok(subject, 'stopped, as it is at a site that does not serve; its certificate is looked at by the agent')
        : unreachable(subject, words(error));
  }
}

/** A site whose database follows another, or where the plan has the service stopped, serves nobody. */
function isSpare(plan: Plan, site: SiteId, standing: Standing | undefined): boolean {
  const { database } = standing ?? {};
  if (database === undefined) return plan.sites.find(({ id }) => id === site)?.role !== 'primary';
  return database.find('in_recovery') === 'yes' || database.flag('hba_closed');
}

function get(options: RequestOptions): Promise<{ status: number; expires: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ ...options, method: 'GET', agent: false }, (response) => {
      const expires = (response.socket as TLSSocket).getPeerCertificate().valid_to;
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, expires }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.end();
  });
}
