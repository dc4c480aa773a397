/** Text from outside in a mail of plain text: it makes no line, header or paragraph of its own, and ends. Pure. */
import { visible } from './visible.ts';

/** A mail is read on a phone, at night; whoever wants the whole text opens the report. */
const valueLengthMax = 2_000;

export function mailText(text: string): string {
  const line = visible(text).trim();
  return line.length <= valueLengthMax ? line : `${line.slice(0, valueLengthMax)} … (the report has the rest)`;
}
