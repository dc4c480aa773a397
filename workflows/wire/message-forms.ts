/**
 * What may be said to a workflow: one schema for each message, with a bound on every text. What does not fit is no message at all, and whoever takes messages refuses it in a sentence;
 * only a reason that is too long is kept in part. What passes here stands in votes, timeline and report, so these bounds are theirs too.
 */
import { z } from 'zod';
import { beginning, cutText } from '../../plan/rules/cut.ts';
import type { ShortVote, Vote } from './messages.ts';
import { Unreadable } from './payload-converter.ts';

/** Longest texts, in characters. */
export const lengthsMax = {
  /** Ids of people of the plan: some words, or an address. */
  who: 64,
  /** A gate's id is its name in the plan, of at most 63 characters, a dash and six digits. */
  gate: 70,
  /** A word of the gate and what it asks for: a figure, a site, a moment, the id of a restore point. */
  choice: 120,
  /** Names of sites and estates, and who starts a run: people, or a service by its name. */
  name: 100,
  /** Some sentences. Whoever has more to say says where it can be read. */
  reason: 500,
} as const;

const who = z.string().max(lengthsMax.who);
const gate = z.string().max(lengthsMax.gate);
const choice = z.string().max(lengthsMax.choice);
/** A reason is what somebody typed in a hurry: too long is no ground to lose their vote. */
const reason = z.string().transform((text) => cutText(text, lengthsMax.reason));

/** What people say when they stop a run and let it go on. */
export interface Said {
  readonly who: string;
  readonly reason: string;
}

/** A schema, and how its message is written, for those who get it wrong. */
export interface MessageForm<T> {
  readonly schema: z.ZodType<T>;
  readonly example: string;
}

export const voteForm: MessageForm<Vote> = { schema: z.object({ gate, choice, who, reason }), example: '{"gate","choice","who","reason"}' };
export const shortVoteForm: MessageForm<ShortVote> = { schema: z.object({ gate, who, reason }), example: '{"gate","who","reason"}' };
export const saidForm: MessageForm<Said> = { schema: z.object({ who, reason }), example: '{"who","reason"}' };
export const supersedeForm: MessageForm<{ readonly reason: string }> = { schema: z.object({ reason }), example: '{"reason"}' };

/** A message that was read, or why it is none, as a sentence for whoever sent it. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

/** Reads a message by its form, whatever it is. */
export function readMessage<T>({ schema, example }: MessageForm<T>, message: unknown): Reading<T> {
  if (message instanceof Unreadable) return { ok: false, why: `It cannot be read: ${message.why}. Send JSON without a codec: ${example}.` };
  const parsed = schema.safeParse(message);
  if (parsed.success) return { ok: true, value: parsed.data };
  const fields = parsed.error.issues.filter(({ path }) => path.length > 0);
  const lacking = fields.filter(({ code }) => code !== 'too_big').map(({ path }) => path.join('.'));
  const faults = [
    ...(fields.length < parsed.error.issues.length ? ['is no object'] : []),
    ...(lacking.length > 0 ? [`lacks ${lacking.join(', ')}`] : []),
    ...fields.flatMap((issue) => (issue.code === 'too_big' ? [`has more than ${String(issue.maximum)} characters in ${issue.path.join('.')}`] : [])),
  ];
  return { ok: false, why: `It is written ${example}, each a text; this one ${faults.join(' and ')}.` };
}

/** Who a message that is none says that it is from, for the record; empty where it does not say so. */
export function nameIn(message: unknown): string {
  const named = typeof message === 'object' && message !== null && 'who' in message ? message.who : '';
  return typeof named === 'string' ? beginning(named, lengthsMax.who) : '';
}
