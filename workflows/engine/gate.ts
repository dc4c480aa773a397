/** The gate: the one mechanism for every question to people. Questions are put one at a time; votes by signal and by update go through one tally. */
import { condition } from '@temporalio/workflow';
import type { GateRecord, VoteRecord } from '../../report/report.ts';
import { clockTime, formatSeconds } from '../../plan/durations.ts';
import { type Choice, choiceLines, readChoice, typedExample, wordOf } from './answers.ts';
import { shortDigest } from './digest.ts';
import { type Gravity, isGraver } from './gravity.ts';
import { Kept } from '../wire/kept.ts';
import type { OpenGate, Vote, VoteReceipt } from '../wire/messages.ts';
import type { Refusals } from './refusals.ts';
import { type Ballot, choiceMade, count, refusal, standing, voided, winner, withVote, type Won } from './tally.ts';

/** What people are to know before they decide. */
export interface GateEvidence {
  /** One line each, the most important first. */
  readonly lines: readonly string[];
  /** When it was observed; RFC 3339. */
  readonly at: string;
  /** Graver evidence voids the votes of those who have not seen it so grave. */
  readonly gravity: Gravity;
  /** Choices that cannot be taken as long as this is so, each with the reason as a sentence. Votes that were cast before stay. */
  readonly against?: Readonly<Record<string, string>>;
  /** Why it is older than it should be, as a sentence. */
  readonly notRenewed?: string;
  /** Set when the evidence answers the question by itself, such as a site that has recovered: the gate ends. */
  readonly settled?: string;
}

export interface Question {
  /** Gate of the plan's procedure: electorate, quorum and deadline come from there. */
  readonly gate: string;
  readonly question: string;
  /** Words that may be voted for: what each would do, or that and what is typed after it. */
  readonly choices: Readonly<Record<string, string | Choice>>;
  /** The choice that changes nothing: graver evidence is no reason to ask those anew who voted for it. */
  readonly harmless?: string;
  readonly evidence: GateEvidence;
  /** Why it needs no answer any more, when its turn comes or while it is open; null when it does. */
  readonly moot?: () => string | null;
  /** Looks again; called when the evidence is older than `evidenceMaxAgeSeconds`. */
  readonly lookAgain?: (held: GateEvidence) => Promise<GateEvidence>;
}

export interface Terms {
  readonly electorate: readonly string[];
  readonly startedBy: string;
  readonly quorum: number;
  readonly deadlineSeconds: number;
  readonly evidenceMaxAgeSeconds: number;
  readonly planDigest: string;
}

/** Whoever started the run does not vote in it. */
export function voters(terms: Pick<Terms, 'electorate' | 'startedBy'>): string[] {
  return terms.electorate.filter((person) => person !== terms.startedBy);
}

export type Decision =
  | ({ readonly kind: 'decided'; readonly at: string } & Won)
  /** `against`: choices that could not be taken at the end, with the reasons. */
  | { readonly kind: 'expired'; readonly at: string; readonly against?: Readonly<Record<string, string>> }
  | { readonly kind: 'settled'; readonly why: string; readonly at: string };

interface OpenQuestion {
  ballot: Ballot;
  readonly question: Question;
  readonly terms: Terms;
  evidence: GateEvidence;
  /** Of the last evidence on which any choice could be taken. */
  gravity: Gravity;
  /** What each voter had seen when their latest vote came. */
  readonly seen: Map<string, Gravity>;
  readonly openedAt: string;
  readonly deadlineAt: number;
  readonly dropped: Kept<VoteRecord>;
  /** What has reached its quorum: from then on nothing more counts, however many votes come in the same moment. */
  won: Won | null;
  /** The evidence is looked at: what is won meanwhile is decided by what the look finds, and until then votes may be changed. */
  looking: boolean;
}

/** Puts questions and counts votes; one desk for a run. */
export class GateDesk {
  readonly records: GateRecord[] = [];
  private readonly refusals: Refusals;
  private open: OpenQuestion | null = null;
  private readonly now: () => string;
  private readonly changed: () => void;

  /** Refused votes are written into `refusals`, also those that come when nothing is asked. */
  constructor(refusals: Refusals, now: () => string, changed: () => void) {
    this.refusals = refusals;
    this.now = now;
    this.changed = changed;
  }

  /** Puts a question and waits for its answer; a second question waits until the first is closed. */
  async ask(question: Question, terms: Terms): Promise<Decision> {
    // Of several that wait, one wakes first and opens its question; the others look again.
    while (this.open !== null) await condition(() => this.open === null);
    const moot = mootBy(question);
    if (moot !== null) return { kind: 'settled', why: moot, at: this.now() };
    const open = this.openingOf(question, terms);
    this.open = open;
    this.changed();
    let ending: Pick<GateRecord, 'decision' | 'answer'> = { decision: 'stopped' };
    try {
      const decision = await this.untilDecided(open);
      ending = endingOf(open, decision);
      return decision;
    } finally {
      // Also when the wait is cancelled: a question that stays open would keep every later one waiting.
      this.records.push(this.record(open, ending));
      this.open = null;
      this.changed();
    }
  }

