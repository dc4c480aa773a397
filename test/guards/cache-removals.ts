/** The guards of the script that restores, for the cache, for `removals.ts`. */
import type { Removal } from './removal.ts';

const contract = 'test/site-restore/cache.test.ts';
const pitfalls = 'test/site-restore/cache-pitfalls.test.ts';
const server = 'site-agent/restore/80-cache-server.sh';
const sets = 'site-agent/restore/82-cache-sets.sh';
const look = 'site-agent/restore/84-cache-look.sh';
const restore = 'site-agent/restore/86-cache-restore.sh';
const proof = 'site-agent/restore/87-cache-proof.sh';
const verdict = 'site-agent/restore/88-cache-verdict.sh';

/** A refusal whose condition always holds. */
const without = (condition: string) => [{ find: `${condition} || refuse`, replace: 'true || refuse' }];

export const cacheRemovals: readonly Removal[] = [
  {
    guard: 'Cache: a set is not called older than what it holds',
    file: sets,
    edits: [{ find: 'of_seconds $((made_at + 1))', replace: 'of_seconds "$made_at"' }],
    test: { file: contract, title: 'tells each set with its moment' },
  },
  {
    guard: 'Cache: a set that has changed is checked again',
    file: sets,
    edits: [{ find: "'%i:%s:%z'", replace: "'%i:%s'" }],
    test: { file: contract, title: 'looks at a file again when it has changed' },
  },
  {
    guard: 'Cache: a folder of sets that cannot be read is an error, and no empty list',
    file: sets,
    edits: [{ find: '[ -r "$CACHE_BACKUPS" ] && [ -x "$CACHE_BACKUPS" ] || fail', replace: 'true || fail' }],
    test: { file: contract, title: 'that cannot read the folder is an error' },
  },
  {
    guard: 'Cache: a set that is not whole is not restored',
    file: look,
    edits: without('[ -z "$wrong" ]'),
    test: { file: pitfalls, title: 'of a set with a byte that is not as it was written' },
  },
  {
    guard: 'Cache: a Redis that cannot prove what it has loaded is refused',
    file: look,
    edits: without('[ "${version_here%%.*}" -ge 7 ] 2>/dev/null'),
    test: { file: pitfalls, title: 'by a Redis that cannot prove it' },
  },
  {
    guard: 'Cache: a cluster is refused',
    file: look,
    edits: without('[ "$(cache_setting cluster-enabled no)" = no ]'),
    test: { file: pitfalls, title: 'where the configuration is one of a cluster' },
  },
  {
    guard: 'Cache: a configuration that makes it a replica is refused',
    file: look,
    edits: [{ find: "    'no one') ;; *) refuse", replace: '    *) ;; never) refuse' }],
    test: { file: pitfalls, title: 'where the configuration makes it a replica' },
  },
  {
    guard: 'Cache: nothing is restored to where its own server never reads',
    file: look,
    edits: without('[ "$(cache_setting dir)" = "$CACHE_DIR" ]'),
    test: { file: pitfalls, title: 'where the configuration has its data elsewhere' },
  },
  {
    guard: 'Cache: it does not begin where the disk has no room for the append-only file',
    file: look,
    edits: [{ find: '[ "$keeps_log" != yes ] || log_bytes=$bytes', replace: '' }],
    test: { file: pitfalls, title: 'where the disk has no room for it and for its append-only file' },
  },
  {
    guard: 'Cache: a server that holds keys is not stopped',
    file: look,
    edits: without('[ "$(in_keyspace keys)" = 0 ]'),
    test: { file: pitfalls, title: 'and holds a key' },
  },
  {
    guard: 'Cache: a replica is not stopped',
    file: look,
    edits: without('[ "$(of_info role)" = master ]'),
    test: { file: pitfalls, title: 'and is a replica' },
  },
  {
    guard: 'Cache: a server with a replica is not stopped',
    file: look,
    edits: without('[ "$(of_info connected_slaves)" = 0 ]'),
    test: { file: pitfalls, title: 'and has a replica' },
  },
  {
    guard: 'Cache: a server that nobody can ask is not taken for empty',
    file: look,
    edits: [{ find: '  reach || refuse', replace: '  reach || return 0 || refuse' }],
    test: { file: pitfalls, title: 'and answers nobody' },
  },
  {
    guard: 'Cache: a server of another account is seen',
    file: server,
    edits: [{ find: '"$CACHE_PORT "*) at=$1 ;;', replace: '"$CACHE_PORT "*) at= ;;' }],
    test: { file: pitfalls, title: 'of another account, at the same port' },
  },
  {
    guard: 'Cache: a server is looked at again once it takes no writes',
    file: restore,
    edits: [{ find: '  read_info && [ "$(in_keyspace keys)" = 0 ] || {', replace: '  true || {' }],
    test: { file: pitfalls, title: 'and is written to between the look and its end' },
  },
  {
    guard: 'Cache: an empty server takes no write while it is stopped',
    file: restore,
    edits: [{ find: 'paused=$(cli CLIENT PAUSE 20000 WRITE)', replace: 'paused=OK' }],
    test: { file: pitfalls, title: 'takes no write any more when it is stopped' },
  },
  {
    guard: 'Cache: a server that came up empty is stopped without saving that',
    file: server,
    edits: [{ find: 'cli SHUTDOWN NOSAVE FORCE', replace: 'cli SHUTDOWN SAVE FORCE' }],
    test: { file: contract, title: 'where the file of the set alone would start empty' },
  },
  {
    guard: 'Cache: nor does one save it that is stopped by a command of the site',
    file: server,
    edits: [{ find: "told=$(cli CONFIG SET save '')", replace: 'told=OK' }],
    test: { file: pitfalls, title: 'a CACHE_START that reads other settings' },
  },
  {
    guard: 'Cache: behind closed doors nobody reaches it at an address',
    file: server,
    edits: [{ find: " 'port 0' ", replace: ' ' }],
    test: { file: contract, title: 'has exactly the keys of the set behind closed doors' },
  },
  {
    guard: 'Cache: a copy is checked where it lies',
    file: restore,
    edits: [{ find: '  if [ -n "$wrong" ]; then', replace: '  if false; then' }],
    test: { file: pitfalls, title: 'a copy that is not as the set is' },
  },
  {
    guard: 'Cache: an append-only file is written from the set before it is started with one',
    file: restore,
    edits: [{ find: '[ "$keeps_log" = yes ] || return 0', replace: 'return 0' }],
    test: { file: contract, title: 'where the file of the set alone would start empty' },
  },
  {
    guard: 'Cache: no other server is started beside the closed one',
    file: restore,
    edits: [{ find: '    *) give_up "another server', replace: '    *) true "another server' }],
    test: { file: pitfalls, title: 'a server that somebody starts beside it' },
  },
  {
    guard: 'Cache: it has loaded every key of the set',
    file: proof,
    edits: [{ find: '[ "$counted" -eq "$keys_in_set" ] || give_up', replace: 'true || give_up' }],
    test: { file: pitfalls, title: 'a server that has loaded something else than the set' },
  },
  {
    guard: 'Cache: it has thrown out no key',
    file: proof,
    edits: [{ find: '[ "$(of_info evicted_keys)" = 0 ] || give_up', replace: 'true || give_up' }],
    test: { file: pitfalls, title: 'a server that has no room for all keys' },
  },
  {
    guard: 'Cache: it has its keys after a start',
    file: proof,
    edits: [{ find: '-le "$expires_before" ] || give_up', replace: '-le "$expires_before" ] || true' }],
    test: { file: pitfalls, title: 'a server that starts empty, since its append-only file is not there' },
  },
  {
    guard: 'Cache: it holds the same after a start',
    file: proof,
    edits: [{ find: '[ "$digest_after" = "$digest_before" ] || give_up', replace: 'true || give_up' }],
    test: { file: pitfalls, title: 'a server that has as many keys after a start, and other values' },
  },
  {
    guard: 'Cache: a sample sees a value that is another',
    file: proof,
    edits: [{ find: 'redis.sha1hex(table.concat(all, ","))', replace: 'redis.sha1hex("")' }],
    test: { file: pitfalls, title: 'and the same where only a sample can be compared' },
  },
  {
    guard: 'Cache: what was not proven is not let in with fewer keys',
    file: verdict,
    edits: [{ find: '[ "$counted" -ge "$(proof_of keys_after)" ] || {', replace: 'true || {' }],
    test: { file: pitfalls, title: 'a CACHE_START that reads other settings' },
  },
  {
    guard: 'Cache: what was not let in is not accepted',
    file: verdict,
    edits: without('[ "$(noted stage)" != proven ]'),
    test: { file: contract, title: 'accepted, it runs on' },
  },
  {
    guard: 'Cache: the server that was stopped for the restore runs again after a discard',
    file: verdict,
    edits: [{ find: '[ "$(noted ran)" = yes ] && !', replace: 'false && !' }],
    test: { file: contract, title: 'a server that ran and held nothing is stopped for the restore' },
  },
  {
    guard: 'Cache: a restore that is cancelled leaves no server',
    file: restore,
    edits: [{ find: 'is_ours "$CACHE_DIR" && end_closed; exit 143', replace: 'exit 143' }],
    test: { file: pitfalls, title: 'that is cancelled while it is proven leaves no server' },
  },
  {
    guard: 'Cache: what is decided of the database leaves it as it is',
    file: 'site-agent/restore/10-stores.sh',
    edits: [{ find: 'notes=$STATE_DIR/restore-cache tool', replace: 'notes=$STATE_DIR/restore tool' }],
    test: { file: contract, title: 'it is restored side by side' },
  },
  {
    guard: 'Cache: what is accepted with the database is discarded no more',
    file: 'site-agent/restore/70-verdict.sh',
    edits: [{ find: '  accept_cache "$(noted run)"\n', replace: '' }],
    test: { file: contract, title: 'it is accepted with the database' },
  },
  {
    guard: 'Cache: the program that restores it is no verb over SSH',
    file: 'site-agent/restore/90-call.sh',
    edits: [
      {
        find: 'case ${1:-} in job-run | restore-run | cache-restore-run | backup-run | tree-run) usage',
        replace: 'case ${1:-} in job-run | restore-run) usage',
      },
    ],
    test: { file: pitfalls, title: 'is carried out by nobody over SSH but by its verb' },
  },
];
