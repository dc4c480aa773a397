/** Epochs, identities and refusals, asked from the site agents. */
import { attemptToRead, bare } from '../attempt.ts';
import { changeOf } from '../change.ts';
import { type Refusals, type Refusal, verbsFor } from '../../plan/rules/refusals.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies, AgentFields } from '../dependencies.ts';
import type { Lookout } from '../lookouts.ts';
import { readAhead } from '../database/clocks.ts';
import { siteOf } from '../ssh/programs.ts';
import { askIdentity } from './identity.ts';
import type { AgentState, HostsActivities } from './port.ts';

/** A host is asked so often, since each answer takes it a score of programs. */
const refusalsEveryMilliseconds = 5_000;
/** Longest that it takes them. */
const refusalsWithinMilliseconds = 7_000;

/** `workerAheadSeconds`: by how much this machine's own clock is ahead of the run's; null while that is not known. */
export function createHostsActivities(dependencies: ActivityDependencies, workerAheadSeconds: () => number | null = () => null): HostsActivities {
  return {
    async readAgents({ run, sites }) {
      return Promise.all(
        sites.map(async (site): Promise<AgentState> => {
          const databaseAhead = databaseAheadSeconds(dependencies, run, site);
          const agent = await askIdentity(dependencies, run, site);
          if (!agent.reachable) return agent;
          const ahead = await databaseAhead;
          const clocks = { siteAheadSeconds: 0, ...agent.clocks, workerAheadSeconds: workerAheadSeconds() };
          return { ...agent, clocks: ahead === undefined ? clocks : { ...clocks, databaseAheadSeconds: ahead } };
        }),
      );
    },

    async readRefusals({ run, site, part, lost, goOnSeconds }) {
      const plan = await dependencies.planOf(run.planDigest);
      siteOf(plan, site); // a site that the plan does not know has nothing to refuse, and is no site
      const verbs = verbsFor(plan, site, part, lost);
      const look = async (): Promise<Refusals> => {
        const answer = await attemptToRead(() => dependencies.agent(run, site).ask('check', ...verbs), refusalsOf);
        return answer.ok ? { site, ...answer.value } : { site, notAsked: { silent: answer.silent, reason: bare(answer.reason) }, refused: [], exceptions: [] };
      };
      const lookout: Lookout<Refusals> = {
        look,
        everyMilliseconds: refusalsEveryMilliseconds,
        withinMilliseconds: refusalsWithinMilliseconds,
        stands: refusesNothing,
        atOnce: true, // each takes longer than a moment
      };
      const key = `${run.planDigest} ${site}, what it would refuse: ${verbs.join(' ')}`;
      const refusals = await dependencies.lookouts.ask(key, lookout);
      if (goOnSeconds !== undefined) dependencies.lookouts.keep(key, lookout, goOnSeconds * 1000);
      else dependencies.lookouts.end(key);
      return refusals;
    },

    async claimEpoch({ run, site }) {
      return changeOf(await dependencies.agent(run, site).change('epoch-claim'), site, dependencies.now());
    },
  };
}

function refusesNothing({ notAsked, refused }: Refusals): boolean {
  return notAsked === undefined && refused.length === 0;
}

/** Of the site's database, which may run on another machine than the agent; undefined where it has none, or gave no answer: whoever needs it asks it himself. */
async function databaseAheadSeconds(dependencies: ActivityDependencies, run: RunContext, site: SiteId): Promise<number | undefined> {
  const plan = await dependencies.planOf(run.planDigest);
  if (plan.estate.sites[site]?.database === undefined) return undefined;
  return dependencies.sessions.database(run, site, (client) => readAhead(client, dependencies.now)).catch(() => undefined);
}

/** Lines `refused=VERB: why` and `error=VERB: why` (it could not even look), and `exception=VERB: what is less`. */
export function refusalsOf(fields: AgentFields): Pick<Refusals, 'refused' | 'exceptions'> {
  const told = (key: string): readonly Refusal[] =>
    fields.all(key).map((line) => {
      const at = line.indexOf(': ');
      const [verb = '', argument] = line.slice(0, at).split('=');
      return { verb, reason: line.slice(at + 2), ...(argument === undefined ? {} : { argument }) };
    });
  return { refused: [...told('refused'), ...told('error')], exceptions: [...new Set(told('exception').map(({ reason }) => reason))] };
}
