/** Goal: whoever votes while no worker lives learns where the vote is, in a sentence. Method: a dev server whose worker goes away, and the vote that counts when one comes back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRunWorkflowId } from '../../client/index.ts';
import { explainFailure } from '../../client/cli/failures.ts';
import type { Vote } from '../../client/index.ts';
import { unansweredVote } from '../../client/unanswered.ts';
import { FakeEstate } from '../model/estate.ts';
import { until } from '../support/until.ts';
import { Stage } from './support.ts';

let stage: Stage;
let estate: FakeEstate;
let runId: string;

beforeAll(async () => {
  stage = await Stage.open();
  estate = new FakeEstate(stage.plan);
  estate.dead.add('us-east-1');
  runId = makeRunWorkflowId(stage.plan.plan.estate.name);
});
afterAll(async () => {
  await stage?.clear(runId);
  await stage?.close();
});

const openGate = () =>
  until('the gate opens', async () => {
    const view = await stage.client.status(runId);
    return view.state === 'running' ? (view.status.gate ?? undefined) : undefined;
  });

describe('without a worker', () => {
  it.each(['approve', 'reject'])('dr %s ends with 4, says until when the vote may count, and it does count', async (choice) => {
    const started = await stage.with(estate, async () => {
      expect((await stage.dr('failover', 'start', '--from', 'us-east-1', '--to', 'eu-central-1', '--as', 'carol-brown', '--detach')).code).toBe(0);
      return openGate();
    });
    const said = await stage.dr(choice, '--gate', started.gate, '--as', 'jane-smith', '--reason', 'seen the evidence');
    const at = started.deadlineAt.slice(11, 19);
    expect(said).toEqual({
      code: 4,
      out: '',
      err: expect.stringContaining(`No worker answered in 10 s. Your vote is with Temporal and counts if a worker starts before ${at}Z. Do not vote again.\n`),
    });
    expect(said.err, 'no other may go on with the run').toMatch(
      /\nStart one of release \S+, with the dist\/ or the image of that release, where the estate can be reached: DR_PLAN=<plan folder> DR_WORKFLOW_BUNDLE=dist\/workflow-bundle.js node dist\/workers\/main.js\n$/,
    );
    await stage.with(estate, async () => {
      const counted = await until('the vote counts', async () => {
        // It came by update, which the server holds in memory, and by signal, which it keeps.
        const { votes } = await openGate();
        return votes.length > 1 ? votes.filter(({ result }) => result === 'counted') : undefined;
      });
      expect(counted).toMatchObject([{ who: 'jane-smith', choice, result: 'counted' }]);
    });
    await stage.clear(runId);
  });
});

describe('of a vote that nobody answered', () => {
  const vote: Vote = { gate: 'activation-1', choice: 'approve', who: 'jane-smith', reason: 'seen' };
  const clientOf = (describeRun: () => Promise<unknown>) =>
    ({ withDeadline: (_until: number, call: () => Promise<unknown>) => call(), workflow: { getHandle: () => ({ describe: describeRun }) } }) as never;
  const told = async (describeRun: () => Promise<unknown>) => {
    const error = await unansweredVote(clientOf(describeRun), 'recovery/x', vote, 10_000, undefined);
    let text = '';
    const code = explainFailure({ err: (part: string) => void (text += part) } as never, error);
    return { code, text };
  };

  it.each([{ gate: 'activation-1', deadlineAt: 2999 }, { gate: 'activation-1', deadlineAt: 'soon' }, 'text', null])(
    'a memo that is none of the run´s, %j, is not believed',
    async (openGate) => {
      const { code, text } = await told(async () => ({ status: { name: 'RUNNING' }, memo: { openGate } }));
      expect(code).toBe(4);
      expect(text).toContain('until when that is, is not known without one');
    },
  );

  it('a gate whose deadline is not known is named', async () => {
    const { code, text } = await told(async () => ({
      status: { name: 'RUNNING' },
      memo: { openGate: { gate: 'another', deadlineAt: '2999-01-01T00:00:00Z' } },
    }));
    expect(code).toBe(4);
    expect(text).toContain('counts if a worker starts while activation-1 is open; until when that is, is not known without one. Do not vote again.');
  });

  it('a run that has ended meanwhile is said to have ended', async () => {
    const { code, text } = await told(async () => ({ status: { name: 'COMPLETED' } }));
    expect([code, text.split('\n')[0]]).toEqual([3, 'The run recovery/x has ended; your vote changed nothing.']);
  });

  it('a server that is silent as well leaves it unknown', async () => {
    const { code, text } = await told(() => Promise.reject(new Error('no answer')));
    expect([code, text.split('\n')[0]]).toEqual([4, 'Temporal did not answer in 10 s. Whether it has your vote is not known.']);
  });
});
