/** Text from outside in Markdown, by the rules of CommonMark and GitHub's tables: no HTML, heading, list, link or emphasis comes from it, and no cell or line ends by it. Pure. */
import { inEveryText, visible } from './visible.ts';

/** Characters that mean something within a line; `_` within a word and `-`, `+`, `#` within a line mean nothing, and are left for readers of the source. */
const inline = /[\\`*[\]|~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;
/** As HTML writes them: also a renderer that knows no backslash makes no tag of it. */
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

export function markdownText(text: string): string {
  return (
    visible(text)
      .trim()
      .replace(inline, (found) => `\\${found}`)
      .replace(/[&<>]/g, (found) => entities[found] ?? '')
      .replace(/^[#+=-]/, '\\$&')
      .replace(/^(\d+)([.)])/, '$1\\$2')
      // GitHub makes links of bare addresses.
      .replaceAll('://', '\\://')
      .replace(/\bwww\./gi, 'www\\.')
      .replaceAll('@', '\\@')
  );
}

/** What a page is made of, with every text ready for Markdown. */
export function forMarkdown<T>(value: T): T {
  return inEveryText(value, markdownText);
}
