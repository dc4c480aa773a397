/**
 * Warm-up: makes a standby site ready for full load before a day on which it may be needed. Planned work; customers notice nothing.
 *
 *  1. People choose the profile to be warmed up; the run takes the epoch.
 *  2. Capacity to 100 %, which an undo puts back; then the site's own job fills its caches.
 */
import type { JobLook } from '../../activities/jobs/port.ts';
import { refuse } from '../engine/opening.ts';
import type { PlannedClock, Report } from '../../report/report.ts';
import { ask } from '../engine/asking.ts';
import { now } from '../engine/clock.ts';
import { conduct } from '../engine/conduct.ts';
import type { Course } from '../engine/course.ts';
import { RunEnding } from '../engine/endings.ts';
import { noGravity } from '../engine/gravity.ts';
import { runJob } from '../engine/jobs.ts';
import type { ProcedureDefinition } from '../engine/procedure.ts';
import type { Alteration, Look } from '../engine/step-body.ts';
import type { EpochFacts } from '../estate/facts.ts';
import { askIfTooFewHold } from '../questions/holders.ts';
import { claimEpoch } from '../steps/claiming.ts';
import { raiseCapacity } from '../steps/preparation.ts';
import type { WarmUpInput } from '../wire/warm-up.ts';

interface WarmUpFacts extends EpochFacts {
  profile: string;
  /** When people had chosen, and when the site was warm; RFC 3339. */
  decidedAt: string | null;
  readyAt: string | null;
}

const definition: ProcedureDefinition<'warmUp', WarmUpFacts> = {
  name: 'warmUp',
  firstPhase: 'deciding',
  beginsAt: 'activation',
  goodEnd: 'done',
  checkPlaces: (plan, { target }) => {
    const sites = plan.sites.map(({ id }) => id);
    if (!sites.includes(target)) throw refuse(`The plan has no site "${target}".`, `Choose among ${sites.join(', ')}.`);
  },
  newFacts: () => ({ profile: '', decidedAt: null, readyAt: null, epochSurvey: null, lost: [] }),
  body: async (run, facts) => {
    await run.step('activation', chooseProfile(run, facts));
    const claim = await run.step('claim-epoch', claimEpoch(run, facts));
    await askIfTooFewHold(run, facts, claim);

    run.enter('preparing');
    await run.step('raise-capacity', raiseCapacity(run));
    await run.step('warm-caches', warmCaches(run, facts));
  },
  readEnd: async () => undefined,
  status: () => ({ forecast: 'planned work: no objective is at stake', rtoEndsAt: null, failedSince: null, loss: null }),
  report: (run, facts) => ({
    clock: clockOf(run, facts),
    loss: { kind: 'proven 0', proof: 'no data were moved' },
    servers: { predicted: [], observed: [] },
    functions: [],
  }),
};

export async function warmUp(input: WarmUpInput): Promise<Report> {
  return conduct(definition, input);
}

const profiles = { read: 'what customers read most', all: 'everything, an hour longer' };

/** Step: people choose what is warmed up. */
function chooseProfile(run: Course, facts: WarmUpFacts): Look<string> {
  return {
    act: async () => {
      const decision = await ask(run, {
        gate: 'activation',
        question: `Make ${run.places.target} ready for full load?`,
        choices: {
          warm: { does: 'raise its capacity and fill its caches', asks: { of: 'entry', what: 'the profiles', entries: profiles } },
          reject: 'change nothing',
        },
        harmless: 'reject',
        evidence: { lines: [`${run.places.target} runs at the capacity of a standby.`], at: now(), gravity: noGravity },
      });
      facts.decidedAt = decision.at;
      if (decision.kind !== 'decided' || decision.choice !== 'warm')
        throw new RunEnding('stood down', 'Nobody chose to warm it up; nothing was changed.', true);
      return (facts.profile = String(decision.answer));
    },
    found: (profile) => `profile ${profile}`,
  };
}

/** Step: the site's own job fills its caches. */
function warmCaches(run: Course, facts: WarmUpFacts): Alteration<JobLook> {
  const site = run.places.target;
  return {
    changes: true,
    would: `run the job warm-caches at ${site}`,
    predicted: { site, id: '', state: 'none', at: now() },
    act: async (tools) => {
      const look = await runJob(run, tools, { site, job: 'warm-caches', args: [`profile=${facts.profile}`], id: 'warm-caches' });
      facts.readyAt = now();
      return look;
    },
    found: ({ state, bytesDone }) => `${state}, ${bytesDone ?? 0} bytes`,
  };
}

function clockOf(run: Course, { decidedAt, readyAt }: WarmUpFacts): PlannedClock {
  const begunAt = run.start.startedAt;
  const between = (from: string, to: string) => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
  const decided = decidedAt ?? now();
  return {
    kind: 'planned',
    begunAt,
    decisionSeconds: between(begunAt, decided),
    preparationSeconds: between(decided, readyAt ?? now()),
    interruptionSeconds: 'none',
    totalSeconds: readyAt === null ? 'not reached' : between(begunAt, readyAt),
    peopleSeconds: run.peopleSeconds,
  };
}
