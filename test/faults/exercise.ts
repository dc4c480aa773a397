/** One fault from health to health: health before, the fault, a run with what must come of it, the fault healed, health after, and the five invariants. */
import type { LabSite } from '../../lab/addresses.ts';
import { untilServed } from '../../lab/orchestrator/stack.ts';
import type { LabStatus } from '../../lab/status.ts';
import type { Report } from '../../report/report.ts';
import { DrError } from '../../client/index.ts';
import { runbookOf } from '../driven/driven.ts';
import { readEffects } from '../invariants/effects.ts';
import { judge, type Observation } from '../invariants/judge.ts';
import { observe } from '../invariants/observe.ts';
import { readTraces } from '../scenarios/drivers.ts';
import { driveToEnd, openQuestion, placesOf, type Start, start } from '../stage/drive.ts';
import { foldersAt, leftAt } from '../stage/folders.ts';
import { makeReady } from '../stage/ready.ts';
import type { Result } from '../stage/results.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../support/until.ts';
import type { FaultCase, Moment } from './case.ts';
import { beginOnly, usual } from './cases.ts';
import { bounded, type Check, checks, fencedOnReturn, type Left, lossless, noTraffic, notPromoted, unchanged } from './checks.ts';

/** How long a site that came back may stay without its fence. */
const fencedWithinSeconds = 60;

