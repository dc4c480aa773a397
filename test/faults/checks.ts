/** What must come of a fault beside how its run ends. Each check is a clause of docs/faults.md, and is judged by what was seen. */
import { isZero } from '../../plan/rules/loss.ts';
import type { CustomerFigures } from '../../lab/customers/figures.ts';
import type { Report } from '../../report/report.ts';
import type { Effects } from '../invariants/effects.ts';
import { differingTraces, type Traces } from '../scenarios/drivers.ts';

export type Check = 'unchanged' | 'fencedOnReturn' | 'lossless' | 'bounded' | 'noTraffic' | 'notPromoted' | 'discarded';

/** When each is judged, and how it reads. */
export const checks: Readonly<Record<Check, { readonly judgedWhen: (ended: string) => boolean; readonly condition: string; readonly means: string }>> = {
  lossless: { judgedWhen: recovered, condition: 'where it recovers', means: 'the loss is 0, and the ledger misses nothing' },
  bounded: { judgedWhen: recovered, condition: 'where it recovers', means: 'the report bounds the loss, and the ledger misses no more' },
  fencedOnReturn: { judgedWhen: recovered, condition: 'where it recovers', means: 'the site is fenced when it comes back' },
  unchanged: {
    judgedWhen: (ended) => ended === 'stood down',
    condition: 'where it stands down',
    means: "nothing is changed: the agents' change logs and epochs, servers, capacity, records and switches are as before",
  },
  noTraffic: { judgedWhen: (ended) => !recovered(ended), condition: 'where it does not recover', means: 'no customer is sent to the target' },
  discarded: {
    judgedWhen: (ended) => !recovered(ended),
    condition: 'where it does not recover',
    means: 'the folders at the target are those of before, and what stays beside them is told with its bytes',
  },
  notPromoted: { judgedWhen: (ended) => !recovered(ended), condition: 'where it does not recover', means: 'no database and no cache is promoted' },
};

function recovered(ended: string): boolean {
  return ended.startsWith('recovered');
}

/** The estate before or after a run. */
export interface Left {
  readonly traces: Traces;
  readonly effects: Effects;
}

const traces = ['agents', 'servers', 'capacity', 'records', 'zoneEpoch', 'switches', 'mutatingCalls'] as const;

export function unchanged(before: Left, now: Left): string[] {
  const logged = ({ effects }: Left) => effects.effects.filter(({ where }) => where.startsWith('site-agent')).map(({ where, what }) => `${where}: ${what}`);
  const added = logged(now).slice(logged(before).length);
  return [...(added.length > 0 ? [`The agents noted changes: ${added.join('; ')}.`] : []), ...differingTraces(before.traces, now.traces, traces)];
}

export function lossless(report: Report | null, { missing }: CustomerFigures): string[] {
  return [
    ...(report && isZero(report.loss) ? [] : [`The loss is ${report?.loss.kind ?? 'not told'}, not 0.`]),
    ...(missing.count === 0 && missing.unknown.length === 0 ? [] : [`The ledger misses ${missing.count} writes. ${missing.unknown.join(' ')}`]),
  ];
}

/** That the ledger misses no more is an invariant. */
export function bounded(report: Report | null): string[] {
  return report?.loss.kind === 'at most' ? [] : [`The loss is ${report?.loss.kind ?? 'not told'}, and nothing bounds it.`];
}

/** `address`: where DNS sends customers to reach the target. */
export function noTraffic({ callsByAddress, acknowledgedBySite }: CustomerFigures, target: string, address: string): string[] {
  const calls = callsByAddress.find((entry) => entry.address === address)?.calls ?? 0;
  const writes = acknowledgedBySite.find(({ site }) => site === target)?.writes ?? 0;
  return calls === 0 && writes === 0 ? [] : [`Customers called ${target} ${calls} times, and it acknowledged ${writes} writes.`];
}

export function notPromoted({ effects }: Effects): string[] {
  return effects.filter(({ what }) => /^(database|cache)-promote\b/.test(what)).map(({ where, what }) => `${where} noted ${what}.`);
}

/** `outcome`: what the child that fences the site on its return ended with; null when it did not end in time. */
export function fencedOnReturn(outcome: string | null): string[] {
  return outcome === 'fenced' ? [] : [`The site was not fenced on its return: ${outcome ?? 'its child did not end within the time for it'}.`];
}
