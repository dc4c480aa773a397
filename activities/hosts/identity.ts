/** Who a site's agent says it is, and which epoch it has seen. */
import { parseEpoch } from '../../plan/rules/epochs.ts';
import { milliseconds } from '../../plan/durations.ts';
import type { SiteId } from '../../plan/schema.ts';
import { attemptToRead } from '../attempt.ts';
import type { RunContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Lookout } from '../lookouts.ts';
import type { AgentState } from './port.ts';

/** Longest that an agent takes to say who it is, once it is reached. */
const identifyMilliseconds = 5_000;

type Dependencies = Pick<ActivityDependencies, 'planOf' | 'agent' | 'lookouts'>;

/** Asks the agent of a site; one that has been silent all the time while it was looked at is not waited for once more. The clock of its database is not told here. */
export async function askIdentity(dependencies: Dependencies, run: RunContext, site: SiteId): Promise<AgentState> {
  return dependencies.lookouts.ask(keyOf(run, site), await lookoutOf(dependencies, run, site));
}

/** Goes on asking the agent of a site that gives no answer, so that its silence is known when people have decided. */
export async function keepAsking(dependencies: Dependencies, run: RunContext, site: SiteId, forMilliseconds: number): Promise<void> {
  dependencies.lookouts.keep(keyOf(run, site), await lookoutOf(dependencies, run, site), forMilliseconds);
}

export function stopAsking({ lookouts }: Pick<Dependencies, 'lookouts'>, run: RunContext, site: SiteId): void {
  lookouts.end(keyOf(run, site));
}

function keyOf(run: RunContext, site: SiteId): string {
  return `${run.planDigest} ${site}, its agent`;
}

async function lookoutOf(dependencies: Dependencies, run: RunContext, site: SiteId): Promise<Lookout<AgentState>> {
  const { detection, ssh } = (await dependencies.planOf(run.planDigest)).estate;
  return {
    look: () => identify(dependencies, run, site),
    everyMilliseconds: milliseconds(detection.probeInterval),
    // Looks share one login, so that silence is told no more often than a login waits.
    goodForMilliseconds: milliseconds(ssh.connectTimeout) + milliseconds(detection.probeInterval),
    withinMilliseconds: milliseconds(ssh.connectTimeout) + identifyMilliseconds,
    stands: ({ reachable }) => !reachable,
  };
}

async function identify(dependencies: Dependencies, run: RunContext, site: SiteId): Promise<AgentState> {
  const answer = await attemptToRead(
    () => dependencies.agent(run, site).ask('identify'),
    (fields): AgentState => {
      const named = fields.get('site');
      if (named !== site) return { site, reachable: false, reason: `the agent there calls itself ${named}; the plan's address leads to another site` };
      const epoch = parseEpoch(fields.get('epoch'));
      if (epoch === undefined) return { site, reachable: false, reason: `the agent there tells no epoch, but ${JSON.stringify(fields.get('epoch'))}` };
      return {
        site,
        reachable: true,
        epoch,
        epochHolder: fields.get('epoch_holder'),
        clocks: { siteAheadSeconds: fields.aheadSeconds ?? 0, workerAheadSeconds: null },
      };
    },
  );
  return answer.ok ? answer.value : { site, reachable: false, reason: answer.reason };
}