  /** Writes down what would be asked. */
  show(question: Question, terms: Terms): void {
    this.records.push(this.record(this.openingOf(question, terms), { decision: 'not asked' }));
  }

  /** Why a vote would not count now, as a sentence for the person who cast it; null when it would. */
  refusalOf(vote: Vote): string | null {
    const { open } = this;
    if (open?.won && !open.looking && open.ballot.gate === vote.gate)
      return `${open.ballot.gate} is decided: ${open.won.choice} has its quorum. Look at the run.`;
    const late = open !== null && open.deadlineAt <= Date.now();
    return refusal(late ? null : (open?.ballot ?? null), vote) ?? notNow(open, vote);
  }

  /** Takes a vote from either channel. A refused one is recorded with its sentence. */
  cast(vote: Vote, channel: 'signal' | 'update'): VoteReceipt {
    const refused = this.refusalOf(vote);
    const record: VoteRecord = {
      ...vote,
      choice: vote.choice.trim(),
      at: this.now(),
      channel,
      result: refused === null ? 'counted' : 'refused',
      note: refused ?? '',
    };
    const kept = refused === null || this.refusals.add('vote', channel, vote.who, refused);
    if (this.open && kept) {
      const { votes, dropped } = withVote(this.open.ballot.votes, record);
      this.open.ballot = { ...this.open.ballot, votes };
      if (dropped) this.open.dropped.add(dropped);
      if (refused === null) {
        this.open.seen.set(record.who, this.open.gravity);
        this.open.won = winner(this.open.ballot, this.open.evidence.against);
      }
    }
    this.changed();
    return {
      gate: vote.gate,
      counted: refused === null,
      note: refused ?? `Counted: ${record.who} votes ${record.choice}.`,
      votes: this.open ? votesLike(this.open.ballot, vote.choice) : 0,
      quorum: this.open?.ballot.quorum ?? 0,
    };
  }

  /** Seconds between two moments in which a question was open. */
  waitedSeconds(from: string, to: string): number {
    const spans = this.records.filter((record) => record.decision !== 'not asked').map((record) => [record.openedAt, record.closedAt ?? to] as const);
    if (this.open) spans.push([this.open.openedAt, to]);
    const overlap = ([openedAt, closedAt]: readonly [string, string]) =>
      Math.max(0, Math.min(Date.parse(closedAt), Date.parse(to)) - Math.max(Date.parse(openedAt), Date.parse(from)));
    return spans.reduce((total, span) => total + overlap(span), 0) / 1000;
  }

  /** The open question as people and programs see it. */
  view(): OpenGate | null {
    const open = this.open;
    if (!open) return null;
    const { ballot, question, evidence } = open;
    const [first] = Object.entries(ballot.choices);
    return {
      gate: ballot.gate,
      question: question.question,
      openedAt: open.openedAt,
      quorum: ballot.quorum,
      electorate: ballot.electorate,
      votes: ballot.votes,
      ...changedBeyond(open),
      choices: choiceLines(ballot.choices),
      totals: Object.fromEntries(count(ballot)),
      deadlineAt: new Date(open.deadlineAt).toISOString(),
      evidence: [...remarks(evidence), ...evidence.lines],
      evidenceAt: evidence.at,
      exampleVote: { gate: ballot.gate, choice: first ? typedExample(first[0], first[1].asks) : '', who: 'your-id', reason: 'say why' },
    };
  }

  private openingOf(question: Question, terms: Terms): OpenQuestion {
    const electorate = voters(terms);
    const ballot: Ballot = {
      gate: this.gateId(question, question.evidence, terms, 0),
      choices: choicesOf(question),
      electorate,
      startedBy: terms.startedBy,
      quorum: terms.quorum,
      formerIds: [],
      votes: [],
    };
    const deadlineAt = Date.now() + terms.deadlineSeconds * 1000;
    const { evidence } = question;
    return {
      ballot,
      question,
      terms,
      evidence,
      gravity: evidence.gravity,
      seen: new Map(),
      openedAt: this.now(),
      deadlineAt,
      dropped: new Kept(0),
      won: null,
      looking: false,
    };
  }

  /** The numbers of earlier questions and of this one's earlier ids are part of the digest, so that an id never comes twice in a run, also where evidence comes twice. */
  private gateId(question: Question, evidence: GateEvidence, terms: Terms, earlierIds: number): string {
    return `${question.gate}-${shortDigest(terms.planDigest, String(this.records.length), String(earlierIds), question.question, ...evidence.lines)}`;
  }

