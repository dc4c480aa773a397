/** How the lab's answers look to people. */
import type { LabStatus } from '../status.ts';

export function statusText(status: LabStatus): string {
  const rows = status.sites.map((site) => [
    site.site,
    site.database === 'primary' ? `primary${site.synchronousStandbyNames ? `, waits for ${site.synchronousStandbyNames}` : ''}` : site.database,
    site.cache,
    site.service === 'active' ? `active at ${site.capacityPercent} %` : site.service,
  ]);
  const links = status.links.map(
    ({ from, to, mode, delayMs }) => `${from} → ${to}: ${[mode === 'open' ? '' : mode, delayMs ? `${delayMs} ms` : ''].filter(Boolean).join(', ')}`,
  );
  return [
    `lab ${status.lab} (127.${status.index}.0.0/16): ${status.phase}`,
    ...table([['site', 'database', 'cache', 'service'], ...rows]),
    links.length === 0 ? 'network: all links open' : `network:\n  ${links.join('\n  ')}`,
    ...status.problems.map((problem) => `problem: ${problem}`),
  ].join('\n');
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
