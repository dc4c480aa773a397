/**
 * A draw on real servers, and its judge. Whatever was called proven must hold: no write is acknowledged after the proof, and what was acknowledged is at the target after the
 * promotion as far as that is promised. Promised is
 * - of the database, fenced by its agent: every acknowledged write, when the target has reached the position of the fence; by replication: those of sessions that do not go around the
 *   wait for standbys by themselves, which is the assumption of that proof;
 * - of the cache: each write that a replica confirmed (WAIT), when the target has all that the other replicas have. One that was not waited for may be lost, fenced or not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { lsnBytes } from '../../activities/database/postgresql.ts';
import { cacheFenceHoldsAfterSeconds } from '../../plan/rules/fence-proof.ts';
import type { Answer, TestEstate, TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { Adversary } from './adversary.ts';
import type { Draw, Moment } from './draw.ts';
import { heartbeatAtStandby, judgeByHeartbeat, judgeCacheByHeartbeat, standbys } from './replication-proof.ts';
import type { Key } from './sessions.ts';

export interface Judged {
  /** One sentence each. */
  readonly violations: readonly string[];
  /** What was claimed, and of how much. */
  readonly said: string;
}

/** Since when (`performance.now`) a store is proven fenced; the position of the database that nothing was acknowledged beyond. */
interface Proof {
  readonly since: number;
  readonly positionBytes?: number;
}

type Proofs = Partial<Record<Key['store'], Proof>>;

/** Sets the estate up, fences, promotes and judges. */
export async function passDraw(estate: TestEstate, draw: Draw): Promise<Judged> {
  await estate.thaw();
  for (const shape of draw.shapes) await shape.setUp(estate);
  const passage = new DrawPassage(estate, draw);
  try {
    return await passage.run();
  } finally {
    await passage.end();
  }
}

/** A verb that no proof can be built on; the draw ends there. */
class Unfit extends Error {}

class DrawPassage {
  private readonly estate: TestEstate;
  private readonly draw: Draw;
  private readonly adversary: Adversary;
  private readonly onTheirWay: Promise<unknown>[] = [];
  private readonly violations: string[] = [];
  private readonly notes: string[] = [];

  constructor(estate: TestEstate, draw: Draw) {
    this.estate = estate;
    this.draw = draw;
    this.adversary = new Adversary(estate, 'east', []);
  }

  async run(): Promise<Judged> {
    for (const { key, moment } of this.draw.arrivals) if (moment === 'before the close') this.adversary.comes(key);
    await eventually('whoever is let in has written', () => this.adversary.everybodyIsKnown());
    try {
      const proofs = this.draw.fence === 'agent' ? await this.fenceByAgent() : await this.fenceByReplication();
      await this.judge(proofs, await this.promote(proofs));
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      this.notes.push(error.message);
    }
    const strangers = this.adversary.strangers();
    return {
      violations: this.violations,
      said: [
        ...this.notes,
        `${this.adversary.acknowledged.length} writes acknowledged`,
        ...(strangers.length > 0 ? [`came and wrote nothing: ${strangers.join(', ')}`] : []),
      ].join('; '),
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.onTheirWay);
    await this.adversary.end();
  }

  private arrive(now: Moment): void {
    for (const { key, moment, delayMilliseconds } of this.draw.arrivals)
      if (moment === now) this.onTheirWay.push(pause(delayMilliseconds).then(() => this.adversary.comes(key)));
  }

  private fenceBegins(): void {
    this.onTheirWay.push(stall(this.estate, this.draw.stallsMilliseconds));
    this.adversary.fenceBegins();
    this.arrive('while it runs');
  }

  private async fenceByAgent(): Promise<Proofs> {
    this.fenceBegins();
    const [database, cache] = await Promise.all([this.attempt('east', 'database-close'), this.attempt('east', 'cache-close')]);
    this.arrive('before the write test');
    const test = await this.estate.verb('east', 'write-test');
    const since = performance.now();
    const writers = database.fields['writers'];
    if (writers) this.notes.push(`database not proven fenced: ${writers} writes on`);
    const position = database.fields['last_lsn'];
    const shut = (closed: Answer, store: Key['store']) => closed.code === 0 && test.fields[`${store}_write`] === 'refused';
    return {
      ...(shut(database, 'database') && !writers ? { database: { since, ...(position ? { positionBytes: lsnBytes(position) } : {}) } } : {}),
      ...(shut(cache, 'cache') ? { cache: { since } } : {}),
    };
  }

