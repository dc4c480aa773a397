/** Goal: at the end a server counts as what it can do, not as what it looks like. Method: readings of a lost site under each kind of fence. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Fence, WriterState } from '../../../activities/fencing/port.ts';
import { loadPlan } from '../../../plan/load.ts';
import type { Reads } from '../../../activities/index.ts';
import type { RecoveryFacts } from '../../../workflows/estate/facts.ts';
import type { Course } from '../../../workflows/engine/course.ts';
import { judgeServers, observeServers } from '../../../workflows/estate/servers.ts';

const [lost, target] = ['us-east-1', 'eu-central-1'];
const looksLikeWriter: WriterState = { site: lost, server: 'database', state: 'writer', how: 'out of recovery on timeline 1, open to clients' };
const waits = 'each commit waits for ANY 1 ("ap-southeast-1"), and none of them is there';

function fenceBy(method: Fence['method']): Fence {
  const servers = [{ site: lost, server: 'database' as const, state: 'fenced' as const, how: 'proven' }];
  return { method, proven: true, servers, proof: 'proven', assumption: `Nobody changes ${lost}.`, at: '2026-05-04T13:37:00Z' };
}

async function observed(reading: WriterState, fences: readonly Fence[]) {
  const { plan } = await loadPlan('plan/erlmcp');
  const writer = { site: target, state: 'writer', how: 'promoted' } as const;
  const read = { readWriters: async () => [reading, { ...writer, server: 'database' }, { ...writer, server: 'cache' }] } as unknown as Reads;
  const servers = await observeServers({ plan, context: () => ({}) } as unknown as Course, { fences } as unknown as RecoveryFacts, read);
  return { first: servers[0], short: judgeServers(plan, servers) };
}

test('one whose standbys have left and that waits for them is fenced by that, and says how', async () => {
  const { first, short } = await observed({ ...looksLikeWriter, waits }, [fenceBy('replication')]);
  expect(first).toMatchObject({ state: 'fenced', how: `fenced by replication; ${waits}; Nobody changes ${lost}.` });
  expect(short).toEqual([]);
});

test.each<[string, WriterState, readonly Fence[]]>([
  ['one that no longer waits for them', looksLikeWriter, [fenceBy('replication')]],
  ['one that waits, and that no fence has proven', { ...looksLikeWriter, waits }, []],
  ['one that its agent had closed, and that is open again', { ...looksLikeWriter, waits }, [fenceBy('agent')]],
])('%s is a second writer', async (_, reading, fences) => {
  const { first, short } = await observed(reading, fences);
  expect(first?.state).toBe('writer');
  expect(short).toEqual([`At the end 2 servers can write to the database (${lost}, ${target}), and it must be one.`]);
});

test('servers that could not be read are left to people, and a cancellation is no such failure', async () => {
  const { plan } = await loadPlan('plan/erlmcp');
  const left: string[] = [];
  const run = { plan, context: () => ({}), leaveOver: (sentence: string) => left.push(sentence) } as unknown as Course;
  const facts = { fences: [], observed: [] } as unknown as RecoveryFacts;
  const failing = (error: Error) => ({ readWriters: () => Promise.reject(error) }) as unknown as Reads;
  await expect(observeServers(run, facts, failing(new CancelledFailure('cancelled')))).rejects.toThrow('cancelled');
  expect(left).toEqual([]);
  await observeServers(run, facts, failing(ApplicationFailure.retryable('no answer', 'transient')));
  expect(left).toEqual([expect.stringContaining('could not be read')]);
});
