/**
 * Customers that mean harm to a fence: they hold every kind of key and session that the zoo knows, write all the time, and remember each acknowledged write. A fence that is called
 * proven ends all of them, and what was acknowledged before is at the target.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { type Customer, everyKey, type Ground, type Key, openSession, prefix, type Session } from './sessions.ts';

interface Acknowledged {
  readonly token: string;
  readonly key: Key;
  readonly sentAt: number;
}

/** One customer as he goes on; times are milliseconds of `performance.now`. */
interface Loop {
  readonly key: Key;
  /** A write was acknowledged, or all of one is done but its COMMIT. */
  wrote: boolean;
  /** How often no session could be opened since the last one was. */
  turnedAway: number;
  triesSince: number;
  /** When the last try that has ended had begun. */
  triedSince: number;
  session: Session | undefined;
}

/** Of all adversaries together: no two of them write the same row. */
let lastNumber = 0;

export class Adversary<Site extends string = TestSite> {
  readonly acknowledged: Acknowledged[] = [];
  private readonly ground: Ground<Site>;
  private readonly site: Site;
  private readonly loops: Loop[] = [];
  private readonly running: Promise<void>[] = [];
  private readonly fenceBegan: Promise<void>;
  private ended = false;
  /** From here on transactions that were held open are committed. */
  readonly fenceBegins: () => void;

  constructor(ground: Ground<Site>, site: Site, keys: readonly Key[] = everyKey) {
    this.ground = ground;
    this.site = site;
    let begins = () => {};
    this.fenceBegan = new Promise((resolve) => (begins = resolve));
    this.fenceBegins = begins;
    for (const key of keys) this.comes(key);
  }

  /** One more customer, from now on. */
  comes(key: Key): void {
    const loop: Loop = { key, wrote: false, turnedAway: 0, triesSince: performance.now(), triedSince: 0, session: undefined };
    this.loops.push(loop);
    this.running.push(this.goOn(loop));
  }

  everybodyHasWritten(): boolean {
    return this.loops.every(({ wrote }) => wrote);
  }

  /** Whether each has written, or has been turned away from the beginning. */
  everybodyIsKnown(): boolean {
    return this.loops.every(({ wrote, turnedAway }) => wrote || turnedAway >= 3);
  }

  /** Names of those who have never written. */
  strangers(): readonly string[] {
    return [...new Set(this.loops.flatMap(({ wrote, key }) => (wrote ? [] : [key.name])))];
  }

  /** Writes that were sent after `moment` (milliseconds of `performance.now`) and acknowledged. */
  since(moment: number): readonly Acknowledged[] {
    return this.acknowledged.filter(({ sentAt }) => sentAt > moment);
  }

  /** Returns when each customer has tried since `moment` and was turned away, or has waited for an answer for so long that none will come. */
  async everybodyHasTried(moment: number, waitsMilliseconds = 300): Promise<void> {
    const waits = (from: number) => performance.now() - Math.max(from, moment) > waitsMilliseconds;
    await eventually('every customer has tried', () => this.loops.every(({ triesSince, triedSince }) => triedSince > moment || waits(triesSince)));
  }

  async end(): Promise<void> {
    this.ended = true;
    this.fenceBegins();
    for (const { session } of this.loops) session?.close();
    await Promise.all(this.running);
  }

  /** Acknowledged writes of a store that a server does not have. */
  missingAt(site: Site, store: Key['store'] = 'database', database = 'app'): readonly Acknowledged[] {
    const there = new Set(
      store === 'cache'
        ? this.ground.caches?.command(site, 'KEYS', `${prefix}*`).split('\n')
        : this.ground.sql(site, `select token from payments where token like '${prefix}%'`, database).split('\n'),
    );
    return this.acknowledged.filter(({ key, token }) => key.store === store && !there.has(token));
  }

  private async goOn(loop: Loop): Promise<void> {
    while (!this.ended) {
      loop.triesSince = performance.now();
      try {
        loop.session ??= await this.open(loop);
        await loop.session.write(this.customerOf(loop));
        if (!loop.key.stays) this.leave(loop);
        loop.triedSince = loop.triesSince;
        await pause(5);
      } catch {
        this.leave(loop);
        loop.triedSince = loop.triesSince;
        await pause(20);
      }
    }
    this.leave(loop);
  }

  private async open(loop: Loop): Promise<Session> {
    loop.turnedAway += 1;
    const session = await openSession(this.ground, this.site, loop.key);
    loop.turnedAway = 0;
    return session;
  }

  private leave(loop: Loop): void {
    loop.session?.close();
    loop.session = undefined;
  }

  private customerOf(loop: Loop): Customer {
    const sent = new Map<string, number>();
    return {
      token: () => {
        const token = `${prefix}${this.site}-${++lastNumber}`;
        sent.set(token, performance.now());
        return token;
      },
      acknowledged: (token) => {
        loop.wrote = true;
        this.acknowledged.push({ token, key: loop.key, sentAt: sent.get(token) ?? 0 });
      },
      holds: () => (loop.wrote = true),
      fenceBegan: this.fenceBegan,
    };
  }
}
