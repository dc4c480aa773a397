/** What the authoritative servers give for the name that customers use. */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { given, givesOnly, resolve6At, resolveAt, serverName, type AddressAnswer } from '../probing/resolve.ts';

/** A question by UDP that is not answered by then was lost, or nobody is there. */
export const queryTimeoutMilliseconds = 1_000;

export interface AuthorityAnswer extends AddressAnswer {
  /** Name of the server that gave it. */
  readonly server: string;
}

/** Every authoritative server that answers, in the order of the plan. */
export async function askAuthorities(plan: Plan): Promise<readonly AuthorityAnswer[]> {
  const { authoritativeServers, recordName } = plan.estate.dns;
  const answers = await Promise.allSettled(
    authoritativeServers.map(async (server) => ({ server: serverName(server), ...(await resolveAt(server, recordName, queryTimeoutMilliseconds)) })),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** The IPv6 addresses that they give, each once. */
export async function askForIpv6(plan: Plan): Promise<readonly string[]> {
  const { authoritativeServers, recordName } = plan.estate.dns;
  const answers = await Promise.allSettled(authoritativeServers.map((server) => resolve6At(server, recordName, queryTimeoutMilliseconds)));
  return [...new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])))].toSorted();
}

/** At least one has answered, and all that did give exactly this address: a customer's resolver may ask any of them, and a customer may take any address. */
export function agreeOn(answers: readonly AuthorityAnswer[], address: string): boolean {
  return answers.length > 0 && answers.every((answer) => givesOnly(answer, address));
}

/** Which servers give something else, and what. */
export function notMoved(plan: Plan, to: SiteId, withinSeconds: number, answers: readonly AuthorityAnswer[]): string {
  const address = plan.estate.sites[to]?.publicAddress ?? 'no address';
  if (answers.length === 0) return `After ${withinSeconds} s no authoritative server answers; ${address} of ${to} was expected.`;
  return `After ${withinSeconds} s not all authoritative servers give ${address} of ${to} alone: ${strayAnswers(plan, answers, address).join(', ')}.`;
}

/** Which servers give something else than one of these addresses alone, and what. */
export function notOnly(plan: Plan, allowed: readonly string[], withinSeconds: number, answers: readonly AuthorityAnswer[]): string {
  const expected = allowed.join(' or ');
  if (answers.length === 0) return `After ${withinSeconds} s no authoritative server answers; ${expected} was expected.`;
  const stray = answers.filter((answer) => !allowed.some((address) => givesOnly(answer, address)));
  const told = stray.map((answer) => `${answer.server} gives ${given(answer)}${atSites(plan, answer)}`);
  return `After ${withinSeconds} s not all authoritative servers give ${expected} alone: ${[...new Set(told)].join(', ')}.`;
}

/** What is given in place of this address alone, and by whom. */
export function strayAnswers(plan: Plan, answers: readonly AuthorityAnswer[], address: string): readonly string[] {
  return answers.filter((answer) => !givesOnly(answer, address)).map((answer) => `${answer.server} gives ${given(answer)}${atSites(plan, answer)}`);
}

function atSites(plan: Plan, { addresses }: AuthorityAnswer): string {
  return addresses.length === 0 ? '' : ` (${addresses.map((address) => siteAt(plan, address)).join(' and ')})`;
}

/** The site that these answers lead to; `unknown` where they are not one address of one site. */
export function siteOf(plan: Plan, answers: readonly AuthorityAnswer[]): SiteId {
  const [address = ''] = addressesOf(answers);
  return agreeOn(answers, address) ? siteAt(plan, address) : 'unknown';
}

export function addressesOf(answers: readonly AuthorityAnswer[]): readonly string[] {
  return [...new Set(answers.flatMap((answer) => answer.addresses))].toSorted();
}

export function siteAt(plan: Plan, address: string | undefined): SiteId {
  return Object.entries(plan.estate.sites).find(([, site]) => site.publicAddress === address)?.[0] ?? 'unknown';
}
