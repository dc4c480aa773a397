/**
 * Looks that go on between two questions of a run. Whoever has just failed to answer is asked again when people have decided, and would be waited for once more; while they decide it is looked at all the
 * time, so that a look which has just ended is there.
 */
import { AsyncResource } from 'node:async_hooks';

/** A server that works answers within this, wherever on Earth it is; what a new look has not said by then is waited for no longer, if the look before it has just ended. */
const answerMilliseconds = 300;
/** Looks of one lookout that may be under way at once: each waits for a silent site for as long as a probe may. */
const underWayMax = 8;

export interface Lookout<T> {
  look(): Promise<T>;
  /** A look begins so often, whether or not those before it have ended. Also how old an answer may be that is given instead of a new one. */
  readonly everyMilliseconds: number;
  /** Whether an answer may be given instead of a new one: silence may, a sign of life never. */
  stands(answer: T): boolean;
}

interface Kept {
  lookout: Lookout<unknown>;
  /** By the steady clock of this process, as all times here; milliseconds. */
  endsAt: number;
  underWay: number;
  timer: NodeJS.Timeout;
  /** The answer of the look that began last among those that have ended. */
  newest?: { readonly answer: unknown; readonly begunAt: number; readonly endedAt: number };
}

/** Those of one worker. A question that another worker carries out finds none, and is answered by a look of its own. */
export class Lookouts {
  private readonly kept = new Map<string, Kept>();
  /** The activity that begins a lookout ends before it: nothing of its task may reach the looks that go on. */
  private readonly outside = new AsyncResource('Lookouts');
  private readonly steady: () => number;

  constructor(steady: () => number = () => performance.now()) {
    this.steady = steady;
  }

  /** Goes on looking for so long, counted from now. `key` names what is looked at, and from where. */
  keep<T>(key: string, lookout: Lookout<T>, forMilliseconds: number): void {
    this.outside.runInAsyncScope(() => {
      const known = this.kept.get(key);
      const endsAt = this.steady() + forMilliseconds;
      if (known) {
        known.lookout = lookout;
        known.endsAt = Math.max(known.endsAt, endsAt);
        return;
      }
      const timer = setInterval(() => this.lookAgain(key), lookout.everyMilliseconds).unref();
      this.kept.set(key, { lookout, endsAt, underWay: 0, timer });
      this.lookAgain(key);
    });
  }

  /**
   * What a look says that begins now. One that says nothing within a moment is not waited for where the look before it ended less than an interval ago with an answer that stands.
   * Rejects as the look does.
   */
  async ask<T>(key: string, { look, everyMilliseconds, stands }: Lookout<T>): Promise<T> {
    const kept = this.kept.get(key);
    const now = follow(look, kept, this.steady);
    if (!kept) return now;
    const first = await Promise.race([now.then((answer) => ({ answer })), momentLater()]);
    if (first) return first.answer;
    const { newest } = kept;
    const answer = newest?.answer as T;
    return newest && this.steady() - newest.endedAt <= everyMilliseconds && stands(answer) ? answer : now;
  }

  /** Looks no more: whoever asked last has what he wanted. A question under way is answered by what was seen. */
  end(key: string): void {
    clearInterval(this.kept.get(key)?.timer);
    this.kept.delete(key);
  }

  /** Ends all of them. */
  close(): void {
    for (const { timer } of this.kept.values()) clearInterval(timer);
    this.kept.clear();
  }

  private lookAgain(key: string): void {
    const kept = this.kept.get(key);
    if (!kept) return;
    if (this.steady() > kept.endsAt) return this.end(key);
    if (kept.underWay >= underWayMax) return;
    kept.underWay += 1;
    // A look that fails says nothing of what it looks at; whoever asks makes one of his own, and hears why.
    void follow(() => kept.lookout.look(), kept, this.steady)
      .catch(() => undefined)
      .finally(() => (kept.underWay -= 1));
  }
}

/** Makes a look, and keeps its answer unless a look that began later has ended already. */
async function follow<T>(look: () => Promise<T>, kept: Kept | undefined, steady: () => number): Promise<T> {
  const begunAt = steady();
  const answer = await look();
  if (kept && (kept.newest === undefined || kept.newest.begunAt < begunAt)) kept.newest = { answer, begunAt, endedAt: steady() };
  return answer;
}

function momentLater(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, answerMilliseconds, null).unref());
}
