/**
 * Looks that go on between two questions of a run. Whoever has just failed to answer is asked again when people have decided, and would be waited for once more; while they decide it is looked at all the
 * time, so that a look which has just ended is there.
 */
import { AsyncResource } from 'node:async_hooks';

/** What a new look is waited for where the last one met silence: longer than a service takes that serves, TLS and 80 ms each way there and back included. */
const answerMilliseconds = 400;
/** Looks of one lookout that may be under way at once: each waits for a silent site for as long as a probe may. */
const underWayMax = 3;
/** Rounds are no further apart, however seldom the plan probes: older silence proves nothing. */
const everyMillisecondsMax = 5_000;

export interface Lookout<T> {
  /** Calls `life` at the first sign of life, where the look as a whole takes longer. */
  look(life: () => void): Promise<T>;
  /** A look begins so often, whether or not those before it have ended, and at least every 5 s. */
  readonly everyMilliseconds: number;
  /** How old an answer may be that is given instead of a new one; absent: that long. */
  readonly goodForMilliseconds?: number;
  /** The longest that a look takes. One that took longer was held up, as in a process that slept, and says nothing of now. */
  readonly withinMilliseconds: number;
  /** Whether an answer may be given instead of a new one: silence may, a sign of life never. */
  stands(answer: T): boolean;
  /** Whether it may be given at once. Else a new look has a moment to say something else. */
  readonly atOnce?: boolean;
}

/** By a clock that nobody sets, and by one that goes on while the machine sleeps; milliseconds. */
interface Moment {
  readonly steady: number;
  readonly ofDay: number;
}

const moment = (): Moment => ({ steady: performance.now(), ofDay: Date.now() });
/** The longer of the two counts: what a clock was set forward by makes an answer older, never younger. */
const since = (past: Moment): number => Math.max(performance.now() - past.steady, Date.now() - past.ofDay);

interface Kept {
  lookout: Lookout<unknown>;
  readonly timer: NodeJS.Timeout;
  /** When it was last asked to go on, and for how many milliseconds. */
  goesOn: { readonly from: Moment; readonly forMilliseconds: number };
  underWay: number;
  /** Looks under way that have met a sign of life. */
  showLife: number;
  /** The answer of the look that began last among those that have ended. */
  newest?: { readonly answer: unknown; readonly begun: Moment; readonly ended: Moment };
}

/** Those of one worker. A question that another worker carries out finds none, and is answered by a look of its own. */
export class Lookouts {
  private readonly kept = new Map<string, Kept>();
  /** The activity that begins a lookout ends before it: nothing of its task may reach the looks that go on. */
  private readonly outside = new AsyncResource('Lookouts');

  /** Goes on looking for so long, counted from now. `key` names what is looked at, and from where. */
  keep<T>(key: string, lookout: Lookout<T>, forMilliseconds: number): void {
    this.outside.runInAsyncScope(() => {
      const goesOn = { from: moment(), forMilliseconds };
      const known = this.kept.get(key);
      if (known) return void Object.assign(known, { lookout, goesOn });
      const timer = setInterval(() => this.lookAgain(key), paceOf(lookout)).unref();
      this.kept.set(key, { lookout, timer, goesOn, underWay: 0, showLife: 0 });
      this.lookAgain(key);
    });
  }

  /**
   * What a look says that begins now. One that meets no sign of life within a moment, while none of those under way has met one, is not waited for where the look before it ended
   * less than an interval ago with an answer that stands. Rejects as the look does.
   */
  async ask<T>(key: string, lookout: Lookout<T>): Promise<T> {
    const kept = this.kept.get(key);
    const now = follow(lookout, kept);
    if (!kept) return now;
    const patience = lookout.atOnce ? Promise.resolve(null) : momentLater();
    const first = await Promise.race([now.then((answer) => ({ answer })), patience]);
    if (first) return first.answer;
    const { newest } = kept;
    if (!newest || kept.showLife > 0 || since(newest.ended) > ageOf(lookout)) return now;
    const held = since(newest.begun) > lookout.withinMilliseconds + ageOf(lookout) + answerMilliseconds;
    const answer = newest.answer as T;
    return held || !lookout.stands(answer) ? now : answer;
  }

  /** Looks no more: whoever asked last has what he wanted. A question under way is answered by what was seen. */
  end(key: string): void {
    clearInterval(this.kept.get(key)?.timer);
    this.kept.delete(key);
  }

  /** Ends all of them. */
  close(): void {
    for (const key of [...this.kept.keys()]) this.end(key);
  }

  private lookAgain(key: string): void {
    const kept = this.kept.get(key);
    if (!kept) return;
    if (since(kept.goesOn.from) > kept.goesOn.forMilliseconds) return this.end(key);
    if (kept.underWay >= underWayMax) return;
    kept.underWay += 1;
    // A look that fails says nothing of what it looks at; whoever asks makes one of his own, and hears why.
    void follow(kept.lookout, kept)
      .catch(() => undefined)
      .finally(() => (kept.underWay -= 1));
  }
}

function paceOf({ everyMilliseconds }: Pick<Lookout<unknown>, 'everyMilliseconds'>): number {
  return Math.min(everyMilliseconds, everyMillisecondsMax);
}

function ageOf(lookout: Pick<Lookout<unknown>, 'everyMilliseconds' | 'goodForMilliseconds'>): number {
  return lookout.goodForMilliseconds ?? paceOf(lookout);
}

/** Makes a look, and keeps its answer unless a look that began later has ended already. */
async function follow<T>({ look }: Lookout<T>, kept: Kept | undefined): Promise<T> {
  if (!kept) return look(() => {});
  const begun = moment();
  let lives = 0;
  try {
    const answer = await look(() => (kept.showLife += lives === 0 ? (lives = 1) : 0));
    if (kept.newest === undefined || kept.newest.begun.steady < begun.steady) kept.newest = { answer, begun, ended: moment() };
    return answer;
  } finally {
    kept.showLife -= lives;
  }
}

function momentLater(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, answerMilliseconds, null).unref());
}
