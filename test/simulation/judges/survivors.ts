/** What the survivors had when one of them was promoted: nothing that a run had seen elsewhere is given up without people, and no two of them become primaries. */
import type { CacheState } from '../../../activities/cache/port.ts';
import type { DatabaseState } from '../../../activities/database/port.ts';
import type { ServerKind } from '../../../plan/rules/servers.ts';
import type { Plan } from '../../../plan/schema.ts';
import type { Promoted } from '../estate.ts';
import { runbookOf } from '../../driven/driven.ts';
import type { Lived } from '../simulation.ts';

const readBy: Readonly<Record<ServerKind, string>> = { database: 'readDatabase', cache: 'readCache' };

/** Catch-up: what another survivor has more is brought over first, unless people chose to go on without. */
export function caughtUp(lived: Lived, plan: Plan): string[] {
  return lived.estate.promotions
    .filter((promoted) => !skipped(lived, promoted, plan))
    .flatMap((promoted) => {
      const { kind, target, others, at } = promoted;
      return others
        .filter((other) => (kind === 'database' ? seenAhead(lived, promoted, other.site) : seenFuller(lived, promoted, other.site)))
        .map(
          (other) =>
            `The ${kind} of ${target.site} was promoted at ${new Date(at).toISOString()} with ${target.position} bytes and ${target.keys} keys; ${other.site} had ${other.position} and ${other.keys}, and the run had seen that`,
        );
    });
}

function skipped({ gates, driven }: Lived, { execution, kind, at }: Promoted, plan: Plan): boolean {
  const step = runbookOf(plan, driven.procedure).steps.find(({ id }) => id === `catch-up-${kind}`);
  return gates.some(
    (gate) =>
      gate.execution === execution && gate.decision === 'skip' && gate.question.startsWith(`"${step?.name}" failed`) && Date.parse(gate.closedAt ?? '') <= at,
  );
}

/** The last that the run was told of another database: it has more. */
function seenAhead(lived: Lived, promoted: Promoted, site: string): boolean {
  const last = told<DatabaseState>(lived, promoted, site).at(-1);
  return last?.reachable === true && last.inRecovery && last.receivedBytes > promoted.target.position;
}

/** A cache that is no further and holds more: whenever the run looked since it began to fence. */
function seenFuller(lived: Lived, promoted: Promoted, site: string): boolean {
  const begun = lived.witness.asked.find(({ execution, name }) => execution === promoted.execution && name.startsWith('fence'));
  const answers = told<CacheState>(lived, promoted, site, begun?.order);
  const own = told<CacheState>(lived, promoted, promoted.target.site, begun?.order);
  const fuller = (state: CacheState | undefined, index: number) => {
    const mine = own[index];
    return state?.reachable === true && mine?.reachable === true && state.offset <= mine.offset && state.keys > mine.keys;
  };
  return answers.length > 0 && answers.every(fuller);
}

function told<T>({ witness }: Lived, { execution, kind, at }: Promoted, site: string, since = 0): T[] {
  return witness.asked.flatMap((asked) =>
    asked.execution === execution &&
    asked.name === readBy[kind] &&
    (asked.input as { site: string }).site === site &&
    asked.order > since &&
    asked.told?.ok &&
    asked.told.at <= at
      ? [asked.told.value as T]
      : [],
  );
}

/** One writer: nothing is promoted beside a survivor that the run has seen to be a primary by somebody's hand. */
export function noneBesideAPrimary(lived: Lived): string[] {
  return lived.estate.promotions.flatMap((promoted) =>
    [...lived.estate.byHand]
      .map((server) => server.split(' ') as [ServerKind, string])
      .filter(([kind, site]) => kind === promoted.kind && site !== promoted.target.site && seenPrimary(lived, promoted, site))
      .map(
        ([kind, site]) =>
          `The ${kind} of ${promoted.target.site} was promoted, and the run had seen before it was approved that the one of ${site} was a primary`,
      ),
  );
}

function seenPrimary(lived: Lived, promoted: Promoted, site: string): boolean {
  const approved = lived.gates.find(({ gate, execution }) => execution === promoted.execution && gate.startsWith('activation'));
  const before = { ...promoted, at: Date.parse(approved?.openedAt ?? '') };
  if (promoted.kind === 'database') return told<DatabaseState>(lived, before, site).some((state) => state.reachable && !state.inRecovery);
  return told<CacheState>(lived, before, site).some((state) => state.reachable && state.standing === 'unexplained');
}
