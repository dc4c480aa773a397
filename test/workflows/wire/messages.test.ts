/** Goal: nothing that is said to a run breaks it, whoever says it and however it is written. Method: a real worker and server, payloads byte for byte, every execution replayed. */
import { type PayloadConverter, RawValue } from '@temporalio/common';
import { expect, describe, it } from 'vitest';
import { planQuery, reportQuery, resumeSignal, type RunStatus, statusQuery, stopSignal, voteSignal, voteUpdate } from '../../../workflows/wire/messages.ts';
import {
  makeAssessmentWorkflowId,
  makeEstateCheckWorkflowId,
  makeRestorePointsWorkflowId,
  makeFenceOnReturnWorkflowId,
  makeRunWorkflowId,
  taskQueueOf,
} from '../../../workflows/wire/ids.ts';
import { electorate, endOf, estate, type Handle, openGate, plan, rig, start, useFailovers, vote } from '../../support/failover.ts';
import { foreignPayloads, queryRaw, signalRaw, updateRaw } from '../../support/raw-messages.ts';
import { until } from '../../support/until.ts';

useFailovers();

const signals = ['vote', 'approve', 'reject', 'stop', 'resume', 'no-such-signal', '__temporal_reserved', '__stack_trace'];
const target = (handle: Handle) => ({ client: rig.env.client, workflowId: handle.workflowId });
const statusOf = (handle: Handle): Promise<RunStatus> => handle.query(statusQuery);

describe('payloads that cannot be read', () => {
  it('are refused on the record, and the run recovers', async () => {
    const { report, status } = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      for (const signal of signals) for (const payload of Object.values(foreignPayloads)) await signalRaw(target(handle), signal, [payload]);
      for (const payload of Object.values(foreignPayloads)) {
        expect(await updateRaw(target(handle), 'vote', [payload])).toContain('This is no vote.');
        expect(await updateRaw(target(handle), 'no-such-update', [payload])).toContain('no-such-update');
        for (const query of [statusQuery, planQuery, reportQuery]) await queryRaw(target(handle), query.name, [payload]);
      }
      const seen = await statusOf(handle);
      await vote(handle, 'approve');
      return { report: await endOf(handle), status: seen };
    });
    expect(report.outcome).toBe('recovered');
    expect(status.stopped).toBeNull();
    expect(status.refused.join('\n')).toContain('somebody, vote by signal: It cannot be read: its encoding "binary/encrypted" is not known here.');
    expect(status.refused.join('\n')).toContain('It cannot be read: its JSON is broken.');
    const { kept = [], beyond } = report.refusals ?? {};
    expect(kept.length + (beyond?.count ?? 0), 'each of them').toBe(signals.length * Object.keys(foreignPayloads).length);
  });

  it('are refused at the start of each workflow type, and nothing waits or is changed', async () => {
    const { name } = plan.plan.estate;
    const ids = {
      regionalFailover: makeRunWorkflowId(name),
      assessment: makeAssessmentWorkflowId(name, 'us-east-1'),
      estateCheck: makeEstateCheckWorkflowId(name),
      restorePoints: makeRestorePointsWorkflowId(name),
      fenceOnReturn: makeFenceOnReturnWorkflowId(name, 'us-east-1'),
    };
    await rig.with(estate, async () => {
      for (const [type, workflowId] of Object.entries(ids)) {
        const { client } = rig.env;
        await client.workflowService.startWorkflowExecution({
          namespace: client.options.namespace,
          workflowId,
          requestId: type,
          workflowType: { name: type },
          taskQueue: { name: taskQueueOf(name) },
          input: { payloads: [{ ...foreignPayloads['encrypted'] }] },
        });
        const refused = await client.workflow.getHandle(workflowId).result().catch((error: Error) => (error.cause as Error).message); // prettier-ignore
        expect(refused, type).toContain('cannot be read: its encoding "binary/encrypted" is not known here.');
      }
    });
    expect(estate.calls).toEqual([]);
  });

  it('are a fault when an activity answers so: the run waits until the worker is mended', async () => {
    const activities = estate.activities();
    const foreign: PayloadConverter = { toPayload: () => ({ ...foreignPayloads['encrypted'] }), fromPayload: () => null as never };
    estate.activities = () => ({ ...activities, readAgents: async () => new RawValue(null, foreign) as never });
    await rig.with(estate, async () => {
      const { workflow } = rig.env.client;
      const input = { estate: plan.plan.estate.name, from: 'us-east-1', to: 'eu-central-1', mode: 'live', startedBy: 'pager' };
      const handle = await workflow.start('regionalFailover', {
        taskQueue: taskQueueOf(input.estate),
        workflowId: makeRunWorkflowId(input.estate),
        args: [input],
      });
      const failed = await until('its task fails', async () => {
        const { events } = await handle.fetchHistory();
        return events?.findLast((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes?.failure?.message ?? undefined;
      });
      expect(failed).toContain('The answer of readAgents cannot be read: its encoding "binary/encrypted" is not known here.');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await handle.terminate();
    });
    expect(estate.changes()).toEqual([]);
  });

  it('leave the watch of a site where it is', async () => {
    const result = await rig.with(estate, async () => {
      const handle = await start();
      await vote(handle, 'approve');
      await handle.result();
      const watch = rig.env.client.workflow.getHandle(makeFenceOnReturnWorkflowId(plan.plan.estate.name, 'us-east-1'));
      const sent = { client: rig.env.client, workflowId: watch.workflowId };
      for (const signal of ['supersede', 'no-such-signal', '__temporal_reserved'])
        for (const payload of Object.values(foreignPayloads)) await signalRaw(sent, signal, [payload]);
      await watch.signal('supersede', { reason: 'anybody may send a signal' });
      estate.dead.clear();
      return watch.result();
    });
    expect(result).toMatchObject({ outcome: 'fenced' });
  });
});

