/** Text from outside in a mail of plain text: it makes no line, header or paragraph of its own, and ends. Pure. */
import { beginning } from '../../plan/rules/cut.ts';
import { visible } from './visible.ts';

/** A mail is read on a phone, at night; whoever wants the whole text opens the report. */
export const mailValueLengthMax = 2_000;

export function mailText(text: string): string {
  const line = visible(text).trim();
  return line.length <= mailValueLengthMax ? line : `${beginning(line, mailValueLengthMax)} … (the report has the rest)`;
}
