/** What Temporal UI shows of a watch: Markdown, in which the words of hosts and of failures are only text. Pure. */
import { cutText } from '../../plan/rules/cut.ts';
import type { SiteId } from '../../plan/schema.ts';
import { markdownText } from '../../report/media/markdown.ts';

/** Longest word of an agent or a failure that is shown, in characters. */
const saidCharactersMax = 2_000;

export interface WaitingWatch {
  readonly site: SiteId;
  readonly runId: string;
  readonly pollSeconds: number;
  /** Why it is not fenced yet, and since when; RFC 3339. */
  readonly because: string;
  readonly since: string;
  readonly tries: number;
  /** When it is tried again at the latest, seconds; null where the site does not answer and is only looked at. */
  readonly againWithinSeconds: number | null;
  /** When it is looked at again, where the last look came to nothing; null where a look goes on. RFC 3339. */
  readonly nextLookAt: string | null;
}

export function waitingDetails({ site, runId, pollSeconds, because, since, tries, againWithinSeconds, nextLookAt }: WaitingWatch): string {
  const looked = nextLookAt === null ? `It is looked at every ${pollSeconds} s` : `It is looked at again at ${nextLookAt}, and then every ${pollSeconds} s,`;
  const again = againWithinSeconds === null ? '' : `, and tried again in ${againWithinSeconds} s at the latest`;
  return [
    `### ${markdownText(site)} will be fenced when it comes back`,
    `Not yet, since ${since}: ${said(because)}`,
    `${looked} in the name of ${markdownText(runId)}, tried as soon as it says something new${again}. Tries so far: ${tries}.`,
  ].join('\n\n');
}

/** `beyond`: what it committed behind the fence from afar, in sentences; absent where that is not known. */
export function fencedDetails(site: SiteId, proof: string, beyond?: string): string {
  return [`### ${markdownText(site)} is fenced`, said(proof), ...(beyond === undefined ? [] : [said(beyond)])].join('\n\n');
}

function said(text: string): string {
  return markdownText(cutText(text, saidCharactersMax));
}
