/** Goal: what agents answer while a fence is made, read and taken back is told whole. Method: agents that give fixed answers, without servers. */
import { describe, expect, test } from 'vitest';
import type { RunContext } from '../../activities/context.ts';
import type { ActivityDependencies, AgentAnswer, AgentClient } from '../../activities/dependencies.ts';
import { createFencingActivities } from '../../activities/fencing/activities.ts';
import { parseFields } from '../../activities/ssh/agent.ts';
import type { Plan } from '../../plan/schema.ts';

const run: RunContext = { runId: 'recovery/shop', execution: 'recovery/shop@1', planDigest: 'p', epoch: 3 };
const site = { database: {}, cache: {} };
const plan = { estate: { sites: { east: site, west: site }, database: { driver: 'postgresql' }, cache: { driver: 'redis' } } } as unknown as Plan;

/** Fences by agents that answer each verb with these lines. */
function fencing(lines: Readonly<Record<string, readonly string[]>>) {
  const answer = async (verb: string): Promise<AgentAnswer> => {
    const given = lines[verb];
    return given ? { reachable: true, fields: parseFields(['site-agent=4', ...given].join('\n'), verb) } : { reachable: false, reason: 'no answer' };
  };
  const agent = { ask: answer, tryChange: answer } as unknown as AgentClient;
  return createFencingActivities({ planOf: async () => plan, agent: () => agent, now: () => new Date(0) } as unknown as ActivityDependencies);
}

describe('an undo', () => {
  const kept = 'Redis at east has not kept this over a restart';

  test('of a fence by the agent tells what is less, and what is left to do, of each verb', async () => {
    const { unfenceByAgent } = fencing({
      'database-open': ['after=open', 'exception=the server was not started'],
      'cache-open': ['after=open', `exception=${kept}`, 'remaining=Start it with its file.'],
    });
    expect(await unfenceByAgent({ run, site: 'east' })).toMatchObject({
      done: 'database open; cache open',
      notTakenBack: [expect.stringContaining('the service at east was not taken back')],
      exceptions: ['the server was not started', kept],
      remaining: ['Start it with its file.'],
    });
  });

  test('of a fence by replication tells who is told to follow, and does not stream yet', async () => {
    const yet = 'the standby at west is told to follow east again, and does not stream from it yet';
    const { reattach } = fencing({
      'database-return': ['after=following east', `exception=${yet}`],
      'cache-return': ['after=following none', 'remaining=Look at it.'],
    });
    expect(await reattach({ run, site: 'east', standbys: ['west'], replicas: ['west'] })).toMatchObject([
      { server: 'database', state: 'standby', exceptions: [yet], remaining: [] },
      { server: 'cache', state: 'unknown', exceptions: [], remaining: ['Look at it.'] },
    ]);
  });
});

describe('what only the old primary committed', () => {
  const promoted = ['promoted=yes', 'timeline_after=2', 'lsn=1/A0', 'last_replayed_commit_at='];
  const counted = ['transactions=3', 'inserted=5', 'updated=1', 'deleted=0', 'whole=yes', 'skipped=yes'];
  const asked = { run, site: 'east', target: 'west', fencedPositionBytes: 0xb0, lastPositionBytes: 2 ** 32 + 0x1a0 };

  test('is counted from where the new primary branched off, as its agent noted when this run promoted it', async () => {
    const { countBeyond } = fencing({ 'database-status': [...promoted, `promoted_by=${run.execution}`], 'database-beyond': counted });
    expect(await countBeyond(asked)).toEqual({
      from: '1/A0',
      basis: 'branch',
      bytes: 0x100,
      rows: { transactions: 3, inserted: 5, updated: 1, deleted: 0, whole: true, customersOnly: true },
    });
  });

  test('is counted from where the standbys left it, when another run promoted the target, or its agent does not tell', async () => {
    const another = fencing({ 'database-status': [...promoted, 'promoted_by=recovery/shop@9'], 'database-beyond': counted });
    const silent = fencing({ 'database-beyond': counted });
    for (const { countBeyond } of [another, silent]) expect(await countBeyond(asked)).toMatchObject({ from: '0/B0', basis: 'standbys left' });
    expect(await silent.countBeyond({ run, site: 'east' }), 'nothing to count from').toBeNull();
  });

  test('is asked for again when the site is silent', async () => {
    await expect(fencing({}).countBeyond(asked)).rejects.toMatchObject({ type: 'transient' });
  });
});

describe('who can write', () => {
  const states = async (lines: Readonly<Record<string, readonly string[]>>) =>
    (await fencing(lines).readWriters({ run, sites: ['east'] })).map(({ server, state, how }) => `${server} ${state}: ${how}`);
  const closed = (...more: readonly string[]) => ({ 'database-status': ['hba_closed=yes', 'running=yes', ...more], 'cache-status': ['closed=yes'] });

  test('nobody at a server that is closed and in which nothing writes, also by an agent that does not look for that', async () => {
    const fenced = ['database fenced: pg_hba.conf is closed, also for the next start', 'cache fenced: it asks for more replicas than there are'];
    expect(await states(closed('writers='))).toEqual(fenced);
    expect(await states(closed())).toEqual(fenced);
  });

  test('is not known of a closed server in which something writes without a door', async () => {
    expect((await states(closed('writers=subscription orders')))[0]).toBe(
      'database unknown: pg_hba.conf is closed and lets no customer in, but inside the server subscription orders may write on; end it, or stop the server',
    );
  });
});
