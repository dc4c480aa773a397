/** Text from outside on a terminal: it moves no cursor, changes no colour, and makes no line of its own. Pure. */
import { inEveryText, visible, visibleLines } from './visible.ts';

export const terminalText = visible;

/** What a view is made of, with every text ready for a terminal. */
export function forTerminal<T>(value: T): T {
  return inEveryText(value, terminalText);
}

/** A page of ours with lines: the last wall before the terminal, for what no view has made, such as an error of a library. */
export const terminalPage = visibleLines;

/** JSON for programs that may end on a terminal: what a terminal would act on is written as JSON's own escapes, and reads the same. */
export function terminalJson(json: string): string {
  return json.replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, (found) =>
    [...Array(found.length).keys()].map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}
