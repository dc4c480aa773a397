/** The customers' figures for people. */
import Table from 'cli-table3';
import type { CustomerFigures } from './figures.ts';

const plain = { style: { head: [], border: [] } };
const seconds = (value: number) => `${value.toFixed(1)} s`;

/** What `dr-lab customers` prints. */
export function formatFigures(figures: CustomerFigures): string {
  if (figures.from === null) return 'The customers have not called yet. Start them with: dr-lab customers start';
  const functions = new Table({ head: ['function', 'outage, worst', 'median', 'still out', 'calls', 'failed', 'refused', 'blips'], ...plain });
  for (const figure of figures.functions) {
    const worst = figure.worst ? `${seconds(figure.worst.seconds)}${figure.worst.ongoing ? ' and on' : ''}` : 'none';
    functions.push([figure.function, worst, seconds(figure.medianSeconds), figure.customersOut, figure.calls, figure.failed, figure.refused, figure.blips]);
  }
  const sites = new Table({ head: ['acknowledged by', 'writes', 'first', 'last'], ...plain });
  for (const { site, writes, firstAt, lastAt } of figures.acknowledgedBySite) sites.push([site, writes, firstAt, lastAt]);
  return [
    `${figures.customers} customers, ${figures.calls} calls from ${figures.from} to ${figures.to}`,
    functions.toString(),
    sites.toString(),
    ...missingLines(figures),
  ].join('\n');
}

function missingLines({ missing, acknowledgedWrites }: CustomerFigures): string[] {
  const where = `${missing.database ?? 'no database'} and ${missing.cache ?? 'no Redis'}`;
  const lines = [`Acknowledged writes missing: ${missing.count} of ${acknowledgedWrites} (looked for at ${where})`, ...missing.unknown];
  for (const write of missing.writes.slice(0, 10)) {
    lines.push(`  ${write.function} ${write.customer} ${write.sequence}, acknowledged ${write.acknowledgedAt} by ${write.site ?? 'unknown'}`);
  }
  if (missing.count > 10) lines.push(`  and ${missing.count - 10} more; --json lists up to 200`);
  return lines;
}