describe('stop and resume', () => {
  it('are for people of the plan, both; what others say is on record and holds nothing', async () => {
    const who = electorate[0] ?? '';
    const report = await rig.with(estate, async () => {
      const handle = await start();
      await openGate(handle);
      await handle.signal(stopSignal, { who: 'mallory', reason: 'a stranger' });
      await handle.signal('stop');
      expect((await statusOf(handle)).stopped).toBeNull();
      await handle.signal(stopSignal, { who, reason: 'wait' });
      await until('the run is stopped', async () => ((await statusOf(handle)).stopped ? true : undefined));
      await handle.signal(resumeSignal, { who: 'mallory', reason: 'go' });
      expect((await statusOf(handle)).stopped).toMatchObject({ who });
      await handle.signal(resumeSignal, { who, reason: 'go' });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.refusals?.kept.map(({ name, who: said }) => `${name} ${said}`)).toEqual(['stop mallory', 'stop ', 'resume mallory']);
    expect(report.timeline.map(({ text }) => text).join('\n')).not.toContain('mallory');
  });

  it('that come before the run has its plan wait for it', async () => {
    const who = electorate[0] ?? '';
    const report = await rig.with(estate, async () => {
      estate.before = async (name) => {
        if (name !== 'loadPlan') return;
        const { workflow } = rig.env.client;
        await workflow.getHandle(makeRunWorkflowId(plan.plan.estate.name)).signal(stopSignal, { who, reason: 'not yet' });
      };
      const handle = await start();
      await until('the run is stopped', async () => ((await statusOf(handle)).stopped?.who === who ? true : undefined));
      await handle.signal(resumeSignal, { who, reason: 'go' });
      await vote(handle, 'approve');
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
  });
});

describe('a workflow that only reads', () => {
  it('is refused under any id but that of its question, so that one answer at a time is made', async () => {
    const { name } = plan.plan.estate;
    const right = makeAssessmentWorkflowId(name, 'us-east-1');
    await rig.with(estate, async () => {
      const ask = (workflowId: string) =>
        rig.env.client.workflow.execute('assessment', { taskQueue: taskQueueOf(name), workflowId, args: [{ estate: name, from: 'us-east-1' }] });
      for (const wrong of [makeAssessmentWorkflowId(name, 'eu-central-1'), 'assessment-of-the-night']) {
        const refused = await ask(wrong).catch((error: Error) => (error.cause as Error).message);
        expect(refused).toContain(`is not that of the question that this input asks. Nothing was changed. HINT: Start it under the id ${right}`);
      }
      await ask(right);
    });
  });
});

describe('votes by update that count', () => {
  it('are refused to a person who has cast 40, before the history, so that others can vote', async () => {
    const [first = '', second = '', third = ''] = electorate;
    const { report, accepted } = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      const cast = (who: string, choice: string) => handle.executeUpdate(voteUpdate, { args: [{ gate, choice, who, reason: 'yes' }] });
      for (let turn = 0; turn < 40; turn++) await cast(first, turn % 2 === 0 ? 'reject' : 'approve');
      for (let turn = 0; turn < 10; turn++)
        await expect(cast(first, 'reject')).rejects.toMatchObject({ cause: { message: expect.stringContaining(`${first} has voted 40 times`) as string } });
      await handle.signal(voteSignal, { gate, choice: 'reject', who: first, reason: 'by signal' });
      await cast(second, 'approve');
      await cast(third, 'approve');
      const ended = await endOf(handle);
      const { events } = await handle.fetchHistory();
      return { report: ended, accepted: events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length };
    });
    expect(report.outcome).toBe('recovered');
    expect(accepted).toBe(42);
    expect(report.gates[0]?.votes.findLast(({ who }) => who === first)).toMatchObject({ choice: 'reject', result: 'counted' });
  });
});

describe('votes by update that come to nothing', () => {
  it('are all answered; the first ones are on record, and the others leave no trace in the history', async () => {
    const [first = '', second = ''] = electorate;
    const { report, accepted } = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      const cast = (who: string) => handle.executeUpdate(voteUpdate, { args: [{ gate, choice: 'approve', who, reason: 'yes' }] });
      for (let turn = 0; turn < 60; turn++)
        await expect(cast('mallory')).rejects.toMatchObject({ cause: { message: expect.stringContaining('mallory is not among') as string } });
      await cast(first);
      await cast(second);
      const ended = await endOf(handle);
      const { events } = await handle.fetchHistory();
      return { report: ended, accepted: events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length };
    });
    expect(report.outcome).toBe('recovered');
    expect(accepted).toBe(42);
    expect(report.refusals).toMatchObject({ beyond: null });
    expect(report.refusals?.kept).toHaveLength(40);
  });
});

describe('texts without end', () => {
  it('are cut in a reason that counts, with a sentence, and refused elsewhere', async () => {
    const [first = '', second = ''] = electorate;
    const long = 'x'.repeat(100_000);
    const report = await rig.with(estate, async () => {
      const handle = await start();
      const { gate } = await openGate(handle);
      await handle.signal(voteSignal, { gate, choice: 'approve', who: long, reason: 'yes' });
      await handle.signal(voteSignal, { gate: long, choice: 'approve', who: first, reason: 'yes' });
      await handle.signal(voteSignal, { gate, choice: 'approve', who: first, reason: long });
      await handle.signal(voteSignal, { gate, choice: 'approve', who: second, reason: 'yes' });
      return endOf(handle);
    });
    expect(report.outcome).toBe('recovered');
    expect(report.gates[0]?.votes[0]?.reason).toBe(`${'x'.repeat(500)} … (99500 more characters were left out)`);
    expect(report.refusals?.kept.map(({ note }) => note)).toEqual([
      'It is written {"gate","choice","who","reason"}, each a text; this one has more than 64 characters in who.',
      'It is written {"gate","choice","who","reason"}, each a text; this one has more than 70 characters in gate.',
    ]);
  });
});
