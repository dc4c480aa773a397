/** Sessions of the plan's observers at databases and caches, kept for the next question: at a distance it takes longer to sign in than to ask. */
import { ApplicationFailure } from '@temporalio/common';
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { milliseconds } from '../../plan/durations.ts';
import type { Endpoint, Plan, SiteId } from '../../plan/schema.ts';
import type { ActivityDependencies, ObserverSessions } from '../dependencies.ts';
import { cacheLogin, databaseLogin, openCache, openDatabase, type Session, sqlStateOf } from './stores.ts';

/** An idle session ends after this. Evidence is renewed more often while a gate is open, and clouds forget what has been silent for 350 s: a question should not meet that. */
const idleMilliseconds = 240_000;
/** No session grows older, however often it is asked: by then its host's name may lead elsewhere. */
const ageMaxMilliseconds = 300_000;
/** Idle sessions at one server, for one plan: they count against the role's `CONNECTION LIMIT`. */
const idleMax = 2;

/** Ends its idle sessions by `close`; those in use end when they are given back. */
export interface KeptSessions extends ObserverSessions {
  close(): void;
}

export function createObserverSessions({ planOf, secret }: Pick<ActivityDependencies, 'planOf' | 'secret'>): KeptSessions {
  const databases = new IdleSessions<pg.Client>();
  const caches = new IdleSessions<Redis>();
  return {
    async database({ planDigest }, site, work) {
      const plan = await planOf(planDigest);
      const bound = milliseconds(plan.estate.detection.probeTimeout);
      const open = async () => openDatabase(plan, site, await databaseLogin(plan, secret), bound);
      const { database, sites } = plan.estate;
      return databases.use(keyOf(planDigest, site, sites[site]?.database, database, bound), open, work);
    },
    async cache({ planDigest }, site, work, timeoutMilliseconds) {
      const plan = await planOf(planDigest);
      const bound = timeoutMilliseconds ?? milliseconds(plan.estate.detection.probeTimeout);
      const open = async () => openCache(plan, site, await cacheLogin(plan, secret), bound);
      const { cache, sites } = plan.estate;
      return caches.use(keyOf(planDigest, site, sites[site]?.cache, cache, bound), open, work);
    },
    close() {
      databases.close();
      caches.close();
    },
  };
}

type Store = Plan['estate']['database'] | Plan['estate']['cache'];

/** All that a session is opened with: where it leads, as whom and into which database, with or without TLS, and how long it waits. Two plans never share one. */
function keyOf(planDigest: string, site: SiteId, endpoint: Endpoint | undefined, store: Store, boundMilliseconds: number): string {
  return JSON.stringify([planDigest, site, endpoint, store, boundMilliseconds]);
}

class IdleSessions<Client> {
  private readonly idle = new Map<string, readonly Idle<Client>[]>();
  private closed = false;

  async use<T>(key: string, open: () => Promise<Session<Client>>, work: (client: Client) => Promise<T>): Promise<T> {
    const kept = this.take(key);
    if (kept) {
      try {
        return await this.work(key, kept, work);
      } catch (error) {
        if (!mayBeItsEnd(error)) throw error;
      }
    }
    return this.work(key, { endsAt: performance.now() + ageMaxMilliseconds, session: await open() }, work);
  }

  close(): void {
    this.closed = true;
    for (const sessions of this.idle.values())
      for (const { session, timer } of sessions) {
        clearTimeout(timer);
        session.end();
      }
    this.idle.clear();
  }

  private async work<T>(key: string, kept: Kept<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    try {
      const result = await work(kept.session.client);
      this.giveBack(key, kept);
      return result;
    } catch (error) {
      kept.session.end();
      throw error;
    }
  }

  private take(key: string): Kept<Client> | undefined {
    for (;;) {
      const last = this.idle.get(key)?.at(-1);
      if (!last) return undefined;
      this.forget(key, last);
      if (last.session.alive()) return last;
      last.session.end();
    }
  }

  private giveBack(key: string, kept: Kept<Client>): void {
    const { session, endsAt } = kept;
    const others = this.idle.get(key) ?? [];
    const restMilliseconds = Math.min(idleMilliseconds, endsAt - performance.now());
    if (this.closed || others.length >= idleMax || restMilliseconds <= 0 || !session.alive()) return session.end();
    const end = () => {
      this.forget(key, idle);
      session.end();
    };
    const idle: Idle<Client> = { ...kept, timer: setTimeout(end, restMilliseconds).unref() };
    this.idle.set(key, [...others, idle]);
  }

  private forget(key: string, idle: Idle<Client>): void {
    clearTimeout(idle.timer);
    const others = (this.idle.get(key) ?? []).filter((other) => other !== idle);
    if (others.length > 0) this.idle.set(key, others);
    else this.idle.delete(key);
  }
}

interface Kept<Client> {
  readonly session: Session<Client>;
  /** By the steady clock of this process, milliseconds: it is not kept beyond this. */
  readonly endsAt: number;
}

interface Idle<Client> extends Kept<Client> {
  readonly timer: NodeJS.Timeout;
}

/**
 * Whether an error may be the session's own end, so that a new one would answer. What the work has found is not, nor what a server says: it says that to a new session too, unless
 * it says that the session, or the server itself, ends (SQLSTATE 57P…, 08…). A statement that took too long (57014) is the server's word.
 */
function mayBeItsEnd(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return /^(57P|08)/.test(sqlState);
  return error instanceof Error && !(error instanceof ApplicationFailure) && error.name !== 'AbortError' && error.name !== 'ReplyError';
}
