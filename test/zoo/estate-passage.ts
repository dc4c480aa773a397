/**
 * The way of a shape through the agents, on real servers: looked at, fenced while customers of every kind write, opened, detached, led back, and failed over in the end.
 * `east` is lost, `west` takes over, `north` follows it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, sites, type TestEstate, type TestSite } from '../site-agent/estate.ts';
import { eventually } from '../site-agent/support.ts';
import { Adversary } from './adversary.ts';
import { differences, photograph } from './photograph.ts';
import { heartbeatAtStandby, judgeByHeartbeat } from './replication-proof.ts';
import { everyKey, type Key } from './sessions.ts';
import type { Came, Shape } from './shape.ts';

/** An estate that went wrong somewhere between its looks and its end; the message says how. */
class InBetween extends Error {}

/** What each site is asked before anything is changed: everything that the failover will need of it. */
const looks: Readonly<Record<TestSite, string>> = {
  east: 'database-close cache-close service-stop',
  west: 'database-detach database-apply database-follow=north database-promote cache-detach cache-follow=north cache-promote service-start capacity-set switch-throw',
  north: 'database-detach database-follow=west cache-detach cache-follow=west',
};

/** What only some estates have. */
interface Baggage {
  /** Who writes there; else customers with every kind of key and session. */
  readonly keys?: readonly Key[];
  /** Throws where something of the shape's own is not as it was before the fence. */
  readonly afterUndo?: (estate: TestEstate) => void | Promise<void>;
  /** Throws where something of the shape's own is not as it must be behind a failover. */
  readonly inTheEnd?: (estate: TestEstate) => void | Promise<void>;
}

export interface EstateShape extends Shape<TestEstate>, Baggage {}

export async function passEstate(estate: TestEstate, baggage: Baggage = {}): Promise<Came> {
  const passage = new Passage(estate, baggage);
  try {
    return await passage.run();
  } catch (error) {
    if (error instanceof InBetween) return { comes: 'in between', said: [error.message, ...passage.said] };
    throw error;
  }
}

class Passage {
  readonly said: string[] = [];
  private readonly estate: TestEstate;
  private readonly keys: readonly Key[];
  private readonly baggage: Baggage;
  /** Whom the standbys and replicas follow by their own settings. */
  private former: Readonly<Record<string, string>> = {};
  private epoch = 1;

  constructor(estate: TestEstate, baggage: Baggage) {
    this.estate = estate;
    this.baggage = baggage;
    this.keys = baggage.keys ?? everyKey;
  }

  async run(): Promise<Came> {
    const before = photograph(this.estate);
    const refused = await this.look();
    this.same(before, 'the look');
    if (refused.length > 0) {
      for (const { site, verb } of refused) await this.isRefused(site, verb);
      this.same(before, 'the refusal');
      return { comes: 'refused', said: refused.map(({ why }) => why) };
    }
    this.former = await this.sources();
    await this.fenceAndOpen();
    this.same(before, 'the fence was opened');
    await this.itsOwn('the fence was opened', this.baggage.afterUndo);
    await this.leaveAndReturn();
    this.same(before, 'standbys and replicas were led back');
    await this.failOver();
    await this.itsOwn('the failover', this.baggage.inTheEnd);
    return { comes: this.said.length === 0 ? 'works' : 'works with an exception', said: this.said };
  }

  /** Refusals of the looks; what is less is noted. */
  private async look(): Promise<readonly { readonly site: TestSite; readonly verb: string; readonly why: string }[]> {
    const found: { site: TestSite; verb: string; why: string }[] = [];
    const answers = await Promise.all(sites.map(async (site) => ({ site, answer: await this.estate.verb(site, `check ${looks[site]}`) })));
    for (const { site, answer } of answers) {
      if (answer.code !== 0) throw new InBetween(`the check of ${site} itself failed: ${answer.out}`);
      for (const line of answer.out.split('\n')) {
        const [, kind, verb = '', why = ''] = /^(refused|error|exception)=(\S+): (.*)$/.exec(line) ?? [];
        if (kind !== undefined && !looks[site].split(' ').includes(verb))
          throw new InBetween(`the check of ${site} tells of ${verb}, which nobody asked: ${why}`);
        if (kind === 'exception') this.note(why);
        else if (kind !== undefined) found.push({ site, verb, why });
      }
    }
    return found;
  }

