/** The guards of the script that restores, for `removals.ts`. */
import type { Removal } from './removal.ts';

const contract = 'test/site-restore/contract.test.ts';
const pitfalls = 'test/site-restore/pitfalls.test.ts';
const files = 'site-agent/restore/20-files.sh';
const points = 'site-agent/restore/30-points.sh';
const look = 'site-agent/restore/40-look.sh';
const restore = 'site-agent/restore/50-restore.sh';
const proof = 'site-agent/restore/60-proof.sh';
const verdict = 'site-agent/restore/70-verdict.sh';
const firstSet = 'site-agent/restore/75-first-set.sh';
const firstSetTest = 'test/site-restore/first-set.test.ts';

export const restoreRemovals: readonly Removal[] = [
  {
    guard: 'Restore: a point beyond a gap of the log is refused',
    file: points,
    edits: [{ find: ' in there) {', replace: ' in there || name <= highest) {' }],
    test: { file: contract, title: 'ends where a segment is missing, and a point beyond is refused' },
  },
  {
    guard: 'Restore: a repository that cannot be read is an error, and no empty list',
    file: points,
    edits: [{ find: '>"$folder/sets" || fail "$why_not"', replace: '>"$folder/sets"' }],
    test: { file: contract, title: 'that cannot read the repository is an error' },
  },
  {
    guard: 'Restore: a point before the end of its set is refused',
    file: look,
    edits: [{ find: '[ ! "$point" \\< "$earliest" ] || refuse "the set', replace: 'true || refuse "the set' }],
    test: { file: pitfalls, title: 'to a point before the end of the set' },
  },
  {
    guard: 'Restore: a point after the last commit of the log is refused',
    file: look,
    edits: [{ find: '  if [ "$latest" \\< "$point" ]; then', replace: '  if false; then' }],
    test: { file: pitfalls, title: 'to a point in the future' },
  },
  {
    guard: 'Restore: a set of another cluster is refused',
    file: look,
    edits: [{ find: '  [ "$identifier" = "$PG_SYSTEM_IDENTIFIER" ] || refuse', replace: '  true || refuse' }],
    test: { file: pitfalls, title: 'of another cluster' },
  },
  {
    guard: 'Restore: on a host that its settings are not for nothing is set aside',
    file: look,
    edits: [{ find: '[ "$(uname -n)" = "$HOST" ] || refuse', replace: 'true || refuse' }],
    test: { file: pitfalls, title: 'on another host than its settings are for' },
  },
  {
    guard: 'Restore: a set of another major version is refused',
    file: look,
    edits: [{ find: '[ "$version" = "$(pg_major)" ] || refuse', replace: 'true || refuse' }],
    test: { file: pitfalls, title: 'of another major version' },
  },
  {
    guard: 'Restore: a set with a recovery.conf is none',
    file: files,
    edits: [{ find: '! [ -e "$2/recovery.conf" ] || {', replace: 'true || {' }],
    test: { file: pitfalls, title: 'of a set with an old recovery.conf' },
  },
  {
    guard: 'Restore: a set counts from its manifest',
    file: files,
    edits: [{ find: '[ -s "$2/backup_manifest" ] || {', replace: 'true || {' }],
    test: { file: pitfalls, title: 'of a set that is still being made' },
  },
  {
    guard: 'Restore: a folder in which a server runs is not set aside',
    file: look,
    edits: [{ find: '  if server_in "$data" && !', replace: '  if false && !' }],
    test: { file: pitfalls, title: 'where a server runs in the folder' },
  },
  {
    guard: 'Restore: it does not begin where the disk has no room for it',
    file: look,
    edits: [{ find: '[ "$room" -ge "$bytes_needed" ] || refuse', replace: 'true || refuse' }],
    test: { file: pitfalls, title: 'where the disk has no room for it' },
  },
  {
    guard: 'Restore: what another run restored is not restored over',
    file: look,
    edits: [{ find: '[ "$(noted run)" = "$RUN" ] || refuse "what run', replace: 'true || refuse "what run' }],
    test: { file: pitfalls, title: 'what another run restored is neither restored over nor accepted' },
  },
  {
    guard: 'Restore: what is there is renamed, and stays',
    file: restore,
    edits: [{ find: 'mv -T "$data" "$aside" ||', replace: 'rm -rf "$data" ||' }],
    test: { file: pitfalls, title: 'discarded, what was there before is back' },
  },
  {
    guard: 'Restore: a set is compared with its manifest',
    file: files,
    edits: [{ find: ' && "$PG_BIN/pg_verifybackup" -n -q "$2"', replace: '' }],
    test: { file: pitfalls, title: 'a file of the set that is not as its manifest has it' },
  },
  {
    guard: 'Restore: it is asked for one target, and a gap before it is a failure',
    file: restore,
    edits: [{ find: '    setting recovery_target_time "$(printf', replace: "    setting recovery_target_name '' # \"$(printf" }],
    test: { file: contract, title: 'a gap that appears after the look ends in failure' },
  },
  {
    guard: 'Restore: it is not paused at its point',
    file: restore,
    edits: [
      { find: '  setting recovery_target_action promote\n', replace: '' },
      { find: '    setting hot_standby off\n', replace: '' },
    ],
    test: { file: pitfalls, title: 'it is not paused at its point' },
  },
  {
    guard: 'Restore: a server that opened on the first state that is whole is no restore',
    file: proof,
    edits: [{ find: '[ "$timeline_after" -gt "$timeline" ] || give_up', replace: 'true || give_up' }],
    test: { file: pitfalls, title: 'a signal file that is missing when it starts' },
  },
  {
    guard: 'Restore: a broken page is found before anybody is served',
    file: proof,
    edits: [{ find: '|| give_up "pages of what was restored', replace: '|| true "pages of what was restored' }],
    test: { file: contract, title: 'a page that was broken before the set was made' },
  },
  {
    guard: 'Restore: until it is accepted it archives nowhere, and listens to nobody',
    file: restore,
    edits: [
      { find: '    setting archive_mode off\n', replace: '' },
      { find: "    place_settings ''\n", replace: '    place_settings "$PG_LISTEN"\n' },
    ],
    test: { file: contract, title: 'has exactly the rows up to it, and its proof' },
  },
  {
    guard: 'Restore: what was not proven is not accepted',
    file: verdict,
    edits: [{ find: 'case $(noted stage) in proven | admitted) ;;', replace: 'case $(noted stage) in ?*) ;;' }],
    test: { file: pitfalls, title: 'a segment of the log that is broken' },
  },
  {
    guard: 'Restore: what was about to open is not discarded either',
    file: verdict,
    edits: [{ find: '    note stage opening\n', replace: '' }],
    test: { file: pitfalls, title: 'accepted and then not able to open' },
  },
  {
    guard: 'Restore: an accepted server lets its administrator and its service in, whatever the access file of the set says',
    file: verdict,
    edits: [{ find: '    open_access && open_settings', replace: '    open_settings' }],
    test: { file: pitfalls, title: 'and still once people have accepted it' },
  },
  {
    guard: 'Restore: what was accepted is not discarded',
    file: verdict,
    edits: [{ find: '    opening | accepted) refuse', replace: '    opening) refuse' }],
    test: { file: contract, title: 'accepted, it archives to a path of its own' },
  },
  {
    guard: 'Restore: it is decided about when no restore runs',
    file: verdict,
    edits: [{ find: '  [ -z "$said" ] || refuse "the restore', replace: '  true || refuse "the restore' }],
    test: { file: pitfalls, title: 'is found when it is started again, and no second one runs beside it' },
  },
  {
    guard: 'Restore: one that is cancelled leaves no server that goes on to promote',
    file: restore,
    edits: [{ find: 'kill "$restoring" 2>/dev/null; ! is_ours "$data" || stop_server; exit 143', replace: 'kill "$restoring" 2>/dev/null; exit 143' }],
    test: { file: pitfalls, title: 'that is cancelled while the server replays' },
  },
  {
    guard: 'Restore: a repeat goes on where the server replays',
    file: restore,
    edits: [{ find: '[ ! -e "$PG_DATA/recovery.signal" ] && ! server_in "$PG_DATA"; then note', replace: 'true; then note' }],
    test: { file: pitfalls, title: 'while the server replays, goes on from there' },
  },
  {
    guard: 'Restore: the program that does it is no verb over SSH',
    file: 'site-agent/restore/90-call.sh',
    edits: [
      {
        find: 'case ${1:-} in job-run | restore-run | cache-restore-run | backup-run | tree-run) usage',
        replace: 'case nothing in job-run | restore-run | cache-restore-run | backup-run | tree-run) usage',
      },
    ],
    test: { file: pitfalls, title: 'is carried out by nobody over SSH but by its verb' },
  },
  {
    guard: 'Restore: why the server ended is told, and not what it said to whoever asked meanwhile',
    file: restore,
    edits: [{ find: 'the database system is (starting up|', replace: 'the database system is (' }],
    test: { file: contract, title: 'a gap that appears after the look ends in failure' },
  },
  {
    guard: 'First backup: it is made of nothing that people have not accepted',
    file: firstSet,
    edits: [{ find: '[ "$stage" = accepted ] || refuse', replace: 'true || refuse' }],
    test: { file: firstSetTest, title: 'before it is accepted there is no set to make' },
  },
  {
    guard: 'First backup: it is done when the set can be restored',
    file: firstSet,
    edits: [{ find: '  archive_a_commit\n', replace: '' }],
    test: { file: firstSetTest, title: 'read at the new path as one that can be restored' },
  },
  {
    guard: 'First backup: one that is there is found',
    file: firstSet,
    edits: [{ find: '  has_usable_set || make_set\n', replace: '  has_usable_set; make_set\n' }],
    test: { file: firstSetTest, title: 'one that is there is found' },
  },
  {
    guard: 'First backup: the access file that a set brings along is joined anew at its site',
    file: restore,
    edits: [{ find: ' "$1/pg_hba.conf.of-set"', replace: '' }],
    test: { file: firstSetTest, title: 'what customers wrote since is restored from it by another run' },
  },
];
