/**
 * The ground of all media: text from outside (reasons, names, answers of hosts, of DNS and of HTTP, exceptions) as one line in which nothing acts and nothing hides. Pure.
 * Each medium has its own function beside this file, and everything that is shown passes through the one of its medium.
 */

/** Controls, formats such as the marks that turn the direction of writing, halves of characters. Joiners stay: scripts and emoji need them. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const joiners = new Set(['\u200c', '\u200d']);

/** One line: whatever breaks lines is a space. */
export function visible(text: string): string {
  return marked(text.replace(/[\s\u0085]+/g, ' '));
}

/** The same for a text of ours that has lines, such as a page that is already made: only its own line breaks are left. */
export function visibleLines(text: string): string {
  return text.split('\n').map((line) => marked(line.replaceAll('\t', ' '))).join('\n'); // prettier-ignore
}

/** What hides is named by its number, so that a reader sees that something was there. */
function marked(text: string): string {
  return text.replace(hidden, (found) => (joiners.has(found) ? found : `⟨U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`));
}

/** Something with every text in it, however deep, passed through `escape`: no field is forgotten, whichever comes later. */
export function inEveryText<T>(value: T, escape: (text: string) => string): T {
  if (typeof value === 'string') return escape(value) as T;
  if (Array.isArray(value)) return value.map((entry) => inEveryText(entry as unknown, escape)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inEveryText(part as unknown, escape)])) as T;
}
