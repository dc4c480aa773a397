/** A fault with what must come of it. */
import type { LabSite } from '../../lab/addresses.ts';
import type { Answers } from '../driven/driven.ts';
import type { Start } from '../stage/drive.ts';
import { type Check, checks } from './checks.ts';

/** How a run may end; `waits`: it asks people what only they can decide. */
export type Ending = 'recovered' | 'recovered with exceptions' | 'stood down' | 'aborted' | 'waits';

/** A moment in a run: before the first of these activities of a step. */
export interface Moment {
  /** Its id in the plan. */
  readonly step: string;
  readonly activity: string;
}

export interface FaultCase {
  readonly subject: 'detection' | 'fencing' | 'promotion' | 'ssh' | 'dns and aws' | 'redis' | 'backups' | 'restore' | 'sites' | 'traffic';
  readonly fault: string;
  readonly at: LabSite;
  /** The sites that the run is about are lost as well, after the fault. */
  readonly lost: boolean;
  /** When it comes; absent: before the sites are lost. */
  readonly when?: Moment;
  /** Lost sites that are there again from this moment on. */
  readonly back?: { readonly sites: readonly LabSite[]; readonly when: Moment };
  /** Absent: the usual one. */
  readonly start?: Start;
  readonly answers?: Answers;
  readonly ends: readonly Ending[];
  /** What the report, or the open question, must say. */
  readonly says?: RegExp;
  readonly checks: readonly Check[];
  /** Why it must come so, where that is not plain. */
  readonly why?: string;
}

/** What must come of it, in a sentence made of what is judged. */
export function expectationOf({ ends, checks: asked, says, why }: FaultCase): string {
  const endings = ends.map((ending) => (ending === 'waits' ? 'it asks people' : ending)).join(', or ');
  const clauses = asked.map((check) => {
    const { judgedWhen, condition, means } = checks[check];
    return ends.every(judgedWhen) ? means : `${condition}, ${means}`;
  });
  const said = says && `it says ${says.source.split('|').map((part) => `“${part}”`).join(' or ')}`; // prettier-ignore
  return [`${endings}${why === undefined ? '' : ` (${why})`}`, ...clauses, ...(said ? [said] : [])].join('; ');
}
