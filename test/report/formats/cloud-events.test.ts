import { HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { serviceMoved } from '../../../activities/monitoring/event.ts';
import { readCloudEvent } from '../../../lab/monitoring/cloud-event.ts';
import { eventsOf, renderCloudEvents } from '../../../report/formats/cloud-events.ts';
import type { Report } from '../../../report/report.ts';
import { exampleReport } from '../example.ts';

const gate = exampleReport.gates[0]!;
const ids = (report: Report, ended = true): string[] => eventsOf({ ...report, open: !ended }).map(({ id }) => id.replace(`${report.startedAt}/`, ''));

describe('the events of a run', () => {
  test('are all that its report tells, in the order of their times', () => {
    expect(eventsOf(exampleReport).map(({ time, type, subject }) => [time?.slice(11, 19), type, subject])).toEqual([
      ['10:00:10', 'dr-orchestrator.run.started', undefined],
      ['10:00:14', 'dr-orchestrator.gate.opened', 'activation-3f9c2a'],
      ['10:00:14', 'dr-orchestrator.step.ended', 'confirm-failure'],
      ['10:00:30', 'dr-orchestrator.vote.counted', 'activation-3f9c2a'],
      ['10:00:40', 'dr-orchestrator.vote.refused', 'activation-3f9c2a'],
      ['10:00:54', 'dr-orchestrator.gate.decided', 'activation-3f9c2a'],
      ['10:02:00', 'dr-orchestrator.run.ended', undefined],
    ]);
  });

  test('have ids of their own, which a later export repeats', () => {
    const early: Report = {
      ...exampleReport,
      endedAt: '2026-02-02T10:00:35.000Z',
      steps: exampleReport.steps.slice(0, 1),
      gates: [{ ...gate, votes: gate.votes.slice(0, 1) }],
    };
    const late = ids(exampleReport);
    expect(new Set(late).size).toBe(late.length);
    expect(late).toEqual(expect.arrayContaining(ids(early, false)));
    expect(ids(exampleReport)).toEqual(late);
  });

  test('of another run of the same estate have other ids', () => {
    const other = eventsOf({ ...exampleReport, startedAt: '2026-03-03T10:00:10.000Z' }).map(({ id }) => id);
    const first = eventsOf(exampleReport).map(({ id }) => id);
    expect(first.filter((id) => other.includes(id))).toEqual([]);
  });

  test('tell a record that changed as another event', () => {
    const voided: Report = { ...exampleReport, gates: [{ ...gate, votes: [{ ...gate.votes[0]!, result: 'void' }] }] };
    expect(ids(voided)).toContain('gate/activation-3f9c2a/vote/1/void');
    expect(ids(voided)).not.toContain('gate/activation-3f9c2a/vote/1/counted');
  });

  test('tell the attempts of a step apart', () => {
    const [step] = exampleReport.steps;
    const report: Report = { ...exampleReport, steps: [{ ...step!, result: 'failed' }, step!] };
    expect(ids(report)).toEqual(expect.arrayContaining(['step/confirm-failure/1/failed', 'step/confirm-failure/2/done']));
  });

  test('have no end while the run is open, no end of a step that goes on, and no gate in a dry run', () => {
    const report: Report = { ...exampleReport, gates: [{ ...gate, decision: 'not asked' }] };
    expect(ids(report, false)).toEqual(['started', 'step/confirm-failure/1/done']);
  });

  test('are CloudEvents in the eyes of a judge that shares no code with them', () => {
    const batch = JSON.parse(renderCloudEvents(exampleReport)) as object[];
    expect(batch).toHaveLength(7);
    for (const event of batch) expect(readCloudEvent('application/cloudevents+json', JSON.stringify(event))).toMatchObject({ event });
  });
});

describe('what the monitoring is told', () => {
  const run = { runId: 'recovery/shop', execution: 'recovery/shop@1', planDigest: '', epoch: 3 };
  const moved = (change: object = {}, second = 0) =>
    serviceMoved('shop', { ...run, ...change }, { status: 'failover_active', from: 'a', to: 'b', run: run.runId }, new Date(second * 1000));

  test('has the same id at each attempt, and another one in another run', () => {
    expect(moved({}, 1).id).toBe(moved({}, 2).id);
    expect(moved({ execution: 'recovery/shop@2' }).id).not.toBe(moved().id);
    expect(moved({ epoch: 4 }).id).not.toBe(moved().id);
  });

  test('is a CloudEvent in structured mode', () => {
    const { headers, body } = HTTP.structured(moved());
    expect(readCloudEvent(String(headers['content-type']), String(body))).toMatchObject({
      event: { type: 'dr-orchestrator.service.moved', source: '/estates/shop/runs/recovery/shop', subject: 'b', data: { status: 'failover_active' } },
    });
  });
});

describe('the judge refuses', () => {
  const valid = { specversion: '1.0', id: '1', source: '/a', type: 't' };
  const cases: readonly (readonly [string, object, string])[] = [
    ['no id', { ...valid, id: undefined }, 'id: '],
    ['an empty type', { ...valid, type: '' }, 'type: '],
    ['another version', { ...valid, specversion: '0.3' }, 'specversion: '],
    ['a source that is no URI reference', { ...valid, source: 'a b' }, 'source: not a URI reference'],
    ['a time without a zone', { ...valid, time: '2026-02-02T10:00:00' }, 'time: '],
    ['an attribute with capitals', { ...valid, runId: 'x' }, 'event: names of attributes'],
    ['data twice', { ...valid, data: {}, data_base64: 'AA==' }, 'event: data and data_base64'],
  ];
  test.each(cases)('%s', (_what, event, problem) => {
    expect(readCloudEvent('application/cloudevents+json; charset=utf-8', JSON.stringify(event))).toMatchObject({
      problems: expect.arrayContaining([expect.stringContaining(problem)]) as string[],
    });
  });
  test('plain JSON, and what is not JSON', () => {
    expect(readCloudEvent('application/json', JSON.stringify(valid))).toHaveProperty('problems');
    expect(readCloudEvent('application/cloudevents+json', '{')).toEqual({ problems: ['the body is not JSON'] });
    expect(readCloudEvent('application/cloudevents+json', JSON.stringify(valid))).toHaveProperty('event');
  });
});
