/** The tally of a gate: pure, so that every rule about votes can be tested without a server. */
import type { GateRecord, VoteRecord } from '../../report/report.ts';
import type { Vote } from '../wire/messages.ts';
import { type Answer, type Choice, readChoice, recorded, wordOf } from './answers.ts';

/** A gate as it stands, with the votes it has seen. */
export interface Ballot {
  readonly gate: string;
  readonly choices: Readonly<Record<string, Choice>>;
  readonly electorate: readonly string[];
  readonly startedBy: string;
  readonly quorum: number;
  /** Ids that this gate had before its evidence grew worse. */
  readonly formerIds: readonly string[];
  readonly votes: readonly VoteRecord[];
}

/** Why a vote cannot count, as a sentence for the person who cast it; null when it counts. */
export function refusal(ballot: Ballot | null, vote: Vote): string | null {
  if (!ballot) return 'No question is open now, so there is nothing to vote on. Look at the run: it says when it asks.';
  if (ballot.formerIds.includes(vote.gate)) {
    return `The evidence has changed since ${vote.gate}, which voids its votes. Read the new evidence and vote on ${ballot.gate}.`;
  }
  if (vote.gate !== ballot.gate) return `The question that is open is ${ballot.gate}, not ${vote.gate}. Read it, then vote on that id.`;
  if (vote.who === ballot.startedBy) return `${vote.who} started this run and so does not vote in it. Ask one of: ${ballot.electorate.join(', ')}.`;
  if (!ballot.electorate.includes(vote.who)) return `${vote.who} is not among those who decide here. They are: ${ballot.electorate.join(', ')}.`;
  if (vote.reason.trim() === '') return 'A vote needs a reason. Say in a few words why, and vote again.';
  const read = readChoice(ballot.choices, vote.choice);
  if (!read.ok) return read.why;
  const earlier = standing(ballot.votes).get(vote.who);
  if (earlier !== undefined && earlier.choice === vote.choice.trim()) return `${vote.who} has already voted ${earlier.choice}; it counts once.`;
  return null;
}

/** Votes that their people changed since, of which a gate keeps so many: people change their mind once or twice, and programs without end. */
const changedMax = 20;

/** The votes with one more; where the one that it takes the place of is no longer kept, that one as well. */
export function withVote(votes: readonly VoteRecord[], cast: VoteRecord): { readonly votes: readonly VoteRecord[]; readonly dropped: VoteRecord | null } {
  const stand = standing(votes);
  const earlier = cast.result === 'counted' ? stand.get(cast.who) : undefined;
  const changed = votes.filter((vote) => vote.result === 'counted' && stand.get(vote.who) !== vote).length;
  if (!earlier || changed < changedMax) return { votes: [...votes, cast], dropped: null };
  return { votes: [...votes.filter((vote) => vote !== earlier), cast], dropped: earlier };
}

/** The vote of each person that stands: the last one counted. */
export function standing(votes: readonly VoteRecord[]): ReadonlyMap<string, VoteRecord> {
  return new Map(votes.filter((vote) => vote.result === 'counted').map((vote) => [vote.who, vote]));
}

/** What has been voted for by how many distinct people; votes with other values stand apart. */
export function count({ choices, votes }: Pick<Ballot, 'choices' | 'votes'>): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { choice } of standing(votes).values()) {
    const read = readChoice(choices, choice);
    if (read.ok) totals.set(read.adds, (totals.get(read.adds) ?? 0) + 1);
  }
  return totals;
}

/** What has its quorum: a word, and what was typed after it. */
export interface Won {
  readonly choice: string;
  /** Of a figure the smallest that any of the winning votes accepts: that is what was agreed by all of them. */
  readonly answer: Answer;
}

/** The choice that has its quorum, those in `against` left out; null where none has. */
export function winner(ballot: Pick<Ballot, 'choices' | 'votes' | 'quorum'>, against: object = {}): Won | null {
  for (const [adds, total] of count(ballot)) {
    const word = wordOf(adds);
    if (total >= ballot.quorum && !Object.hasOwn(against, word)) return { choice: word, answer: agreed(ballot, adds) };
  }
  return null;
}

function agreed({ choices, votes }: Pick<Ballot, 'choices' | 'votes'>, adds: string): Answer {
  const answers = [...standing(votes).values()].flatMap(({ choice }) => {
    const read = readChoice(choices, choice);
    return read.ok && read.adds === adds ? [read.answer] : [];
  });
  const figures = answers.filter((answer) => typeof answer === 'number');
  return figures.length > 0 ? Math.min(...figures) : (answers[0] ?? null);
}

/** What was chosen, as the record of its gate says it. */
export function choiceMade(choices: Readonly<Record<string, Choice>>, { choice, answer }: Won): Pick<GateRecord, 'decision' | 'answer'> {
  const typed = recorded(choices[choice]?.asks, answer);
  return { decision: choice, ...(typed ? { answer: typed } : {}) };
}

/** The votes with all that these people cast made void: also what they had voted before, which must not count again. */
export function voided(votes: readonly VoteRecord[], people: ReadonlySet<string>, note: string): readonly VoteRecord[] {
  return votes.map((vote) => (vote.result === 'counted' && people.has(vote.who) ? { ...vote, result: 'void', note } : vote));
}