export async function exercise(stage: Stage, one: FaultCase): Promise<Result> {
  const begun = performance.now();
  const faults: string[] = [];
  const how = one.start ?? usual;
  const { failed, target } = placesOf(stage, how.driven);
  let ended = 'not started';
  try {
    const moments = new Moments(stage, one, how);
    await stage.reset(moments.places);
    await untilHealthy(stage, 'before the fault');
    await makeReady(stage, how.driven);
    const before = one.checks.includes('unchanged') ? await left(stage) : null;
    const since = new Date().toISOString();
    const folders = foldersAt(stage, target);
    if (!one.when) await moments.inject();
    if (one.lost) for (const site of failed) await stage.scenarios.control('kill', { site });
    const said = await recover(stage, one, how);
    ended = said.ended;
    faults.push(...(await moments.missed()));
    if (!one.ends.some((ending) => ending === ended)) faults.push(`It ended as ${ended}, not as ${one.ends.join(' or ')}: ${said.text.slice(0, 600)}`);
    if (one.says && !one.says.test(said.text)) faults.push(`Nothing says ${one.says.source}: ${said.text.slice(0, 600)}`);
    // The run is judged with the fault still there; what was lost can be told only when all is well again.
    const during = await observe(stage.scenarios, since);
    const forwardOnly = ended === 'waits' ? await giveUp(stage) : said.forwardOnly;
    await stage.scenarios.control('fault/heal', { name: one.fault, site: one.at });
    if (forwardOnly && !ended.startsWith(how.driven.goodEnd)) faults.push(...(await finish(stage, how)));
    else if (one.lost && !forwardOnly) for (const site of failed) await stage.scenarios.control('revive', { site });
    await untilHealthy(stage, 'after the fault was healed', forwardOnly ? failed : []);
    const after = await observe(stage.scenarios, since);
    faults.push(...judge({ ...during, figures: after.figures, effects: after.effects }));
    const due = one.checks.filter((check) => checks[check].judgedWhen(ended));
    for (const check of due) faults.push(...(await judgeCheck(check, stage, target, { before, folders, during, after })));
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  return { ended, faults, seconds: (performance.now() - begun) / 1000 };
}

/** What is to happen at moments of the run. */
class Moments {
  readonly places: Parameters<Stage['reset']>[0];
  private readonly stage: Stage;
  private readonly one: FaultCase;
  private readonly waited: readonly Moment[];
  private readonly done: Promise<unknown>[] = [];

  constructor(stage: Stage, one: FaultCase, { driven }: Start) {
    this.stage = stage;
    this.one = one;
    const { steps } = runbookOf(stage.scenarios.plan, driven.procedure);
    const at = ({ step, activity }: Moment, act: () => Promise<unknown>) => {
      const name = steps.find(({ id }) => id === step)?.name ?? step;
      const reached = async () => {
        const doing = act();
        this.done.push(doing);
        await doing;
      };
      return { at: { step: name, activity, moment: 'before' as const }, reached };
    };
    const { when, back } = one;
    this.waited = [...(when ? [when] : []), ...(back ? [back.when] : [])];
    this.places = [
      ...(when ? [at(when, () => this.inject())] : []),
      ...(back ? [at(back.when, () => Promise.all(back.sites.map((site) => this.revive(site))))] : []),
    ];
  }

  inject(): Promise<unknown> {
    return this.stage.scenarios.control('fault/inject', { name: this.one.fault, site: this.one.at });
  }

  /** One sentence where a moment did not come, or nothing could be done in it. */
  async missed(): Promise<string[]> {
    const settled = await Promise.allSettled(this.done);
    const failed = settled.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    const missing = this.waited.length - settled.length;
    return missing > 0 ? [...failed, `The run did not come to ${missing} of the moments of the fault.`] : failed;
  }

  private async revive(site: LabSite): Promise<void> {
    await this.stage.scenarios.control('heal', { site });
    await this.stage.scenarios.control('revive', { site });
  }
}

interface Seen {
  readonly before: Left | null;
  /** At the target, before the fault. */
  readonly folders: readonly string[];
  /** With the fault still there. */
  readonly during: Observation;
  /** With all well again. */
  readonly after: Observation;
}

async function judgeCheck(check: Check, stage: Stage, target: string, { before, folders, during, after }: Seen): Promise<string[]> {
  switch (check) {
    case 'lossless':
      return lossless(during.report, after.figures);
    case 'bounded':
      return bounded(during.report);
    case 'discarded':
      return leftAt(stage, target, folders, during.report?.leftovers ?? []);
    case 'noTraffic':
      return noTraffic(during.figures, target, stage.scenarios.publicAddress(target));
    case 'notPromoted':
      return notPromoted(during.effects);
    case 'unchanged':
      return before === null ? ['Nobody looked before the fault.'] : untilUnchanged(stage, before);
    case 'fencedOnReturn':
      return fencedOnReturn(await outcomeOfChild(stage));
  }
}

async function left(stage: Stage): Promise<Left> {
  return { traces: await readTraces(stage.scenarios, stage.drivers), effects: await readEffects(stage.lab) };
}

/** Servers take a moment to follow again once the fault is healed. */
async function untilUnchanged(stage: Stage, before: Left): Promise<string[]> {
  let differing = ['Nobody could look whether everything is as before.'];
  const same = async () => {
    differing = unchanged(before, await left(stage));
    return differing.length === 0 ? true : undefined;
  };
  await until('everything is as before', same, 30).catch(() => undefined);
  return differing;
}

/** Null when the child did not end in time. */
async function outcomeOfChild({ scenarios }: Stage): Promise<string | null> {
  const child = scenarios.child();
  const ended = async () => ((await child.describe()).status.name === 'COMPLETED' ? true : undefined);
  const inTime = await until('the child has ended', ended, fencedWithinSeconds).catch(() => false);
  return inTime ? ((await child.result()) as { readonly outcome: string }).outcome : null;
}

interface Said {
  readonly ended: string;
  /** Everything that the run said. */
  readonly text: string;
  /** It has passed the point of no return. */
  readonly forwardOnly: boolean;
}

async function recover(stage: Stage, one: FaultCase, how: Start): Promise<Said> {
  try {
    const run = await start(stage, how);
    const state = await driveToEnd(stage, run, how.driven, { answers: one.answers ?? beginOnly });
    if (state === 'WAITS') return { ended: 'waits', text: await openQuestion(run), forwardOnly: false };
    if (state !== 'COMPLETED') return { ended: state.toLowerCase(), text: '', forwardOnly: false };
    const { outcome, summary, exceptions, leftovers, steps, pointOfNoReturnAt } = (await run.result()) as Report;
    return { ended: outcome, text: `${summary} ${JSON.stringify({ exceptions, leftovers, steps })}`, forwardOnly: pointOfNoReturnAt !== null };
  } catch (error) {
    if (error instanceof DrError) return { ended: error.kind, text: error.message, forwardOnly: false };
    throw error;
  }
}

/** People who decide nothing give the run up: it takes back what it did, unless it has passed the point of no return; then true. */
async function giveUp(stage: Stage): Promise<boolean> {
  const run = stage.scenarios.run();
  await run.cancel();
  return ((await run.result()) as Report).pointOfNoReturnAt !== null;
}

/** What an earlier run promoted and did not finish, a new one does once the fault is healed. */
async function finish(stage: Stage, { driven }: Start): Promise<string[]> {
  const run = await start(stage, { driven });
  const state = await driveToEnd(stage, run, driven);
  const report = state === 'COMPLETED' ? ((await run.result()) as Report) : null;
  return report?.outcome.startsWith(driven.goodEnd) ? [] : [`The new run ended as ${report?.outcome ?? state}: ${report?.summary ?? ''}`];
}

/** Nothing is wrong, but at sites that are lost, and customers are served. */
async function untilHealthy(stage: Stage, when: string, lost: readonly string[] = []): Promise<void> {
  await until(
    `the lab is healthy ${when}`,
    async () => {
      const { problems } = await stage.scenarios.control<LabStatus>('status');
      const unexpected = problems.filter((problem) => !lost.some((site) => problem.includes(site)));
      if (unexpected.length > 0) throw new Error(unexpected.join(' '));
      return true;
    },
    30,
  );
  await untilServed(stage.scenarios.stack);
}
