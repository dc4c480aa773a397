/** Steps after the recovery: who can write, monitoring, people, the copy of the report. */
import type { Change } from '../../activities/context.ts';
import type { WriterState } from '../../activities/fencing/port.ts';
import type { Reads } from '../../activities/index.ts';
import type { Restored } from '../../activities/restore/port.ts';
import { formatSeconds } from '../../plan/durations.ts';
import { describeLoss } from '../../plan/rules/loss.ts';
import { cutText } from '../../plan/rules/cut.ts';
import type { MessageValues } from '../../plan/rules/messages.ts';
import { mailValueLengthMax } from '../../report/media/mail.ts';
import { split } from '../estate/clock.ts';
import type { RecoveryFacts } from '../estate/facts.ts';
import type { ColdStartFacts } from '../estate/restored.ts';
import type { Course } from '../engine/course.ts';
import type { Alteration, LookAtChange } from '../engine/step-body.ts';
import { isTree, snapshotStores } from '../../plan/rules/snapshots.ts';
import { judgeServers, observeServers } from '../estate/servers.ts';

/** Step: which servers can write now. What falls short is an exception that stands first in the report, and is known before anybody is told. */
export function confirmWriters(run: Course, facts: RecoveryFacts): LookAtChange<readonly WriterState[]> {
  return {
    would: 'confirm that exactly one server of each kind can write',
    predicted: [],
    act: async ({ read }) => {
      const observed = await observeServers(run, facts, read);
      run.except(...judgeServers(run.plan, observed));
      return observed;
    },
    found: (servers) => servers.map(({ server, site, state }) => `${server} at ${site}: ${state}`).join(', '),
    otherwise: [],
  };
}

/** Step: what was restored can write, and nothing else. */
export function confirmRestoredWriter(run: Course, facts: ColdStartFacts): LookAtChange<readonly WriterState[]> {
  return {
    ...confirmWriters(run, facts),
    act: async ({ read }) => {
      const observed = await observeRestored(run, facts, read);
      const isCacheBack = facts.restoredSnapshots.has('cache');
      run.except(...judgeServers(run.plan, observed, isCacheBack ? ['database', 'cache'] : ['database']));
      if (run.plan.estate.cache !== undefined && !isCacheBack && !facts.opened) run.except('The cache was not restored: it started empty.');
      const notCurrent = snapshotStores(run.plan).filter((store) => isTree(store) && !facts.current.has(store));
      if (!facts.opened) run.except(...notCurrent.map((tree) => `No version of the ${tree} was restored: what the site had is used as it is.`));
      return observed;
    },
  };
}

/** What was opened writes, also where it has archived nothing yet; before that its own service may have been let in. */
function standing(stage: Restored['stage'], server: Restored['server']): WriterState['state'] {
  if (server !== 'running') return 'fenced';
  if (stage === 'accepted' || stage === 'opening') return 'writer';
  return stage === 'admitted' ? 'unknown' : 'fenced';
}

/** The servers of the plan, and what was restored at the target, which its own host tells of. */
export async function observeRestored(run: Course, facts: ColdStartFacts, read: Reads): Promise<readonly WriterState[]> {
  const at = { run: run.context(), site: run.places.target };
  const servers = (['database', 'cache'] as const).filter((store) => store === 'database' || snapshotStores(run.plan).includes(store));
  const [observed, ...restored] = await Promise.all([
    observeServers(run, facts, read),
    ...servers.map(async (kind) => ({ kind, ...(await read.readRestored({ ...at, store: kind })) })),
  ]);
  const own = restored.filter(({ by }) => by === run.start.execution || by === facts.opened?.by);
  const states = own.map(({ site, kind, stage, server, at: seenAt }): WriterState => ({
    site,
    server: kind,
    state: standing(stage, server),
    how: `restored and ${stage}, its server ${server}, at ${seenAt}`,
  }));
  return (facts.observed = [...observed, ...states]);
}

/** Step: monitoring knows where the service runs. */
export function updateMonitoring(run: Course): Alteration<Change | null> {
  return {
    changes: true,
    would: `tell monitoring that ${run.places.target} has taken over from ${run.places.source}`,
    predicted: null,
    otherwise: null,
    act: ({ change }) => change.updateMonitoring({ run: run.context(), from: run.places.source, to: run.places.target }),
    found: (result) => result?.after ?? 'not told',
  };
}

/** Step: stakeholders are told in the plan's words. `what` is done, such as `the failover to eu-central-1`. */
export function notifyStakeholders(run: Course, facts: RecoveryFacts, what: string): Alteration<{ readonly recipients: readonly string[] }> {
  return {
    changes: true,
    would: `mail the stakeholders that ${what} is done`,
    predicted: { recipients: [] },
    otherwise: { recipients: [] },
    act: ({ change }) => change.notifyStakeholders({ run: run.context(), values: messageValues(run, facts) }),
    found: (result) => `sent to ${result.recipients.join(', ') || 'nobody'}`,
  };
}

/** Values for the message templates of the plan. */
function messageValues(run: Course, facts: RecoveryFacts): MessageValues {
  const clock = split(facts.moments, run.peopleSeconds);
  const total = clock && clock.totalSeconds !== 'not reached' ? formatSeconds(clock.totalSeconds) : 'not known yet';
  return {
    incidentId: run.start.runId,
    status: run.record.exceptions.length === 0 ? 'recovered' : 'recovered with exceptions',
    from: run.places.source,
    to: run.places.target,
    failedSince: facts.moments.failedSince ?? 'unknown',
    duration: total,
    loss: facts.loss ? describeLoss(facts.loss) : 'unknown',
    nextSteps: run.record.leftovers.length === 0 ? 'Watch the service; plan the way back.' : cutText(run.record.leftovers.join(' '), mailValueLengthMax),
  };
}
