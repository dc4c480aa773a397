/** What the sweep does to a run at a place in it. */
import { setTimeout as pause } from 'node:timers/promises';
import { resumeSignal, statusQuery, stopSignal } from '../../workflows/wire/messages.ts';
import { type Effects, readEffects } from '../invariants/effects.ts';
import type { Stage } from '../stage/stage.ts';
import { until } from '../support/until.ts';

export const acts = ['kill', 'freeze', 'minute', 'server', 'stop', 'cancel', 'terminate'] as const;
export type Act = (typeof acts)[number];

export const meanings: Readonly<Record<Act, string>> = {
  kill: 'the worker is killed (SIGKILL), and started again',
  freeze: 'the worker is frozen (SIGSTOP) past its heartbeat, another one started, and it goes on after the run has ended',
  minute: 'the only worker is killed, and none lives for a minute',
  server: 'the Temporal server is killed (SIGKILL), and started again on its database',
  stop: 'the stop switch is thrown, nothing changes while it is, and the run is resumed',
  cancel: 'the run is cancelled',
  terminate: 'the run is terminated, and a new one started',
};

/** How long nothing may change while a run is held, and after a frozen worker goes on. */
const quietMs = 1_000;
const absenceMs = 60_000;

/** Things that an act found wrong; `rest` is awaited before the trial is judged. */
export interface Doing {
  readonly faults: string[];
  rest: Promise<void>;
}

export async function perform(act: Act, stage: Stage, doing: Doing): Promise<void> {
  const run = stage.scenarios.run();
  switch (act) {
    case 'kill':
      await stage.worker.kill();
      doing.rest = startAgain(stage);
      return;
    case 'minute':
      await stage.worker.kill();
      doing.rest = pause(absenceMs).then(() => startAgain(stage));
      return;
    case 'freeze':
      stage.frozen.push(stage.worker);
      stage.worker.signal('SIGSTOP');
      doing.rest = startAgain(stage);
      return;
    case 'server':
      await stage.scenarios.stack.temporal.kill();
      await stage.scenarios.stack.temporal.startAgain();
      return;
    case 'stop':
      await run.signal(stopSignal, { who: 'jane-smith', reason: 'the sweep holds it' });
      doing.rest = resumeWhenHeld(stage, doing);
      return;
    case 'cancel':
      await run.cancel();
      return;
    case 'terminate':
      await run.terminate('the sweep gives it up');
      return;
  }
}

async function startAgain(stage: Stage): Promise<void> {
  await stage.scenarios.stack.startWorker();
}

async function resumeWhenHeld(stage: Stage, doing: Doing): Promise<void> {
  const run = stage.scenarios.run();
  const held = await until(
    'the run is held or over',
    async () => {
      const { status, raw } = await run.describe();
      if (status.name !== 'RUNNING') return 'over';
      if ((raw.pendingActivities ?? []).length > 0) return undefined;
      const { timeline } = await run.query(statusQuery);
      return timeline.some(({ text }) => text.startsWith('Held ')) ? 'held' : undefined;
    },
    60,
  ).catch(() => 'not held');
  if (held === 'over') return;
  if (held === 'not held') doing.faults.push('The run was not held within 60 s after the stop switch was thrown.');
  const before = await readEffects(stage.lab);
  await pause(quietMs);
  const after = await readEffects(stage.lab);
  doing.faults.push(...changedBetween(before, after).map((effect) => `While the run was held: ${effect}.`));
  await run.signal(resumeSignal, { who: 'jane-smith', reason: 'the sweep lets it go on' });
}

/** What the second look shows and the first does not. */
function changedBetween(before: Effects, after: Effects): string[] {
  const lines = ({ effects, timelines }: Effects) => [...effects.map(({ at, where, what, run }) => `${where} ${what} at ${at} ${run}`), ...timelines];
  const known = lines(before);
  return lines(after).filter((line) => !known.includes(line));
}

/** Lets frozen workers go on, and tells what they changed: it should be nothing. */
export async function thaw(stage: Stage, doing: Doing): Promise<void> {
  if (stage.frozen.length === 0) return;
  const before = await readEffects(stage.lab);
  for (const worker of stage.frozen) worker.signal('SIGCONT');
  await pause(quietMs);
  const after = await readEffects(stage.lab);
  doing.faults.push(...changedBetween(before, after).map((effect) => `By a worker that went on after the run had ended: ${effect}.`));
  await stage.endFrozen();
}