  private async isRefused(site: TestSite, verb: string): Promise<void> {
    const words = verb === 'capacity-set' ? 'capacity-set 100' : verb === 'switch-throw' ? 'switch-throw east west' : verb.replace('=', ' ');
    const answer = await this.estate.change(site, words, this.epoch, 'run-1');
    if (answer.code === 0) throw new InBetween(`the look refuses ${verb} at ${site}, and the verb itself was carried out`);
  }

  /** The site's own agent closes both stores while customers write; nobody's write is acknowledged after a proof. */
  private async fenceAndOpen(): Promise<void> {
    const adversary = new Adversary(this.estate, 'east', this.keys);
    try {
      await eventually('every customer has written', () => adversary.everybodyHasWritten());
      await this.fence(adversary);
      await Promise.all([this.change('east', 'database-open'), this.change('east', 'cache-open')]);
      const opened = performance.now();
      await eventually('every customer writes again', () => new Set(adversary.since(opened).map(({ key }) => key)).size === this.keys.length);
    } finally {
      await adversary.end();
    }
  }

  /** Closes and proves; a fence that is not proven says why, and is no more than that. */
  private async fence(adversary: Adversary): Promise<boolean> {
    const [closed] = await Promise.all([this.change('east', 'database-close'), this.change('east', 'cache-close')]);
    const test = await this.estate.verb('east', 'write-test');
    const writers = closed.fields['writers'] ?? '';
    const proven = test.fields['database_write'] === 'refused' && test.fields['database_locked'] === 'yes' && writers === '';
    const moment = performance.now();
    if (test.fields['cache_write'] !== 'refused') throw new InBetween(`the cache is closed and a write was ${test.fields['cache_write']}`);
    if (writers !== '') this.note(`not proven fenced: ${writers} writes on`);
    else if (!proven) throw new InBetween(`closed, and the write test says ${test.fields['database_write']}: ${test.fields['database_detail']}`);
    await this.nothingMoves(proven, () => adversary.everybodyHasTried(moment));
    const after = adversary.since(moment);
    if (proven && after.length > 0)
      throw new InBetween(`proven fenced, and ${after.length} writes were acknowledged after it, the first to ${after[0]?.key.name}`);
    return proven;
  }

  /** Behind a proof nothing takes a transaction number any more, whoever it is, while everybody tries. */
  private async nothingMoves(proven: boolean, tries: () => Promise<void>): Promise<void> {
    if (!proven || !this.estate.runs('east')) return tries();
    const counter = () => this.estate.asAdministrator('east', 'select pg_snapshot_xmax(pg_current_snapshot())').trim();
    const first = counter();
    await Promise.all([tries(), pause(300)]);
    if (counter() !== first) throw new InBetween('proven fenced, and somebody still takes transaction numbers');
  }

  /** Both standbys leave, which may prove a fence by itself, and are led back. */
  private async leaveAndReturn(): Promise<void> {
    const verdict = judgeByHeartbeat(this.estate, await heartbeatAtStandby(this.estate));
    await this.leave();
    if (verdict.proven) await this.mustNotAcknowledge();
    else this.note(`by replication: ${verdict.reason}`);
    // One may follow the other: each store's standbys in turn.
    const back = async (server: 'database' | 'cache') => {
      for (const site of ['west', 'north'] as const) {
        const source = this.former[`${server} ${site}`] ?? 'none';
        if (source !== 'none') await this.change(site, `${server}-follow ${source}`);
      }
    };
    await Promise.all([back('database'), back('cache')]);
  }

