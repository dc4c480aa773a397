/** Small pieces of text that several views use. Pure. */
import Table from 'cli-table3';

/** A table without colours, so that it can be piped and pasted. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [], compact: true }, chars: bare });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString().replaceAll(/[ ]+$/gm, '');
}

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '  ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** A heading and its lines; empty text when there are none. */
export function section(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${heading}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
