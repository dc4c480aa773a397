/** Record sets as Route 53 gives them: their names, and what they lead to. Pure. */
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';

/** Every record set at the two names of the plan, and what stands between them and the zone's own name. */
export interface ZoneSets {
  readonly zone: { readonly name: string; readonly isPrivate: boolean };
  readonly above: readonly ResourceRecordSet[];
  readonly atName: readonly ResourceRecordSet[];
  readonly atEpoch: readonly ResourceRecordSet[];
}

export function valuesOf(set: ResourceRecordSet | undefined): readonly string[] {
  return (set?.ResourceRecords ?? []).map(({ Value }) => Value ?? '');
}

/** What records lead to, in words. */
export function leadsTo(...sets: readonly (ResourceRecordSet | undefined)[]): string {
  return listed(sets.flatMap((set) => (set?.AliasTarget ? [`an alias of ${set.AliasTarget.DNSName ?? 'nothing'}`] : valuesOf(set)))) || 'nothing';
}

/** More than so many of a kind are counted instead. */
const listedMax = 4;

export function listed(items: readonly string[]): string {
  const more = items.length - listedMax;
  return [...items.slice(0, listedMax), ...(more > 0 ? [`${more} more`] : [])].join(' and ');
}

/**
 * One name in one spelling: lower case, no final dot, and Route 53's `\ooo` (octal) as the character that it stands for. A dot or backslash within a label keeps its escape:
 * it separates nothing.
 */
function canonicalName(name: string): string {
  const unescaped = name.toLowerCase().replace(/\\([0-7]{3})/g, (escape, octal: string) => {
    const character = String.fromCharCode(Number.parseInt(octal, 8));
    return character === '.' || character === '\\' ? escape : character.toLowerCase();
  });
  return unescaped.endsWith('.') ? unescaped.slice(0, -1) : unescaped;
}

export function sameName(one: string | undefined, other: string): boolean {
  return one !== undefined && canonicalName(one) === canonicalName(other);
}

/** Whether a name is the zone's own, or below it. */
export function isWithin(name: string, zoneName: string): boolean {
  return `.${canonicalName(name)}`.endsWith(`.${canonicalName(zoneName)}`);
}

/** The names between a zone's own and one in it, without either: where a delegation may stand in the way. */
export function namesAbove(name: string, zoneName: string): readonly string[] {
  const apex = canonicalName(zoneName);
  const labels = canonicalName(name).split('.');
  return labels.map((_label, index) => labels.slice(index + 1).join('.')).filter((above) => above.endsWith(`.${apex}`));
}

/** Identifiers of the two weighted sets that a run writes where customers come by shares: by them they are known as a run's. */
export const shareIdentifiers = { target: 'dr-share-target', remainder: 'dr-share-remainder' } as const;

/** Whether a set is one of the two. */
export function isShare({ Type, Weight, SetIdentifier }: ResourceRecordSet): boolean {
  return Type === 'A' && Weight !== undefined && Object.values<string | undefined>(shareIdentifiers).includes(SetIdentifier);
}
