/** Releases of an estate's workers, as people see them on a terminal. Pure. */
import { forTerminal } from '../../../report/media/terminal.ts';
import type { Release } from '../../releases.ts';
import { table } from './text.ts';

/** The table, and what is not as it should be. */
export function renderReleases(estate: string, releases: readonly Release[]): string {
  const rows = forTerminal(releases).map(({ release, current, workers, openRuns, drainage }) => [
    current ? 'current' : (drainage ?? ''),
    release,
    String(workers),
    String(openRuns),
  ]);
  if (rows.length === 0) return `No worker of ${estate} has ever polled here.\n`;
  return `${table(['', 'release', 'workers seen', 'open runs'], rows)}\n${findings(releases)
    .map((line) => `${line}\n`)
    .join('')}`;
}

/** What keeps runs from beginning or from going on; empty when nothing does. */
export function findings(releases: readonly Release[]): readonly string[] {
  const current = releases.find((each) => each.current);
  const other = releases.find(({ workers }) => workers > 0)?.release;
  const use = other === undefined ? '' : ` Make one current that has workers: dr release use ${other}`;
  const begins =
    current === undefined
      ? [`No release is current: no run begins.${use || ' Start a worker.'}`]
      : current.workers === 0
        ? [`${current.release} is current and has no worker: no run begins. Start a worker of it.${use}`]
        : [];
  const abandoned = releases.filter(({ workers, openRuns, current: is }) => workers === 0 && openRuns > 0 && !is);
  return [
    ...begins,
    ...abandoned.map(({ release }) => `${release} has open runs and no worker: they do not go on. Start a worker of it. Which they are: dr status`),
  ];
}
