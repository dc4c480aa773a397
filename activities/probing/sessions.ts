/** Sessions of the plan's observers at databases and caches, kept for the next question: at a distance it takes longer to sign in than to ask. */
import type { Redis } from 'ioredis';
import type pg from 'pg';
import { milliseconds } from '../../plan/durations.ts';
import type { Endpoint } from '../../plan/schema.ts';
import type { ActivityDependencies, ObserverSessions } from '../dependencies.ts';
import { cacheLogin, databaseLogin, openCache, openDatabase, type Session } from './stores.ts';

/** An idle session ends after this. Evidence is renewed more often while a gate is open, and clouds forget what has been silent for 350 s: a question should not meet that. */
const idleMilliseconds = 240_000;
/** Idle sessions at one server. */
const idleMax = 4;

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
      const open = async () => openDatabase(plan, site, await databaseLogin(plan, secret), milliseconds(plan.estate.detection.probeTimeout));
      const { database, sites } = plan.estate;
      return databases.use(keyOf(sites[site]?.database, database.observer.user), open, work);
    },
    async cache({ planDigest }, site, work, timeoutMilliseconds) {
      const plan = await planOf(planDigest);
      const bound = timeoutMilliseconds ?? milliseconds(plan.estate.detection.probeTimeout);
      const open = async () => openCache(plan, site, await cacheLogin(plan, secret), bound);
      const { cache, sites } = plan.estate;
      return caches.use(`${keyOf(sites[site]?.cache, cache?.observer.user)} ${bound}`, open, work);
    },
    close() {
      databases.close();
      caches.close();
    },
  };
}

/** Two plans with one server share its sessions; a plan that was changed goes where it leads now. */
function keyOf(endpoint: Endpoint | undefined, user: string | undefined): string {
  return `${user} ${endpoint?.host} ${endpoint?.port}`;
}

class IdleSessions<Client> {
  private readonly idle = new Map<string, Idle<Client>[]>();
  private closed = false;

  async use<T>(key: string, open: () => Promise<Session<Client>>, work: (client: Client) => Promise<T>): Promise<T> {
    const kept = this.take(key);
    if (kept) {
      try {
        return await this.work(key, kept, work);
      } catch (error) {
        // What a server says, it says to a new session too; whatever else went wrong may be the session's own end.
        if (saidByServer(error)) throw error;
      }
    }
    return this.work(key, await open(), work);
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

  private async work<T>(key: string, session: Session<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    try {
      const result = await work(session.client);
      this.giveBack(key, session);
      return result;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  private take(key: string): Session<Client> | undefined {
    const sessions = this.idle.get(key) ?? [];
    for (;;) {
      const last = sessions.pop();
      if (!last) return undefined;
      clearTimeout(last.timer);
      if (last.session.alive()) return last.session;
      last.session.end();
    }
  }

  private giveBack(key: string, session: Session<Client>): void {
    const sessions = this.idle.get(key) ?? [];
    this.idle.set(key, sessions);
    if (this.closed || sessions.length >= idleMax || !session.alive()) return session.end();
    const end = () => {
      sessions.splice(sessions.indexOf(idle), 1);
      session.end();
    };
    const idle: Idle<Client> = { session, timer: setTimeout(end, idleMilliseconds).unref() };
    sessions.push(idle);
  }
}

interface Idle<Client> {
  readonly session: Session<Client>;
  readonly timer: NodeJS.Timeout;
}

/** A refusal with a code of the server's own: not one by which it says that the session, or the server itself, ends. */
function saidByServer(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^[0-9A-Z]{5}$/.test(code)) return !code.startsWith('57') && !code.startsWith('08');
  return error instanceof Error && error.name === 'ReplyError';
}