  private async leave(): Promise<void> {
    await Promise.all((['west', 'north'] as const).flatMap((site) => [this.change(site, 'database-detach'), this.change(site, 'cache-detach')]));
  }

  private async sources(): Promise<Readonly<Record<string, string>>> {
    const pairs = (['west', 'north'] as const).flatMap((site) => (['database', 'cache'] as const).map((server) => ({ site, server })));
    const found = pairs.map(async ({ site, server }) => {
      const status = await this.estate.verb(site, `${server}-status`);
      return [`${server} ${site}`, status.fields['follows'] ?? 'none'] as const;
    });
    return Object.fromEntries(await Promise.all(found));
  }

  /** The proof assumes that no session lowers synchronous_commit for itself; everybody else must wait. */
  private async mustNotAcknowledge(): Promise<void> {
    const waiting = this.keys.filter(({ aroundTheWait }) => aroundTheWait !== true);
    const adversary = new Adversary(this.estate, 'east', waiting);
    await adversary.everybodyHasTried(performance.now(), 600);
    await adversary.end();
    const [first] = adversary.acknowledged;
    if (first)
      throw new InBetween(`proven by replication, and ${adversary.acknowledged.length} writes were acknowledged alone, the first to ${first.key.name}`);
  }

  /** The real thing: fenced, promoted, protected; what was acknowledged is at the target. */
  private async failOver(): Promise<void> {
    this.epoch += 1;
    const adversary = new Adversary(this.estate, 'east', this.keys);
    let proven = false;
    try {
      await eventually('customers write', () => adversary.acknowledged.length > 10);
      proven = await this.fence(adversary);
    } finally {
      await adversary.end();
    }
    await this.leave();
    await Promise.all([this.promoteDatabase(), this.promoteCache()]);
    const test = await this.estate.verb('west', 'write-test');
    for (const store of ['database', 'cache'])
      if (test.fields[`${store}_write`] !== 'accepted')
        throw new InBetween(`the ${store} at west was promoted, and a write is ${test.fields[`${store}_write`]}: ${test.fields[`${store}_detail`]}`);
    const missing = proven ? adversary.missingAt('west') : [];
    if (missing.length > 0)
      throw new InBetween(`proven fenced, and ${missing.length} acknowledged writes are not at west, the first to ${missing[0]?.key.name}`);
  }

  private async promoteDatabase(): Promise<void> {
    await this.change('west', 'database-follow north');
    await this.change('west', 'database-apply');
    await this.change('west', 'database-promote');
    await this.change('north', 'database-follow west');
    await this.change('west', 'database-synchronous north');
  }

  private async promoteCache(): Promise<void> {
    await this.change('west', 'cache-promote');
    await this.change('north', 'cache-follow west');
    await this.change('west', 'cache-protect 1');
  }

  private async change(site: TestSite, words: string): Promise<Answer> {
    const answer = await this.estate.change(site, words, this.epoch, `run-${this.epoch}`);
    if (answer.code !== 0)
      throw new InBetween(`${words} at ${site} failed, and no look had refused it: ${answer.fields['refused'] ?? answer.fields['error'] ?? answer.out}`);
    for (const line of answer.out.split('\n')) if (line.startsWith('exception=')) this.note(line.slice('exception='.length));
    return answer;
  }

  private async itsOwn(when: string, look: Baggage['afterUndo']): Promise<void> {
    try {
      await look?.(this.estate);
    } catch (error) {
      throw new InBetween(`after ${when}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private same(before: ReturnType<typeof photograph>, when: string): void {
    const changed = differences(before, photograph(this.estate));
    if (changed.length > 0) throw new InBetween(`after ${when} not all is as it was: ${changed.join(' · ')}`);
  }

  private note(words: string): void {
    if (!this.said.includes(words)) this.said.push(words);
  }
}
