/** Goal: what a gate says people should type is what it takes. */
import { expect, test } from 'vitest';
import { acceptedNumber, type Ballot, listChoices, refusal } from '../../../workflows/engine/tally.ts';
import type { VoteRecord } from '../../../report/report.ts';

const ballot = (acceptAtLeast: number): Ballot => ({
  gate: 'accepted-risk-1',
  choices: ['accept', 'undo'],
  acceptAtLeast,
  electorate: ['ann', 'ben'],
  startedBy: 'pager',
  quorum: 2,
  formerIds: [],
  votes: [],
});
const vote = (choice: string) => ({ gate: 'accepted-risk-1', who: 'ann', reason: 'seen', choice });

test.each([0, 1, 12, 1_200_000, 31_536_000_000])('a loss of %d s can be accepted by the words that the gate gives', (seconds) => {
  const [words = ''] = listChoices(ballot(seconds)).split(', ');
  expect(words).toBe(`accept ${seconds}`);
  expect(refusal(ballot(seconds), vote(words))).toBeNull();
  const cast: VoteRecord = { ...vote(words), at: '2026-11-29T00:00:00.000Z', channel: 'signal', result: 'counted', note: '' };
  expect(acceptedNumber([cast])).toBe(seconds);
});

test.each(['accept', 'accept 12x', 'accept -1', 'accept 1e9', 'accept 9999999999999999', 'accept 11'])('"%s" does not cover 12 s', (choice) => {
  expect(refusal(ballot(12), vote(choice))).toContain('accept 12');
});
