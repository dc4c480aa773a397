/** What people type after the word of a choice: how it is read, and how it is asked for. Pure. */
import { z } from 'zod';
import { utcMoment } from '../../plan/rules/restore-points.ts';
import type { GateAnswer } from '../../report/report.ts';

export type AnswerForm =
  /** A limit that people set: whoever accepts more accepts less too. `what` for people, such as `the seconds of loss that you accept`. */
  | { readonly of: 'figure'; readonly what: string; readonly unit: string; readonly atLeast: number }
  | { readonly of: 'site'; readonly sites: readonly string[] }
  /** RFC 3339 in UTC, to the microsecond, both ends included. */
  | { readonly of: 'moment'; readonly from: string; readonly until: string }
  /** Ids without spaces, each with what it is, such as the restore points of a store. */
  | { readonly of: 'entry'; readonly what: string; readonly entries: Readonly<Record<string, string>> };

/** A figure in the form's unit; a site, a moment in RFC 3339 (UTC) or an entry's id; null where only the word is asked for. */
export type Answer = number | string | null;

/** An answer as the record of its gate keeps it; undefined where only the word is asked for. */
export function recorded(asks: AnswerForm | undefined, value: Answer): GateAnswer | undefined {
  if (value === null) return undefined;
  return asks?.of === 'figure' ? { value, unit: asks.unit } : { value };
}

/** Words that may be voted for, each with what it would do, and what is typed after it. */
export interface Choice {
  readonly does: string;
  readonly asks?: AnswerForm;
}

/** `adds`: by which votes add up. Votes that choose differently never do. */
export type ReadChoice =
  { readonly ok: true; readonly word: string; readonly answer: Answer; readonly adds: string } | { readonly ok: false; readonly why: string };

/** The word of a choice as it was typed. */
export function wordOf(choice: string): string {
  return choice.trim().split(/\s+/)[0] ?? '';
}

/** Reads a choice as a person typed it; else why it is none, with the right form. */
export function readChoice(choices: Readonly<Record<string, Choice>>, typed: string): ReadChoice {
  const word = wordOf(typed);
  const value = typed.trim().slice(word.length).trim();
  const choice = Object.hasOwn(choices, word) ? choices[word] : undefined;
  const none = { ok: false as const, why: `"${typed}" is not a choice here. Choose one of: ${listChoices(choices)}.` };
  if (choice === undefined) return none;
  if (choice.asks === undefined) return value === '' ? { ok: true, word, answer: null, adds: word } : none;
  const read = readAnswer(word, choice.asks, value);
  if (typeof read === 'object') return { ok: false, why: read.why };
  return { ok: true, word, answer: read, adds: choice.asks.of === 'figure' ? word : `${word} ${read}` };
}

function readAnswer(word: string, form: AnswerForm, value: string): number | string | { readonly why: string } {
  switch (form.of) {
    case 'figure': {
      if (!/^\d{1,15}$/.test(value)) return { why: `Type ${form.what}, as: ${word} ${form.atLeast}.` };
      if (Number(value) >= form.atLeast) return Number(value);
      const estimate = `${value} ${form.unit} do not cover the estimate of ${form.atLeast} ${form.unit}`;
      return { why: `${estimate}. Type ${word} ${form.atLeast} or more, or choose another answer.` };
    }
    case 'site':
      return form.sites.includes(value) ? value : { why: `"${value}" is no site to choose here. Type ${word} and one of: ${form.sites.join(', ')}.` };
    case 'moment': {
      const example = `Type a moment from ${form.from} until ${form.until}, in RFC 3339, as: ${word} ${form.until}.`;
      if (!z.iso.datetime({ offset: true }).safeParse(value).success) return { why: `"${value}" is no moment. ${example}` };
      const moment = momentOf(value);
      const [at, from, until] = [moment, form.from, form.until].map(utcMoment);
      return at === undefined || at < (from ?? '') || at > (until ?? '') ? { why: `${moment} lies outside. ${example}` } : moment;
    }
    case 'entry':
      return Object.hasOwn(form.entries, value)
        ? value
        : { why: `"${value}" is none of ${form.what}. Type ${word} and one of: ${Object.keys(form.entries).join(', ')}.` };
  }
}

/** Each choice as a person types it, with what it does: one line for each entry of a list. */
export function choiceLines(choices: Readonly<Record<string, Choice>>): readonly string[] {
  return Object.entries(choices).flatMap(([word, { does, asks }]) =>
    asks?.of === 'entry'
      ? Object.entries(asks.entries).map(([id, what]) => `${word} ${id}: ${does}; ${what}`)
      : asks?.of === 'site'
        ? asks.sites.map((site) => `${word} ${site}: ${does}`)
        : [`${typedExample(word, asks)}: ${does}`],
  );
}

/** In UTC, with microseconds where it has them: two people who mean the same type it differently. */
function momentOf(value: string): string {
  const micro = (/\.(\d+)/.exec(value)?.[1] ?? '').padEnd(6, '0').slice(3, 6);
  const moment = new Date(value).toISOString();
  return micro === '000' ? moment : `${moment.slice(0, -1)}${micro}Z`;
}

/** The choices as a person types them. */
export function listChoices(choices: Readonly<Record<string, Choice>>): string {
  return Object.entries(choices)
    .map(([word, { asks }]) => typedExample(word, asks))
    .join(', ');
}

/** A choice as it can be typed, with the first value that is right. */
export function typedExample(word: string, asks: AnswerForm | undefined): string {
  switch (asks?.of) {
    case undefined:
      return word;
    case 'figure':
      return `${word} ${asks.atLeast}`;
    case 'site':
      return `${word} ${asks.sites[0] ?? ''}`.trim();
    case 'moment':
      return `${word} ${asks.until}`;
    case 'entry':
      return `${word} ${Object.keys(asks.entries)[0] ?? ''}`.trim();
  }
}
