/** One direction of one connection: takes from one socket, and delivers to the other as the network's state allows. */
import type { Socket } from 'node:net';
import type { Direction } from './state.ts';

/** Bytes that may be under way on a slow link before the sender is held up. */
const underWayBytesMax = 1024 * 1024;

export class Half {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #direction: () => Direction;
  #timers = new Set<NodeJS.Timeout>();
  #underWayBytes = 0;
  #dueAt = 0;
  #sourceEnded = false;
  #ended = false;
  #stopped = false;

  constructor(source: Socket, target: Socket, direction: () => Direction) {
    this.#source = source;
    this.#target = target;
    this.#direction = direction;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => {
      this.#sourceEnded = true;
      this.#deliverEnd();
    });
    target.on('drain', () => this.refresh());
    this.refresh();
  }

  /** True when the sender has closed its side and that was not delivered yet. */
  get holdsEnd(): boolean {
    return this.#sourceEnded && !this.#ended;
  }

  /** Applies a changed state of the network. */
  refresh(): void {
    if (this.#stopped) return;
    if (this.#direction().mode === 'hole' || this.#target.writableNeedDrain || this.#underWayBytes > underWayBytesMax) {
      this.#source.pause();
      return;
    }
    this.#deliverEnd();
    this.#source.resume();
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #take(chunk: Buffer): void {
    this.#underWayBytes += chunk.length;
    this.#later(() => {
      this.#underWayBytes -= chunk.length;
      if (this.#target.writable) this.#target.write(chunk);
    });
    this.refresh();
  }

  #deliverEnd(): void {
    if (!this.#sourceEnded || this.#ended || this.#direction().mode === 'hole') return;
    this.#ended = true;
    this.#later(() => this.#target.writable && this.#target.end());
  }

  /** In order, after the delay of the moment; at once on a link without delay that holds nothing back. */
  #later(deliver: () => void): void {
    const { delayMs } = this.#direction();
    if (delayMs === 0 && this.#timers.size === 0) return deliver();
    // A link that just became fast does not overtake what is under way.
    this.#dueAt = Math.max(this.#dueAt, performance.now() + delayMs);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#stopped) return;
      deliver();
      this.refresh();
    }, this.#dueAt - performance.now());
    this.#timers.add(timer);
  }
}
