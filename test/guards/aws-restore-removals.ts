/** The guards of what RDS and ElastiCache restore, for `removals.ts`. */
import type { Removal } from './removal.ts';

const database = 'test/activities/aws/restore-database.test.ts';
const cache = 'test/activities/aws/restore-cache.test.ts';
const provider = 'activities/restore/aws/provider.ts';
const proof = 'activities/restore/aws/rds-proof.ts';
const byElastiCache = 'activities/restore/elasticache.ts';

export const awsRestoreRemovals: readonly Removal[] = [
  {
    guard: 'Restore at AWS: what another run or a stranger has made is not gone on with',
    file: provider,
    edits: [{ find: "if (madeBy(made, run) === 'this run') return;", replace: 'if (made) return;' }],
    test: { file: database, title: 'of nobody of this estate is neither taken nor deleted' },
  },
  {
    guard: 'Restore at AWS: what people have accepted is deleted by no run',
    file: provider,
    edits: [{ find: " || stage === 'opening' || stage === 'accepted')", replace: ')' }],
    test: { file: database, title: 'to a moment holds what was committed until then' },
  },
  {
    guard: 'Restore at AWS: what AWS is still changing is waited for before it is changed again',
    file: provider,
    edits: [{ find: "      if (made?.standing !== 'ready') return undefined;\n", replace: '' }],
    test: { file: database, title: 'whose order for settings lost its answer is waited for' },
  },
  {
    guard: 'Restore at AWS: an older run deletes nothing',
    file: provider,
    edits: [{ find: '      await take(work, leftAs);\n', replace: '' }],
    test: { file: database, title: 'discarded only by a later one' },
  },
  {
    guard: 'Restore at AWS: a run that no majority holds makes nothing',
    file: provider,
    edits: [{ find: "    await mustHoldMajority(dependencies, run, 'Nothing was made.');\n", replace: '' }],
    test: { file: database, title: 'a run that no majority holds makes nothing' },
  },
  {
    guard: 'Restore at AWS: settings are read back, and set where AWS left its defaults',
    file: provider,
    edits: [{ find: 'if ((await provider.differences(openness)).length === 0) return false;', replace: 'if (openness) return false;' }],
    test: { file: database, title: 'whose settings AWS left at its defaults has them set and read back' },
  },
  {
    guard: 'Restore at AWS: the service is let in only once that is said',
    file: 'activities/restore/rds.ts',
    edits: [{ find: "openness === 'closed' ? target.closedSecurityGroups : target.securityGroups", replace: 'openness ? target.securityGroups : []' }],
    test: { file: database, title: 'to a moment holds what was committed until then' },
  },
  {
    guard: 'Restore at AWS: a database that holds what came after the moment is not proven',
    file: proof,
    edits: [{ find: 'if (beyond !== undefined)', replace: "if (beyond === '')" }],
    test: { file: database, title: 'that holds what was written after the moment is not proven' },
  },
  {
    guard: 'Restore at AWS: a database of another cluster is not proven',
    file: proof,
    edits: [{ find: 'if (server.systemIdentifier !== proving.systemIdentifier)', replace: "if (server.systemIdentifier === '')" }],
    test: { file: database, title: 'of another cluster is not proven' },
  },
  {
    guard: 'Restore at AWS: what is proven is what AWS has made, and not another server at the plan’s address',
    file: 'activities/restore/aws/endpoint.ts',
    edits: [{ find: ' && (await isSame(planned.host, host))) return;', replace: ') return;' }],
    test: { file: database, title: 'that is not where the plan leads is not proven' },
  },
  {
    guard: 'Restore at AWS: a snapshot of another partition is none',
    file: 'activities/restore/aws/arn.ts',
    edits: [{ find: 'if (is.partition !== partition)', replace: "if (is.partition === '')" }],
    test: { file: database, title: 'another partition' },
  },
  {
    guard: 'Restore at AWS: a replication group is made of a snapshot that exists',
    file: byElastiCache,
    edits: [{ find: "return found ? found.unusable : 'there is no such snapshot any more';", replace: 'return found?.unusable;' }],
    test: { file: cache, title: 'not one that does not exist' },
  },
  {
    guard: 'Restore at AWS: a cache that came out empty is not proven',
    file: byElastiCache,
    edits: [{ find: 'if (bytesInSnapshot > 0 && loaded === 0', replace: 'if (bytesInSnapshot < 0 && loaded === 0' }],
    test: { file: cache, title: 'of a snapshot that came out empty is not proven' },
  },
  {
    guard: 'Restore at AWS: a group of which AWS tells no tags may have been accepted',
    file: byElastiCache,
    edits: [{ find: 'if (!tags && !isBeforeOrAfter(group))', replace: "if (!tags && name === '')" }],
    test: { file: cache, title: 'has the keys of the snapshot, is closed until services are let in' },
  },
];