  /** The primary goes on, and nobody follows it any more: as near as one machine comes to a host that is cut off. */
  private async fenceByReplication(): Promise<Proofs> {
    const heartbeat = await heartbeatAtStandby(this.estate);
    this.fenceBegins();
    const left = await Promise.all(standbys.map(async (site) => Promise.all([this.change(site, 'database-detach'), this.change(site, 'cache-detach')])));
    this.arrive('before the write test');
    const database = judgeByHeartbeat(this.estate, heartbeat);
    const since = performance.now();
    if (!database.proven) this.notes.push(`database not proven fenced: ${database.reason}`);
    const leftAt = left.flatMap(([, cache]) => (cache.fields['left_at'] ? [cache.fields['left_at']] : []));
    const cache = judgeCacheByHeartbeat(heartbeat, leftAt);
    if (!cache.proven) this.notes.push(`cache not proven fenced: ${cache.reason}`);
    const holdsAfter = cacheFenceHoldsAfterSeconds(Number(heartbeat['cache_min_replicas_max_lag'])) * 1000;
    const holdsFrom = performance.now() + Math.max(...leftAt.map((at) => Date.parse(at))) + holdsAfter - Date.now();
    const positionBytes = Math.max(...left.map(([{ fields }]) => lsnBytes(fields['current_lsn'] ?? '0/0')));
    return { ...(database.proven ? { database: { since, positionBytes } } : {}), ...(cache.proven ? { cache: { since: holdsFrom } } : {}) };
  }

  /** As a run does it: whoever is ahead of the target gives it what it lacks. Returns where the target's database began its own history. */
  private async promote({ database }: Proofs): Promise<number> {
    this.arrive('during the promotion');
    const [position] = await Promise.all([this.promoteDatabase(database?.positionBytes ?? 0), this.promoteCache()]);
    return position;
  }

  private async promoteDatabase(positionBytes: number): Promise<number> {
    const positionOf = async (site: TestSite) => lsnBytes((await this.estate.verb(site, 'database-status')).fields['current_lsn'] || '0/0');
    if (this.draw.fence === 'agent') await untilOrLater(async () => (await positionOf('west')) >= positionBytes, 4_000);
    const [west, north] = await Promise.all(standbys.map(positionOf));
    if ((north ?? 0) > (west ?? 0)) {
      await this.change('west', 'database-follow north');
      await eventually('west has what north has', async () => (await positionOf('west')) >= (north ?? 0));
    }
    await this.change('west', 'database-apply');
    const promoted = await this.change('west', 'database-promote');
    return lsnBytes(promoted.fields['lsn'] ?? '0/0');
  }

  private async promoteCache(): Promise<void> {
    const north = await this.estate.verb('north', 'cache-status');
    const west = await this.estate.verb('west', 'cache-status');
    const behind = Number(west.fields['offset']) < Number(north.fields['offset']) && north.fields['follows'] !== 'west';
    if (behind) await this.change('west', 'cache-follow north');
    await this.change('west', 'cache-promote');
  }

  private async judge({ database, cache }: Proofs, targetBytes: number): Promise<void> {
    await Promise.all(this.onTheirWay);
    const lastProof = Math.max(database?.since ?? 0, cache?.since ?? 0);
    await pause(Math.max(0, lastProof - performance.now()));
    await this.adversary.everybodyHasTried(performance.now());
    const covered = (key: Key) => key.store === 'cache' || this.draw.fence === 'agent' || key.aroundTheWait !== true;
    for (const [store, proof] of Object.entries({ database, cache })) {
      if (!proof) continue;
      const after = this.adversary.since(proof.since).filter(({ key }) => key.store === store && covered(key));
      if (after.length > 0)
        this.violations.push(`the ${store} was proven fenced, and ${after.length} writes were acknowledged after it, the first to ${after[0]?.key.name}`);
    }
    const promised = database && targetBytes >= (database.positionBytes ?? Infinity);
    this.notes.push(promised ? 'database: proven 0' : 'database: not proven 0');
    const lost = promised ? this.adversary.missingAt('west').filter(({ key }) => covered(key)) : [];
    if (lost.length > 0)
      this.violations.push(`proven 0, and ${lost.length} acknowledged writes of the database are not at west, the first of ${lost[0]?.key.name}`);
    const gone = cache ? this.adversary.missingAt('west', 'cache').filter(({ key }) => key.way === 'WAIT') : [];
    if (gone.length > 0) this.violations.push(`proven 0, and ${gone.length} writes that a replica confirmed are not in the cache at west`);
    if (cache) this.notes.push('cache: proven 0 for what was waited for');
  }

  private attempt(site: TestSite, words: string): Promise<Answer> {
    return this.estate.change(site, words);
  }

  /** What fails must be what the verb's own look refuses; anything else is an estate between two states. */
  private async change(site: TestSite, words: string): Promise<Answer> {
    const answer = await this.attempt(site, words);
    if (answer.code === 0) return answer;
    const why = answer.fields['refused'] ?? answer.fields['error'] ?? answer.out;
    if (answer.code !== 65) this.violations.push(`${words} at ${site} failed: ${why}`);
    throw new Unfit(`${words} at ${site} is refused: ${why}`);
  }
}

/** The standby that is waited for hangs for a while. */
async function stall(estate: TestEstate, milliseconds: number): Promise<void> {
  const receiver = milliseconds > 0 ? Number(estate.asAdministrator('west', 'select pid from pg_stat_wal_receiver').trim()) : 0;
  if (receiver === 0) return;
  process.kill(receiver, 'SIGSTOP');
  await pause(milliseconds);
  process.kill(receiver, 'SIGCONT');
}

/** Until a condition holds, or so long. */
async function untilOrLater(condition: () => Promise<boolean>, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await condition()) && performance.now() < end) await pause(50);
}
