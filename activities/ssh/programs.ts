/** The scripts at the sites' hosts that answer fixed verbs: where each is, as whom it is asked, and what it is called. */
import type { Plan, SiteId } from '../../plan/schema.ts';
import { failure } from '../errors.ts';

export interface SiteProgram {
  readonly name: 'site-agent' | 'site-restore';
  /** Version whose verbs and options are used here. */
  readonly version: number;
  /** The line with which its answer begins. What stands before it was printed by a login shell, and is nobody's evidence. */
  readonly firstLine: RegExp;
  /** In a sentence: `The agent of a`, `a site agent`, `the site agent`. */
  readonly called: { readonly at: (site: SiteId) => string; readonly any: string; readonly the: string };
  /** Longest that a change takes, by its own bounds and a little more. */
  readonly changeMilliseconds: number;
  /** Verbs that read for as long as the program's own bound lets them. */
  readonly longReads: readonly string[];
  /** Its SSH server; `refused` where the plan has none at this site. */
  readonly serverOf: (plan: Plan, site: SiteId) => { readonly host: string; readonly port: number; readonly hostKey: string };
  /** Account and reference to its key, and where the plan has them. */
  readonly loginOf: (plan: Plan) => { readonly user: string; readonly privateKey: string; readonly where: string };
}

export const siteAgent: SiteProgram = {
  name: 'site-agent',
  version: 4,
  firstLine: /^site-agent=\d+$/,
  called: { at: (site) => `The agent of ${site}`, any: 'a site agent', the: 'the site agent' },
  changeMilliseconds: 60_000,
  longReads: ['database-beyond', 'job-watch'],
  serverOf: (plan, site) => siteOf(plan, site).agent,
  loginOf: ({ estate: { ssh } }) => ({ ...ssh, where: 'estate.ssh.privateKey' }),
};

export const siteRestore: SiteProgram = {
  name: 'site-restore',
  version: 1,
  firstLine: /^site-restore=\d+$/,
  called: { at: (site) => `site-restore at ${site}`, any: 'site-restore', the: 'site-restore' },
  // An acceptance waits for the lock (20 s), an answer (30), the server's stop (90), its start (40) and a segment of its log (30).
  changeMilliseconds: 215_000,
  // It reads the log of each set, one segment after another, and an object store's list, page by page.
  longReads: ['points', 'database-look', 'tree-points', 'tree-look', 'job-watch'],
  serverOf: (plan, site) => {
    const { host, port, hostKey } = siteOf(plan, site).restore ?? {};
    if (host !== undefined && port !== undefined && hostKey !== undefined) return { host, port, hostKey };
    throw nowhere(`The plan says nowhere that a host of ${site} can be restored (host, port and hostKey of estate.sites.${site}.restore).`);
  },
  loginOf: ({ estate: { restore } }) => {
    if (restore?.ssh) return { ...restore.ssh, where: 'estate.restore.ssh.privateKey' };
    throw nowhere('The plan does not say as whom site-restore is asked (estate.restore.ssh).');
  },
};

/** The site's part of the estate; `refused` when the plan has no such site. */
export function siteOf(plan: Plan, site: SiteId): Plan['estate']['sites'][string] {
  const found = plan.estate.sites[site];
  if (!found) throw nowhere(`The plan's estate has no site "${site}".`);
  return found;
}

function nowhere(happened: string): Error {
  return failure('refused', { happened, leftAs: 'Nothing was asked and nothing was changed.' });
}
