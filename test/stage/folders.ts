/** What stands in the folders of a site before and after a run, and whether its report tells of what stays there. */
import { readdirSync } from 'node:fs';
import type { LabSite } from '../../lab/addresses.ts';
import { siteFolders } from '../../lab/site/folders.ts';
import type { Stage } from './stage.ts';

/** What stands at a site: its data, and what was set aside or discarded beside it. */
export function foldersAt({ lab }: Stage, site: string): readonly string[] {
  return readdirSync(siteFolders(lab.directory, site as LabSite).root).toSorted();
}

/** The folders of before are there, and each that is not of before is told with its bytes. */
export function leftAt(stage: Stage, site: string, before: readonly string[], leftovers: readonly string[]): string[] {
  const now = foldersAt(stage, site);
  const gone = before.filter((name) => !now.includes(name));
  const untold = now.filter((name) => !before.includes(name) && !leftovers.some((left) => left.includes(name) && /\d+ bytes/.test(left)));
  return [
    ...(gone.length > 0 ? [`${site} has no ${gone.join(', ')} any more.`] : []),
    ...(untold.length > 0 ? [`${untold.join(', ')} stands at ${site}, and the report does not name it with its bytes.`] : []),
  ];
}
