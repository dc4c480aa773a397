/** Text from outside in XML that a library writes: the library escapes what means something there, and fails on what XML cannot hold. Pure. */
import { inEveryText, visible } from './visible.ts';

/** Code points that no XML document may hold, beside those that `visible` shows by their number. */
const impossible = /[\uFFFE\uFFFF]/g;

export function xmlText(text: string): string {
  // Of several ends of a CDATA section in one text the library escapes the first alone.
  return visible(text).replace(impossible, '\uFFFD').replaceAll(']]>', ']] >');
}

/** What a file is made of, with every text ready for XML. */
export function forXml<T>(value: T): T {
  return inEveryText(value, xmlText);
}
