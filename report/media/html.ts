/** Text from outside in HTML, in an element or an attribute between quotes. Pure. */
import { inEveryText, visible } from './visible.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function htmlText(text: string): string {
  return visible(text).replace(/[&<>"']/g, (found) => entities[found] ?? '');
}

/** For what is drawn by a library that escapes by itself: nothing in it hides or acts. */
export function forPictures<T>(value: T): T {
  return inEveryText(value, visible);
}
