/** The tally of a gate: pure, so that every rule about votes can be tested without a server. */
import type { Vote } from '../wire/messages.ts';
import type { VoteRecord } from '../../report/report.ts';

/** A gate as it stands, with the votes it has seen. */
export interface Ballot {
  readonly gate: string;
  readonly choices: readonly string[];
  /** Present when the gate asks for a number, as `accept 42`: the smallest that covers what is at stake. */
  readonly acceptAtLeast?: number;
  readonly electorate: readonly string[];
  readonly startedBy: string;
  readonly quorum: number;
  /** Ids that this gate had before its evidence grew worse. */
  readonly formerIds: readonly string[];
  readonly votes: readonly VoteRecord[];
}

/** The word by which a vote is counted: `accept 42` counts as `accept`. */
export function countedAs(choice: string): string {
  return choice.trim().split(/\s+/)[0] ?? '';
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
  const choiceProblem = wrongChoice(ballot, vote.choice);
  if (choiceProblem) return choiceProblem;
  const earlier = standing(ballot.votes).get(vote.who);
  if (earlier !== undefined && earlier.choice === vote.choice.trim()) return `${vote.who} has already voted ${earlier.choice}; it counts once.`;
  return null;
}

function wrongChoice(ballot: Ballot, choice: string): string | null {
  const word = countedAs(choice);
  if (!ballot.choices.includes(word)) return `"${choice}" is not a choice here. Choose one of: ${listChoices(ballot)}.`;
  if (word !== 'accept' || ballot.acceptAtLeast === undefined) {
    return choice.trim() === word ? null : `"${choice}" is not a choice here. Choose one of: ${listChoices(ballot)}.`;
  }
  const typed = /^accept (\d{1,15})$/.exec(choice.trim())?.[1];
  if (typed === undefined) return `Type the seconds of loss that you accept, as: accept ${ballot.acceptAtLeast}.`;
  if (Number(typed) < ballot.acceptAtLeast) {
    return `${typed} s do not cover the estimate of ${ballot.acceptAtLeast} s. Type accept ${ballot.acceptAtLeast} or more, or choose another answer.`;
  }
  return null;
}

/** The choices as a person types them. */
export function listChoices(ballot: Pick<Ballot, 'choices' | 'acceptAtLeast'>): string {
  return ballot.choices.map((choice) => (choice === 'accept' && ballot.acceptAtLeast !== undefined ? `accept ${ballot.acceptAtLeast}` : choice)).join(', ');
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

/** Votes of distinct people for each choice. */
export function count(votes: readonly VoteRecord[]): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const vote of standing(votes).values()) totals.set(countedAs(vote.choice), (totals.get(countedAs(vote.choice)) ?? 0) + 1);
  return totals;
}

/** The choice that has its quorum, those in `against` left out; null where none has. */
export function winner(ballot: Pick<Ballot, 'votes' | 'quorum'>, against: object = {}): string | null {
  for (const [choice, total] of count(ballot.votes)) if (total >= ballot.quorum && !Object.hasOwn(against, choice)) return choice;
  return null;
}

/** The smallest number that any of the winning votes accepts: that is what was agreed by all of them. */
export function acceptedNumber(votes: readonly VoteRecord[]): number {
  const typed = [...standing(votes).values()]
    .map((vote) => Number(/^accept (\d+)$/.exec(vote.choice)?.[1] ?? Number.NaN))
    .filter((value) => !Number.isNaN(value));
  return typed.length === 0 ? 0 : Math.min(...typed);
}

/** The votes with all that these people cast made void: also what they had voted before, which must not count again. */
export function voided(votes: readonly VoteRecord[], people: ReadonlySet<string>, note: string): readonly VoteRecord[] {
  return votes.map((vote) => (vote.result === 'counted' && people.has(vote.who) ? { ...vote, result: 'void', note } : vote));
}
