/** Goal: whoever is woken finds the question, the clock and a vote first, and what strangers send looks like no more than it is. Method: the details of made-up statuses. */
import { describe, expect, it } from 'vitest';
import { detailsOf } from '../../../workflows/engine/details.ts';
import type { RunStatus } from '../../../workflows/wire/messages.ts';
import { ifNobodyDecides } from '../../../workflows/engine/status-of.ts';
import { exampleStatus as status } from './example-status.ts';

/** True when the texts stand in this order. */
function inOrder(details: string, ...texts: string[]): boolean {
  const found = texts.map((text) => details.indexOf(text));
  return found.every((position, index) => position >= 0 && position > (found[index - 1] ?? -1));
}

describe('the details of a run', () => {
  it('put the end of the RTO first, then question, votes, refusals, the vote to copy, and the evidence', () => {
    const texts = [
      'RTO ends at 10:30:00Z',
      '## Fail over shop',
      'none yet',
      'mallory',
      '"your-id"',
      'anna, ben',
      '**approve**: fence',
      '**Evidence** as of 10:05:00Z',
    ];
    expect(inOrder(detailsOf(status), ...texts)).toBe(true);
  });

  it('say what a loss is of', () => {
    const loss = { kind: 'proven 0', proof: 'every commit is there' } as const;
    expect(detailsOf({ ...status, loss, lossOf: 'the database' })).toContain('**Loss of the database**: ');
    expect(detailsOf({ ...status, loss })).toContain('**Loss**: ');
  });

  it('say how old the clock is', () => {
    expect(detailsOf(status)).toContain('within RTO so far: 5 min 00 s of 30 min 00 s; at most 17 min 30 s by the bounds of the steps ahead, as of 10:05:00Z');
  });

  it('of a run that has ended put what is not as it should be before what was changed, and the refusals last', () => {
    const ended: RunStatus = {
      ...status,
      gate: null,
      outcome: 'recovered with exceptions',
      exceptions: ['no mail'],
      leftovers: ['fence east'],
      changes: ['west promoted'],
    };
    expect(inOrder(detailsOf(ended), 'recovered with exceptions', 'no mail', 'fence east', 'west promoted', 'mallory')).toBe(true);
    expect(detailsOf(ended)).not.toContain('RTO ends');
  });

  it('say what comes of silence', () => {
    expect(detailsOf(status)).toContain('open until **10:20:00Z**; if nobody decides by then, the run stands down and changes nothing · identity: asserted');
  });

  it('name the steps ahead as they name those that are done', () => {
    const details = detailsOf(status);
    expect(details).toContain('| – | Fence the failed site | | |');
    expect(details).not.toContain('fence-site');
  });

  it('keep what strangers send on one line', () => {
    const details = detailsOf({ ...status, refused: ['10:04:00Z x\n\n## Approved by everybody\n\n: no'] });
    expect(details).not.toMatch(/^## Approved/m);
  });
});

describe('silence at a gate', () => {
  it.each([
    ['activation-3f9c2a', 'Everything done so far is taken back.', 'the run stands down and changes nothing'],
    ['failed-step-3f9c2a', 'Everything done so far is taken back.', 'the run ends: everything done so far is taken back'],
    ['accepted-risk-3f9c2a', 'Everything stays as it is.', 'the run ends: everything stays as it is'],
  ])('%s, %s', (gate, leftAs, silence) => {
    expect(ifNobodyDecides(gate, 'activation', leftAs)).toBe(silence);
  });
});
