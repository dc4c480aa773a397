/** The guards of customers who come by shares, for `removals.ts`. */
import type { Removal } from './removal.ts';

const step = 'test/workflows/steps/shares.test.ts';
const zone = 'test/zoo/dns-shares.test.ts';

export const shareRemovals: readonly Removal[] = [
  {
    guard: 'Shares: at an error nobody is led to the target any more',
    file: 'workflows/steps/shares.ts',
    edits: [{ find: 'leftAs: await this.leadBack(tools, share),', replace: "leftAs: 'It goes on.'," }],
    test: { file: step, title: 'go to the maintenance answer, all of them, at an error' },
  },
  {
    guard: 'Shares: nobody is led back to a maintenance answer that has died',
    file: 'workflows/steps/shares.ts',
    edits: [{ find: 'if (remainderSilent !== null) return', replace: "if (remainderSilent === '') return" }],
    test: { file: step, title: 'are not led back to a maintenance answer that has died' },
  },
  {
    guard: 'Shares: whoever is led to the target already is not led away from it',
    file: 'workflows/steps/shares.ts',
    edits: [{ find: ' && each >= percent', replace: '' }],
    test: { file: step, title: 'are not led away from the target again' },
  },
  {
    guard: 'Shares: a maintenance answer that serves nobody gets nobody',
    file: 'workflows/steps/shares.ts',
    edits: [{ find: 'if (remainderSilent === null) return share;', replace: 'if (share > 0) return share;' }],
    test: { file: step, title: 'come all at once where the maintenance answer serves nobody' },
  },
  {
    guard: 'Shares: a share that servers do not give is not gone on from',
    file: 'workflows/steps/shares.ts',
    edits: [{ find: 'return proof.proven ? null : proof.detail;', replace: 'return proof.proven ? null : null;' }],
    test: { file: step, title: 'are not waited for where servers give something else' },
  },
  {
    guard: 'Shares: the proof counts each answer that leads elsewhere',
    file: 'activities/dns/shares.ts',
    edits: [{ find: 'return last.length > 0 && right ? true : undefined;', replace: 'return last.length > 0 || right ? true : undefined;' }],
    test: { file: zone, title: 'is not proven while a server gives anything else' },
  },
  {
    guard: 'Shares: weighted sets of somebody else are left as they are',
    file: 'activities/dns/records.ts',
    edits: [{ find: 'Object.values<string | undefined>(shareIdentifiers).includes(SetIdentifier)', replace: 'SetIdentifier !== undefined' }],
    test: { file: zone, title: 'is refused beside weighted sets of somebody else' },
  },
  {
    guard: 'Shares: a route to all leaves none of them',
    file: 'activities/dns/zone.ts',
    edits: [{ find: 'return [...shares.map(removal), ...wrong.map(writing)];', replace: 'return wrong.map(writing);' }],
    test: { file: zone, title: 'are replaced by a later route' },
  },
];
