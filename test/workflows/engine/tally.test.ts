/** Goal: what a gate says people should type is what it takes. */
import { expect, test } from 'vitest';
import { type AnswerForm, listChoices } from '../../../workflows/engine/answers.ts';
import { type Ballot, choiceMade, refusal, winner } from '../../../workflows/engine/tally.ts';
import type { VoteRecord } from '../../../report/report.ts';

const ballotOf = (asks: AnswerForm): Ballot => ({
  gate: 'accepted-risk-1',
  choices: { accept: { does: 'go on', asks }, undo: { does: 'take it back' } },
  electorate: ['ann', 'ben'],
  startedBy: 'pager',
  quorum: 2,
  formerIds: [],
  votes: [],
});
const ballot = (atLeast: number) => ballotOf({ of: 'figure', what: 'the seconds of loss that you accept', unit: 's', atLeast });
const vote = (choice: string) => ({ gate: 'accepted-risk-1', who: 'ann', reason: 'seen', choice });

test.each([0, 1, 12, 1_200_000, 31_536_000_000])('a loss of %d s can be accepted by the words that the gate gives', (seconds) => {
  const [words = ''] = listChoices(ballot(seconds).choices).split(', ');
  expect(words).toBe(`accept ${seconds}`);
  expect(refusal(ballot(seconds), vote(words))).toBeNull();
  const cast: VoteRecord = { ...vote(words), at: '2026-11-29T00:00:00.000Z', channel: 'signal', result: 'counted', note: '' };
  expect(winner({ ...ballot(seconds), quorum: 1, votes: [cast] })).toEqual({ choice: 'accept', answer: seconds });
});

test.each(['accept', 'accept 12x', 'accept -1', 'accept 1e9', 'accept 9999999999999999', 'accept 11'])('"%s" does not cover 12 s', (choice) => {
  expect(refusal(ballot(12), vote(choice))).toContain('accept 12');
});

const by = (who: string, choice: string): VoteRecord => ({
  ...vote(choice),
  who,
  at: '2026-11-29T00:00:00.000Z',
  channel: 'signal',
  result: 'counted',
  note: '',
});
const forms: readonly (readonly [kind: string, asks: AnswerForm, right: string, read: string, other: string, wrong: string, told: string])[] = [
  ['a site', { of: 'site', sites: ['west', 'north'] }, 'accept west', 'west', 'accept north', 'accept east', 'accept and one of: west, north'],
  [
    'a moment',
    { of: 'moment', from: '2026-11-29T01:00:00.000Z', until: '2026-11-29T02:00:00.000Z' },
    'accept 2026-11-29T02:30:00+01:00',
    '2026-11-29T01:30:00.000Z',
    'accept 2026-11-29T01:30:01Z',
    'accept 2026-11-29T02:00:01Z',
    'accept 2026-11-29T02:00:00.000Z',
  ],
  [
    'a restore point',
    { of: 'entry', what: 'the restore points', entries: { 'base-1': 'of 01:00', 'base-2': 'of 02:00' } },
    'accept base-2',
    'base-2',
    'accept base-1',
    'accept base-3',
    'accept and one of: base-1, base-2',
  ],
];

test.each(forms)('%s is read and told as it is typed', (_kind, asks, right, read, _other, wrong, told) => {
  const open = { ...ballotOf(asks), quorum: 1 };
  expect(refusal(open, vote(right))).toBeNull();
  const won = winner({ ...open, votes: [by('ann', right)] });
  expect(won).toEqual({ choice: 'accept', answer: read });
  expect(won && choiceMade(open.choices, won)).toEqual({ decision: 'accept', answer: { value: read } });
  for (const typed of [wrong, 'accept', 'accept toString', 'constructor']) expect(refusal(open, vote(typed)), typed).not.toBeNull();
  expect(refusal(open, vote(wrong))).toContain(told);
  // What the gate says people should type is right.
  expect(refusal(open, vote(listChoices(open.choices).split(', ')[0] ?? ''))).toBeNull();
});

test.each(forms)('votes for another %s never add up', (_kind, asks, right, _read, other) => {
  const open = ballotOf(asks);
  expect(winner({ ...open, votes: [by('ann', right), by('ben', other)] })).toBeNull();
  expect(winner({ ...open, votes: [by('ann', right), by('ben', other), by('ben', right)] })).not.toBeNull();
});

test('a moment is the same whatever its zone', () => {
  const open = ballotOf({ of: 'moment', from: '2026-11-29T01:00:00.000Z', until: '2026-11-29T02:00:00.000Z' });
  expect(winner({ ...open, votes: [by('ann', 'accept 2026-11-29T02:30:00+01:00'), by('ben', 'accept 2026-11-29T01:30:00Z')] })).not.toBeNull();
});

test('of two figures the smaller is agreed by both', () => {
  expect(winner({ ...ballot(12), votes: [by('ann', 'accept 40'), by('ben', 'accept 12')] })).toEqual({ choice: 'accept', answer: 12 });
});