  private async untilDecided(open: OpenQuestion): Promise<Decision> {
    for (;;) {
      const moot = mootBy(open.question);
      if (moot !== null) return { kind: 'settled', why: moot, at: this.now() };
      if (open.won !== null) return { kind: 'decided', ...open.won, at: this.now() };
      const left = open.deadlineAt - Date.now();
      if (left <= 0) return { kind: 'expired', at: this.now(), ...(open.evidence.against ? { against: open.evidence.against } : {}) };
      const fresh = open.question.lookAgain ? nextLookSeconds(open) * 1000 : left;
      const decided = await condition(() => open.won !== null || mootBy(open.question) !== null, Math.max(1, Math.min(left, fresh)));
      if (decided || open.deadlineAt - Date.now() <= 0 || !open.question.lookAgain) continue;
      open.looking = true;
      const evidence = await open.question.lookAgain(open.evidence);
      open.looking = false;
      if (evidence.settled !== undefined) return { kind: 'settled', why: evidence.settled, at: this.now() };
      this.renew(open, evidence);
    }
  }

  /** New evidence. Graver than the last, it gives the question a new id, so that nobody votes on it who has read the other; and it voids the votes of those who never saw it so grave. */
  private renew(open: OpenQuestion, evidence: GateEvidence): void {
    // As long as a choice cannot be taken nothing is weighed: a survivor that blinks costs nobody a vote.
    if (!evidence.against) {
      if (isGraver(evidence.gravity, open.gravity)) this.giveNewId(open, evidence);
      open.gravity = evidence.gravity;
    }
    open.evidence = evidence;
    open.won = winner(open.ballot, evidence.against);
    this.changed();
  }

  private giveNewId(open: OpenQuestion, evidence: GateEvidence): void {
    const { ballot, question, terms, seen } = open;
    const { at, gravity } = evidence;
    const formerIds = [...ballot.formerIds, ballot.gate];
    const gate = this.gateId(question, evidence, terms, formerIds.length);
    const unaware = [...standing(ballot.votes).values()].filter(
      ({ who, choice }) => wordOf(choice) !== question.harmless && isGraver(gravity, seen.get(who) ?? gravity),
    );
    const votes = voided(ballot.votes, new Set(unaware.map(({ who }) => who)), `The evidence grew worse at ${at}; the question is ${gate} now.`);
    open.ballot = { ...ballot, gate, votes, formerIds };
  }

  private record(open: OpenQuestion, ending: Pick<GateRecord, 'decision' | 'answer'>): GateRecord {
    return {
      gate: open.ballot.gate,
      question: open.question.question,
      openedAt: open.openedAt,
      closedAt: this.now(),
      ...ending,
      quorum: open.ballot.quorum,
      electorate: open.ballot.electorate,
      votes: open.ballot.votes,
      ...changedBeyond(open),
      identity: 'asserted',
    };
  }
}

/** What a question may be answered by, each with its form. */
export function choicesOf({ choices }: Pick<Question, 'choices'>): Readonly<Record<string, Choice>> {
  return Object.fromEntries(Object.entries(choices).map(([word, choice]) => [word, typeof choice === 'string' ? { does: choice } : choice]));
}

/** How a question ended, as its record says it. */
function endingOf({ ballot }: OpenQuestion, decision: Decision): Pick<GateRecord, 'decision' | 'answer'> {
  if (decision.kind === 'expired') return { decision: 'expired' };
  return decision.kind === 'settled' ? { decision: `settled: ${decision.why}` } : choiceMade(ballot.choices, decision);
}

/** Votes so far that choose the same. */
function votesLike(ballot: Ballot, choice: string): number {
  const read = readChoice(ballot.choices, choice);
  return read.ok ? (count(ballot).get(read.adds) ?? 0) : 0;
}

/** Why this choice cannot be taken as things are; null when it can. */
function notNow(open: OpenQuestion | null, { choice }: Vote): string | null {
  const word = wordOf(choice);
  const why = open?.evidence.against?.[word];
  if (!open || why === undefined) return null;
  return `"${word}" cannot be taken now: ${why} Your vote was not counted. It is looked at again every ${formatSeconds(nextLookSeconds(open))}; vote again when this is gone, or choose otherwise.`;
}

/** While a choice cannot be taken people wait for the next look, so that it comes sooner. */
const blockedLookSeconds = 15;

function nextLookSeconds({ evidence, terms: { evidenceMaxAgeSeconds } }: OpenQuestion): number {
  return evidence.against ? Math.min(blockedLookSeconds, evidenceMaxAgeSeconds) : evidenceMaxAgeSeconds;
}

/** What people must know of the evidence before they read it. */
function remarks({ at, against, notRenewed }: GateEvidence): string[] {
  const old = notRenewed === undefined ? [] : [`NOT RENEWED since ${clockTime(at)}: ${notRenewed}`];
  return [...old, ...Object.entries(against ?? {}).map(([choice, why]) => `NOT NOW: "${choice}" cannot be taken. ${why}`)];
}

function changedBeyond({ dropped: { beyond } }: OpenQuestion): Pick<GateRecord, 'changedBeyond'> {
  return beyond ? { changedBeyond: beyond } : {};
}

function mootBy(question: Question): string | null {
  return question.moot?.() ?? null;
}
