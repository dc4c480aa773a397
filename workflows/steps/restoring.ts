/** Steps that bring the data back from backups at a site where nothing runs: docs/decisions/019-cold-start.md. */
import type { Change } from '../../activities/context.ts';
import type { Restored } from '../../activities/restore/port.ts';
import { formatBytes } from '../../plan/rules/progress.ts';
import type { StepTools } from '../engine/activity-proxies.ts';
import type { Course } from '../engine/course.ts';
import { failure } from '../engine/failures.ts';
import { runJob } from '../engine/jobs.ts';
import type { Alteration, Look } from '../engine/step-body.ts';
import { unchanged } from '../engine/unchanged.ts';
import { type ColdStartFacts, emptyCache, lossSince, type Points } from '../estate/restored.ts';
import { type Looked, lookOnceMore } from './detection.ts';
import { startServices } from './promotion.ts';

/** Step: to which moments the target can be restored, and whether an earlier run has opened what it restored there, from which this one may go on. */
export function readPoints(run: Course, facts: ColdStartFacts): Look<Points | null> {
  const site = run.places.target;
  return {
    act: async ({ read }) => {
      const [restored, points] = await Promise.all([read.readRestored({ run: run.context(), site }), read.readRestorePoints({ run: run.context(), site })]);
      facts.opened = isOpened(restored) && restored.inPlace ? restored : null;
      facts.points = points.found ? points : null;
      if (points.found || facts.opened) return facts.points;
      throw failure('permanent', {
        happened: `Nobody can tell what can be restored at ${site}: ${points.reason.replace(/\.$/, '')}.`,
        leftAs: 'Nothing was changed.',
        next: 'Bring the backups within its reach, then choose retry.',
      });
    },
    found: (points) => {
      const told = points
        ? [`${points.sets.filter(({ unusable }) => unusable === undefined).length} of ${points.sets.length} sets of ${points.tool} can be restored`]
        : [];
      return [...told, ...(facts.opened ? [`${facts.opened.by} has opened what it restored`] : [])].join('; ');
    },
  };
}

/** People had accepted it: customers may have written since. */
function isOpened({ stage }: Restored): boolean {
  return stage === 'opening' || stage === 'accepted';
}

/** Step: one more look right before anything is changed, at each failed site and at whether the moment that was chosen can still be had. */
export function confirmChoice(run: Course, facts: ColdStartFacts): Look<Looked> {
  return lookOnceMore(run, facts, [
    async (read) => {
      if (facts.chosen === null) return;
      const look = await read.lookAtRestore({ run: run.context(), site: run.places.target, ...facts.chosen });
      facts.foundAgainst = look.ready ? [] : [look.reason];
    },
  ]);
}

/** Step: the site's host restores the database to the moment that was chosen, behind closed doors, and proves what came of it. */
export function restoreDatabase(run: Course, facts: ColdStartFacts): Alteration<Restored> {
  const site = run.places.target;
  const { set, point } = facts.chosen ?? { set: '', point: '' };
  return {
    changes: true,
    would: `restore the database at ${site} from ${set} to ${point}, and prove it`,
    predicted: { site, stage: 'none', inPlace: false, server: 'absent', proof: {}, kept: [], at: point },
    act: async (tools) => {
      if (facts.opened) return keep(run, facts, facts.opened, point);
      await discardOfOthers(run, tools);
      const start = { program: 'site-restore', start: (change, at) => change.restoreDatabase({ ...at, set, point }) } as const satisfies Parameters<
        typeof runJob
      >[2]['by'];
      await runJob(run, tools, { site, job: 'restore-database', args: [set, point], id: 'restore-database', by: start });
      const restored = await tools.read.readRestored({ run: run.context(), site });
      if (restored.by !== run.start.execution || restored.stage !== 'proven') throw notProven(restored);
      return keep(run, facts, restored, point);
    },
    found: ({ proof, kept }) => [...proofLines(proof), ...kept.map(({ folder, bytes }) => `${folder} stands beside it with ${formatBytes(bytes)}`)].join('; '),
    undo: {
      would: `discard what was restored at ${site}, and put back what was there before`,
      act: async ({ read, change }) => {
        const { by, stage } = await read.readRestored({ run: run.context(), site });
        // What was refused has restored nothing, and what another run restored is not this one's.
        if (by !== run.start.execution || stage === 'none' || stage === 'discarded') return [];
        const { remaining = [] } = await change.discardRestored({ run: run.context(), site });
        for (const left of remaining) run.leaveOver(left);
        return [];
      },
    },
  };
}

