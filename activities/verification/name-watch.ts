/** What the public name leads to while a recovered service is watched: a slower automation, or a person, may write the old record back. */
import { milliseconds } from '../../plan/durations.ts';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import { askAuthorities, siteAt, strayAnswers, type AuthorityAnswer } from '../dns/authorities.ts';
import { givesOnly, resolveAt, serverName } from '../probing/resolve.ts';

export class NameWatch {
  private readonly plan: Plan;
  private readonly address: string;
  /** Resolvers that have given the site's address in this watch: one that never did keeps an old answer, which is no relapse. */
  private readonly arrived = new Set<string>();
  private rounds = 0;
  private silentRounds = 0;
  /** Rounds in which somebody was led elsewhere. */
  private strayRounds = 0;
  /** Rounds in which all that answered led to the site, and an authoritative server did. */
  private roundsThere = 0;

  constructor(plan: Plan, site: SiteId) {
    this.plan = plan;
    this.address = plan.estate.sites[site]?.publicAddress ?? '';
  }

  /** Asks once; a sentence when the name leads elsewhere. No answer is no relapse. */
  async look(): Promise<string | undefined> {
    const { resolvers } = this.plan.estate.dns;
    const [authorities, fallenBack] = await Promise.all([askAuthorities(this.plan), Promise.all(resolvers.map((resolver) => this.askResolver(resolver)))]);
    this.rounds += 1;
    if (authorities.length === 0) this.silentRounds += 1;
    const stray = [...authorities, ...fallenBack.flatMap((answer) => answer ?? [])].filter((answer) => !givesOnly(answer, this.address));
    if (stray.length === 0 && authorities.length > 0) this.roundsThere += 1;
    if (stray.length === 0) return undefined;
    this.strayRounds += 1;
    return `the name leads to ${this.placesOf(stray)} again: ${strayAnswers(this.plan, stray, this.address).join(', ')}`;
  }

  /** What the rounds have shown, when none was a relapse: a stray answer that was gone at the next look is none, and is told. */
  get summary(): string {
    const { recordName } = this.plan.estate.dns;
    const silent = this.silentRounds === 0 ? [] : [`No authoritative server answered in ${this.silentRounds} of ${this.rounds} rounds.`];
    if (this.strayRounds > 0) return [`${recordName} led there in all but ${this.rounds - this.roundsThere} of ${this.rounds} rounds.`, ...silent].join(' ');
    return silent[0] ?? `${recordName} led there all the while.`;
  }

  /** The answer of a resolver that counts: of one that has been seen to lead to the site. */
  private async askResolver(resolver: Endpoint): Promise<AuthorityAnswer | undefined> {
    const { service, detection } = this.plan.estate;
    const server = serverName(resolver);
    const answer = await resolveAt(resolver, service.publicHost, milliseconds(detection.probeTimeout)).catch(() => undefined);
    if (answer && givesOnly(answer, this.address)) this.arrived.add(server);
    return answer && this.arrived.has(server) ? { server, ...answer } : undefined;
  }

  private placesOf(answers: readonly AuthorityAnswer[]): string {
    const addresses = [...new Set(answers.flatMap((answer) => answer.addresses))];
    const places = new Set(addresses.map((address) => (siteAt(this.plan, address) === 'unknown' ? address : siteAt(this.plan, address))));
    return [...places].join(' and ') || 'nothing';
  }
}
