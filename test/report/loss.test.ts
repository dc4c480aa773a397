/** Goal: `proven 0` is said only where it holds without an assumption; every other 0 has its assumption and window beside it, wherever it is shown. Method: the rules, and a report in each form. */
import { describe, expect, it } from 'vitest';
import { renderView } from '../../client/cli/views/status.ts';
import { acknowledgedAlone } from '../../plan/rules/fence-proof.ts';
import { judgeRpo } from '../../plan/rules/objectives.ts';
import { describeLoss, estimateCacheLoss, estimateDatabaseLoss, explainLoss, isZero, lossBadness, worstLoss, zeroUnder } from '../../plan/rules/loss.ts';
import { renderCloudEvents } from '../../report/formats/cloud-events.ts';
import { renderJUnit } from '../../report/formats/junit.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { renderPage } from '../../report/page/page.ts';
import type { Report } from '../../report/report.ts';
import { detailsOf } from '../../workflows/engine/details.ts';
import { exampleStatus } from '../workflows/engine/example-status.ts';
import { exampleReport } from './example.ts';

const fenced = { fencedPositionBytes: 100, targetBytes: 100, fenceProof: 'closed', probeIntervalSeconds: 1 };
const assumption = { what: acknowledgedAlone('us-east-1'), since: 'its last heartbeat', windowSeconds: 12 };
const under = zeroUnder(assumption, 'ap-southeast-1 was synchronous');
const sentence =
  "0 unless, in the 12 s since its last heartbeat, us-east-1 acknowledged a write alone: by a session's own synchronous_commit, a COMMIT whose wait was cancelled, or settings that somebody changed there";

describe('a loss of 0', () => {
  it('is proven where nothing is taken for granted', () => {
    expect(estimateDatabaseLoss(fenced).kind).toBe('proven 0');
  });

  it('is 0 unless, where the proof takes something for granted, and says what and for how long', () => {
    const loss = estimateDatabaseLoss({ ...fenced, assumption });
    expect(loss).toMatchObject({ kind: '0 unless', windowSeconds: 12 });
    expect(describeLoss(loss)).toBe(sentence);
    expect(describeLoss(zeroUnder({ ...assumption, windowSeconds: 'unknown' }, ''))).toContain('in the time since its last heartbeat, which is not known,');
  });

  it('is not made of a commit that is newer than the end of its primary: the clocks do not agree', () => {
    const facts = { probeIntervalSeconds: 1, stopped: { at: 0, basis: 'the last that anybody heard of it' } };
    expect(estimateDatabaseLoss({ ...facts, lastCommitAt: 3_000 })).toMatchObject({ kind: 'at most', seconds: 1 });
    expect(describeLoss(estimateDatabaseLoss({ ...facts, lastCommitAt: 601_000 }))).toBe(
      'unknown (the newest commit at the target is of 601 s after the last that anybody heard of it: the clocks do not agree)',
    );
  });

  it('of a cache rests on what the service waits for, which only the plan says', () => {
    const facts = { fenced: true, replicas: 2, survivors: 2, targetHasAll: true, writesWaitForReplicas: 1, probeIntervalSeconds: 1 };
    const loss = estimateCacheLoss({ ...facts, lastContactAt: 1_000, stopped: { at: 4_500, basis: 'the fence' } });
    expect(describeLoss(loss)).toBe(
      '0 unless, in the 4 s since the last word of the old cache to the target, the service acknowledged a write to the cache that fewer than 1 of 2 replicas had',
    );
  });

  it('under an assumption is worse than one that is proven, and better than any other', () => {
    const [proven, some] = [estimateDatabaseLoss(fenced), { kind: 'at most', seconds: 1, bytes: 'unknown', basis: '' } as const];
    expect([proven, under].every(isZero)).toBe(true);
    expect(worstLoss([proven, under])).toBe(under);
    expect(worstLoss([under, some])).toBe(some);
    expect([proven, under, some].map(lossBadness)).toEqual([0, 0.5, 1]);
    expect(judgeRpo(0, under)).toBe('met');
  });

  it('that nobody can bound is worse than any figure, and a time that cannot be read bounds nothing', () => {
    const [some, none] = [
      { kind: 'at most', seconds: 2_000_000, bytes: 'unknown', basis: '' },
      { kind: 'unknown', reason: 'x' },
    ] as const;
    expect(worstLoss([some, none])).toBe(none);
    const stopped = { at: 4_500, basis: 'the fence' };
    expect(estimateDatabaseLoss({ lastCommitAt: Number.NaN, stopped, probeIntervalSeconds: 1 }).kind).toBe('unknown');
    const cache = { fenced: false, replicas: 2, survivors: 2, targetHasAll: true, writesWaitForReplicas: 1, probeIntervalSeconds: 1 };
    expect(estimateCacheLoss({ ...cache, lastContactAt: Number.NaN, stopped }).kind).toBe('unknown');
  });
});

describe('the assumption and its window', () => {
  const report: Report = {
    ...exampleReport,
    loss: under,
    functions: exampleReport.functions.map((entry) => ({ ...entry, rpoSeconds: { ...entry.rpoSeconds, achieved: under } })),
  };
  const shown: Readonly<Record<string, () => string>> = {
    'the words of gate, step, mail and exceptions': () => describeLoss(under),
    'dr assess': () => explainLoss(under),
    'the details': () =>
      detailsOf({
        ...exampleStatus,
        loss: under,
        steps: [{ ...exampleReport.steps[0]!, evidence: `database ${describeLoss(under)}; cache ${describeLoss(under)}` }],
      }),
    'dr status of a run that goes on': () => renderView({ state: 'running', runId: 'recovery/x', status: { ...exampleStatus, loss: under } }),
    'dr status of a run that has ended': () => renderView({ state: 'ended', runId: 'recovery/x', report }),
    Markdown: () => renderMarkdown(report),
    'the page': () => renderPage(report),
    CloudEvents: () => renderCloudEvents(report),
  };
  /** Each figure, and the text up to its end: what stands beside it is looked for there. */
  const plain = (text: string) =>
    text
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll('&#39;', "'")
      .replaceAll('&#x27;', "'")
      .replaceAll('\\"', '"')
      .replaceAll(/\s+/g, ' ');

  it.each(Object.keys(shown))('stand beside every figure in %s', (where) => {
    const text = plain(shown[where]!());
    const figures = text.split('0 unless').slice(1);
    expect(figures.length).toBeGreaterThan(0);
    expect(text).not.toContain('proven 0');
    for (const after of figures)
      expect(after).toMatch(
        /^(, |", "assumption": ")in the 12 s since its last heartbeat, us-east-1 acknowledged a write alone: .*settings that somebody changed there/,
      );
  });

  it('are in JUnit where a loss is told at all: a met objective is a passed test', () => {
    expect(renderJUnit(report)).not.toMatch(/0 unless(?!, in the 12 s)|proven 0/);
  });
});
