/** Steps that make the target ready. All of them can be taken back. */
import type { ApplicationCheck } from '../../activities/application/port.ts';
import type { Change } from '../../activities/context.ts';
import type { DatabaseState } from '../../activities/database/port.ts';
import { ApplicationFailure } from '@temporalio/workflow';
import { seconds } from '../../plan/durations.ts';
import { describeLoss, estimateLoss, type LossEstimate } from '../../plan/rules/loss.ts';
import type { SiteId } from '../../plan/schema.ts';
import type { StepTools } from '../activity-proxies.ts';
import type { RecoveryFacts } from '../facts.ts';
import type { Alteration, Look, Run } from '../run.ts';
import { cacheSites, databaseSites } from '../sites.ts';

/** Step: the target's database gets everything that a surviving standby has more. */
export function catchUpDatabase(run: Run, facts: RecoveryFacts): Alteration<Change> {
  return {
    changes: true,
    would: `let the database at ${facts.to} catch up from the most advanced surviving standby`,
    predicted: unchanged('catch-up not tried in a dry run'),
    act: async ({ read, change }) => {
      const states = await readDatabases(run, { read, change }, databaseSites(run.plan, facts.from));
      const own = states.find((state) => state.site === facts.to);
      const ahead = mostAdvanced(states);
      if (!own?.reachable) throw unreachable('database', facts.to, own && !own.reachable ? own.reason : 'the plan has no database there');
      if (!ahead || ahead.site === facts.to || ahead.receivedBytes <= own.replayedBytes) return unchanged(`nobody is ahead of ${facts.to}`);
      return change.followDatabase({ run: run.context(), site: facts.to, source: ahead.site, untilBytes: ahead.receivedBytes });
    },
    found: describeChange,
  };
}

/** Step: the same for the cache; the most advanced offset wins. */
export function catchUpCache(run: Run, facts: RecoveryFacts): Alteration<Change> {
  return {
    changes: true,
    would: `let the cache at ${facts.to} catch up from the most advanced surviving replica`,
    predicted: unchanged('catch-up not tried in a dry run'),
    act: async ({ read, change }) => {
      const states = await Promise.all(cacheSites(run.plan, facts.from).map((site) => read.readCache({ run: run.context(), site })));
      const own = states.find((state) => state.site === facts.to);
      if (!own?.reachable) throw unreachable('cache', facts.to, own && !own.reachable ? own.reason : 'the plan has no cache there');
      const ahead = states.filter((state) => state.reachable).sort((a, b) => b.offset - a.offset)[0];
      if (!ahead || ahead.site === facts.to || ahead.offset <= own.offset) return unchanged(`nobody is ahead of ${facts.to}`);
      return change.followCache({ run: run.context(), site: facts.to, source: ahead.site });
    },
    found: describeChange,
  };
}

/** Step: what would be lost by promoting the target now. */
export function checkLag(run: Run, facts: RecoveryFacts): Look<LossEstimate> {
  return {
    act: async (tools) => {
      const states = await readDatabases(run, tools, databaseSites(run.plan, facts.from));
      const own = states.find((state) => state.site === facts.to);
      const loss = lossNow(run, facts, own);
      facts.loss = loss;
      return loss;
    },
    found: describeLoss,
  };
}

/** Whether people must accept the loss: it is unknown, or above the plan's limits, and not covered by what they have accepted already. */
export function lossNeedsPeople(run: Run, facts: RecoveryFacts, loss: LossEstimate): boolean {
  if (loss.kind === 'proven 0') return false;
  const { lagBytesMax, lagTimeMax } = run.plan.estate.limits;
  if (loss.kind === 'unknown') return facts.acceptedLossSeconds === null;
  if (facts.acceptedLossSeconds !== null && loss.seconds <= facts.acceptedLossSeconds) return false;
  return loss.seconds > seconds(lagTimeMax) || (loss.bytes !== 'unknown' && loss.bytes > lagBytesMax) || facts.fences.some((fence) => !fence.proven);
}

/** The loss as it stands, from the fence's position and the target's. */
export function lossNow(run: Run, facts: RecoveryFacts, target: DatabaseState | undefined): LossEstimate {
  const fence = facts.fences.find((candidate) => candidate.proven && candidate.positionBytes !== undefined);
  const proven = facts.fences.length > 0 && facts.fences.every((candidate) => candidate.proven);
  return estimateLoss({
    probeIntervalSeconds: seconds(run.plan.estate.detection.probeInterval),
    ...(proven && fence?.positionBytes !== undefined ? { fencedPositionBytes: fence.positionBytes, fenceProof: fence.proof } : {}),
    ...(target?.reachable ? { targetBytes: target.replayedBytes } : {}),
    ...(target?.reachable && target.lastReplayedCommitAt ? { lastCommitAt: Date.parse(target.lastReplayedCommitAt) } : {}),
    ...(facts.moments.failedSince ? { failedSinceAt: Date.parse(facts.moments.failedSince) } : {}),
  });
}

/** Step: the target carries the full load before it gets any. */
export function raiseCapacity(run: Run, facts: RecoveryFacts): Alteration<Change> {
  const site = run.plan.sites.find((candidate) => candidate.id === facts.to);
  const baseline = site?.capacity.baselinePercent ?? 0;
  const full = site?.capacity.failoverPercent ?? 100;
  return {
    changes: true,
    would: `raise the capacity of ${facts.to} from ${baseline} % to ${full} %`,
    predicted: unchanged('not raised in a dry run'),
    act: ({ change }) => change.setCapacity({ run: run.context(), site: facts.to, percent: full }),
    found: describeChange,
    undo: {
      would: `take the capacity of ${facts.to} back to ${baseline} %`,
      act: ({ change }) => change.setCapacity({ run: run.context(), site: facts.to, percent: baseline }),
    },
  };
}

/** Step: service files and certificate at the target are fit for use. */
export function checkApplication(run: Run, facts: RecoveryFacts): Look<ApplicationCheck> {
  return {
    act: async ({ read }) => {
      const check = await read.checkApplication({ run: run.context(), site: facts.to });
      if (check.ok) return check;
      throw ApplicationFailure.nonRetryable(
        `${facts.to} is not fit to serve: ${check.findings.join('; ')}. Nothing was changed there. HINT: mend it on the host, then choose retry.`,
        'permanent',
      );
    },
    found: (check) => (check.ok ? `files present, certificate valid until ${check.certificateExpiresAt ?? 'unknown'}` : check.findings.join('; ')),
    otherwise: { ok: false, findings: ['skipped'] },
  };
}

async function readDatabases(run: Run, { read }: StepTools, sites: readonly SiteId[]): Promise<readonly DatabaseState[]> {
  return Promise.all(sites.map((site) => read.readDatabase({ run: run.context(), site })));
}

function mostAdvanced(states: readonly DatabaseState[]): Extract<DatabaseState, { reachable: true }> | undefined {
  return states.filter((state) => state.reachable).sort((a, b) => b.receivedBytes - a.receivedBytes)[0];
}

function describeChange(change: Change): string {
  return change.changed ? `${change.before} → ${change.after}` : change.after;
}

function unchanged(after: string): Change {
  return { before: after, after, changed: false, source: 'the run', at: new Date().toISOString() };
}

function unreachable(what: string, site: SiteId, reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `The ${what} at ${site} does not answer: ${reason}. Nothing was changed there. HINT: bring it back, then choose retry; or choose undo.`,
    'permanent',
  );
}
