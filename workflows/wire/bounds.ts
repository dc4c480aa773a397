/** How large a run's answers may become, whatever it was told and whatever it has met. What is left out is said. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { cutText } from '../../plan/rules/cut.ts';

/**
 * The report is the run's result, and the input of the activity that stores it. The server refuses a payload of 2 MiB and ends a run that sends one: half of that leaves room for what
 * stands around it, and for a codec that encrypts.
 */
export const reportBytesMax = 1_000_000;
/** The server warns of payloads from 512 KiB on; a page that is asked for every second is kept at half of that. */
export const statusBytesMax = 256_000;
/** Temporal UI shows 20,000 bytes of details. */
export const detailsBytesMax = 18_000;
/** Everything that the details show is one of many lines: one that is longer hides the others. */
export const lineLengthMax = 600;

/** Texts in one piece up to this length are ids, digests, times and words of a type: half of one names nothing, or another. The longest that people copy is an execution of a run: its id, `@` and a UUID. */
const idLengthMax = 110;

interface Limits {
  readonly text: number;
  readonly entries: number;
}

/** Tried in this order: the first limits hold always, the next ones where it is too large still. Runs without fault stay far below the first. */
const limits: readonly Limits[] = [
  { text: 4_000, entries: 2_000 },
  { text: 1_000, entries: 400 },
  { text: 300, entries: 150 },
  { text: 80, entries: 40 },
  { text: 20, entries: 15 },
];

/** The same within so many bytes as JSON, with a sentence for each list that lost entries; texts that are cut say so themselves. */
export function within<T extends object>(bytesMax: number, value: T): T & { readonly leftOut?: readonly string[] } {
  const tried = limits.map((limit) => () => {
    const lost = new Map<string, number>();
    const shorter = shortened(value, limit, '', lost) as T;
    const leftOut = [...lost].map(([list, count]) => `${count} entries of "${list}" were left out: there were too many to be kept.`);
    return leftOut.length === 0 ? shorter : { ...shorter, leftOut };
  });
  let result = value;
  for (const shorten of tried) if (bytesOf((result = shorten())) <= bytesMax) break;
  return result;
}

function bytesOf(value: object): number {
  return utf8ToBytes(JSON.stringify(value)).length;
}

function shortened(value: unknown, limit: Limits, list: string, lost: Map<string, number>): unknown {
  if (typeof value === 'string') return isId(value) ? value : cutText(value, limit.text);
  if (Array.isArray(value)) return fewer(value as readonly unknown[], limit, list, lost).map((entry) => shortened(entry, limit, list, lost));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shortened(part, limit, name, lost)]));
}

function isId(text: string): boolean {
  return text.length <= idLengthMax && !/\s/.test(text);
}

/** The first and the last ones: how it began, and how it is now. */
function fewer(entries: readonly unknown[], { entries: entriesMax }: Limits, list: string, lost: Map<string, number>): readonly unknown[] {
  if (entries.length <= entriesMax) return entries;
  lost.set(list, (lost.get(list) ?? 0) + entries.length - entriesMax);
  const half = Math.ceil(entriesMax / 2);
  return [...entries.slice(0, half), ...entries.slice(half - entriesMax)];
}

/** The beginning of a text that fits into so many bytes. */
export function beginningWithin(bytesMax: number, text: string): string {
  let kept = text.slice(0, bytesMax);
  while (utf8ToBytes(kept).length > bytesMax) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  return kept;
}
