/** The stop switch of a run: who may throw and lift it, and what of that is noted. One rule for both: people of the plan, and nobody else. */
import type { PlanSnapshot } from '../../plan/schema.ts';
import type { Said } from '../wire/message-forms.ts';
import { Kept } from '../wire/kept.ts';
import type { RunStatus } from '../wire/messages.ts';
import type { Refusals } from './refusals.ts';

type Turn = 'stop' | 'resume';

/** So many turns of the switch stand in the timeline one by one: in an incident there are a few, and a program may send thousands. */
const turnsNotedMax = 40;
/** So many turns wait for the plan, which is loaded within a second where a worker lives. */
const earlyMax = 40;

export class StopSwitch {
  /** Who holds the run, and why; null while it is not held. */
  stopped: RunStatus['stopped'] = null;
  private readonly refusals: Refusals;
  private readonly note: (text: string) => void;
  private readonly now: () => string;
  private readonly changed: () => void;
  private readonly noted = new Kept<{ readonly at: string; readonly text: string }>(turnsNotedMax);
  private early: { readonly turn: Turn; readonly said: Said }[] = [];
  private people: ReadonlySet<string> | null = null;
  private closed = false;

  /** `note` writes into the timeline, `changed` is called where nothing is noted. */
  constructor(refusals: Refusals, note: (text: string) => void, now: () => string, changed: () => void) {
    this.refusals = refusals;
    this.note = note;
    this.now = now;
    this.changed = changed;
  }

  /** Takes what was said; before the plan is there, nobody can tell who is in it, and it waits. */
  turn(turn: Turn, said: Said): void {
    if (this.people) return this.take(turn, said, this.people);
    if (this.early.length >= earlyMax) return this.refuse(turn, said.who, 'Too much was said before the run had its plan. Say it again.');
    this.early.push({ turn, said });
  }

  /** The plan is there: what has waited for it counts now, in its order. */
  use({ plan }: PlanSnapshot): void {
    const people = new Set(plan.people.map(({ id }) => id));
    this.people = people;
    for (const { turn, said } of this.early.splice(0)) this.take(turn, said, people);
  }

  /** From here on nothing holds the run: it ends. */
  close(): void {
    if (this.stopped) this.note(`The stop of ${this.stopped.who} is lifted: the run ends.`);
    this.stopped = null;
    this.closed = true;
    const { beyond } = this.noted;
    if (beyond) this.note(`The stop switch was turned ${beyond.count} times more than is noted here, the last time at ${beyond.last.at}: ${beyond.last.text}`);
  }

  private take(turn: Turn, { who, reason }: Said, people: ReadonlySet<string>): void {
    if (!people.has(who)) return this.refuse(turn, who, `${who || 'Somebody'} is nobody in the plan, so this holds nothing and lifts nothing.`);
    if (turn === 'stop' && this.closed) return this.noteTurn(`Not stopped: the run is ending, and a stop holds nothing any more. (${who}: ${reason})`);
    this.stopped = turn === 'stop' ? { who, reason, at: this.now() } : null;
    this.noteTurn(turn === 'stop' ? `Stop switch thrown by ${who}: ${reason}` : `Resumed by ${who}: ${reason}`);
  }

  private refuse(turn: Turn, who: string, why: string): void {
    this.refusals.add(turn, 'signal', who, why);
  }

  private noteTurn(text: string): void {
    if (this.noted.add({ at: this.now(), text })) this.note(text);
    else this.changed();
  }
}
