/** Characters that do not stand in a line as themselves. Pure. */
import { beginning } from './cut.ts';

/**
 * For a class of a regular expression with the flag `u`: control characters and ends of lines would forge lines and reach terminals; the marks of writing direction would
 * show a text in another order than programs read it.
 */
export const unprintable = '\\p{Cc}\\p{Zl}\\p{Zp}\\u202a-\\u202e\\u2066-\\u2069';

/** A sentence into which words from outside have gone, on one line and without what moves a terminal. */
export function onOneLine(sentence: string): string {
  return sentence.replace(new RegExp(`[${unprintable}]`, 'gu'), '?');
}

const charactersMax = 60;

/** A word that somebody has written, as it can stand in a sentence: what cannot be shown is a question mark, and what is long is cut. */
export function fitForLine(word: string): string {
  const plain = onOneLine(word);
  return plain.length <= charactersMax ? plain : `${beginning(plain, charactersMax)}…`;
}