function keep(run: Course, facts: ColdStartFacts, restored: Restored, point: string): Restored {
  facts.restored = restored;
  facts.cacheLoss = emptyCache;
  facts.loss = lossSince(run, facts, restored.proof['last_commit_applied'] ?? point);
  return restored;
}

/** What a run that has ended left behind closed doors is in nobody's use: it is renamed, so that the folder is free. What one has opened is set aside by the restore itself, and not while its server runs. */
async function discardOfOthers(run: Course, { read, change }: StepTools): Promise<void> {
  const site = run.places.target;
  const restored = await read.readRestored({ run: run.context(), site });
  const { by, stage } = restored;
  if (by === undefined || by === run.start.execution || stage === 'discarded' || isOpened(restored)) return;
  const { remaining = [] } = await change.discardRestored({ run: run.context(), site });
  run.note(`What ${by} had restored at ${site} and nobody had accepted was discarded.`);
  for (const left of remaining) run.leaveOver(left);
}

/** What the host has proven, a line each. */
export function proofLines(proof: Restored['proof']): readonly string[] {
  const told: Readonly<Record<string, (value: string) => string>> = {
    last_commit_applied: (value) => `the last commit in it is of ${value}`,
    seconds_before_point: (value) => `${value} s before the moment that was chosen`,
    newest_heartbeat: (value) => `the newest heartbeat of the lost primary is of ${value}`,
    timeline_after: (value) => `timeline ${proof['timeline_before'] ?? '?'} → ${value}`,
    segments_walked: (value) => `its log has ${value} segments without a gap`,
    pages_checked: (value) => `pages checked: ${value}`,
    indexes_checked: (value) => `indexes checked: ${value}`,
  };
  return Object.entries(told).flatMap(([key, tell]) => (proof[key] === undefined ? [] : [tell(proof[key])]));
}

function notProven({ site, stage, by }: Restored): Error {
  return failure('permanent', {
    happened: `The restore at ${site} is done, and what stands there is ${stage}${by === undefined ? '' : ` of ${by}`}.`,
    leftAs: 'It was left as it is, and nobody is let in.',
    next: 'Look who restores there besides, then choose retry.',
  });
}

/** Step: the service of the site and the observers are let in to what was restored, and nobody else. */
export function admitServices(run: Course, { opened }: ColdStartFacts): Alteration<Change> {
  const site = run.places.target;
  return {
    changes: true,
    would: `let the service of ${site} in to what was restored, and nobody else`,
    predicted: unchanged('nobody was let in in a dry run'),
    // What is open already may be down.
    act: ({ change }) => (opened ? change.acceptRestored({ run: run.context(), site }) : change.admitServices({ run: run.context(), site })),
    found: ({ after }) => after,
  };
}

/** Step: the service at the target runs and says that it is ready; until people have accepted, it can be stopped again. */
export function startServicesBehindDoors(run: Course): Alteration<Change> {
  const site = run.places.target;
  return {
    ...startServices(run),
    undo: {
      would: `stop the service at ${site}`,
      act: async ({ change }) => {
        await change.stopService({ run: run.context(), site });
        run.leaveOver(`The service at ${site} was stopped and stays enabled: it starts again with its host. Disable it by hand where that is not wanted.`);
        return [];
      },
    },
  };
}

/** Step: the restored database opens for good, and archives to a path of its own. */
export function openDatabase(run: Course, { opened }: ColdStartFacts): Alteration<Change> {
  const site = run.places.target;
  return {
    changes: true,
    would: `open the restored database at ${site} for good, archiving to a path of its own`,
    predicted: unchanged('not opened in a dry run'),
    act: async ({ change }) => (opened ? unchanged(`opened already by ${opened.by}`) : change.acceptRestored({ run: run.context(), site })),
    found: ({ after }) => after,
  };
}
