/** The guards of the trees that the script restores, for `removals.ts`. */
import type { Removal } from './removal.ts';

const contract = 'test/site-restore/trees.test.ts';
const pitfalls = 'test/site-restore/trees-pitfalls.test.ts';
const switching = 'test/site-restore/trees-switch.test.ts';
const store = 'site-agent/restore/82-tree-store.sh';
const look = 'site-agent/restore/84-tree-look.sh';
const restore = 'site-agent/restore/86-tree-restore.sh';
const proof = 'site-agent/restore/87-tree-proof.sh';
const verdict = 'site-agent/restore/88-tree-switch.sh';
const call = 'site-agent/restore/90-call.sh';

export const treeRemovals: readonly Removal[] = [
  {
    guard: 'Tree: a version without its checksums is none',
    file: store,
    edits: [
      {
        find: 'if (!(version in whole)) { why = "it has no SHA256SUMS: it is being uploaded, or was cut off"; whole[version] = "-" }',
        replace: 'if (!(version in whole)) whole[version] = "2000-01-01T00:00:00.000000Z"',
      },
    ],
    test: { file: contract, title: 'tells each version with its moment, the newest last, and why one cannot be used' },
  },
  {
    guard: 'Tree: a store that cannot be read is an error, and no empty list',
    file: store,
    edits: [{ find: ' || fail "$why_not; nothing was changed: mend that, then ask again"\n  awk -v key', replace: '\n  awk -v key' }],
    test: { file: contract, title: 'of a store that cannot be read is an error, and no empty list' },
  },
  {
    guard: 'Tree: an answer that is no listing is an error',
    file: store,
    edits: [{ find: `grep -q '<ListBucketResult' "$folder/page"`, replace: 'true' }],
    test: { file: pitfalls, title: 'that answers something else than a list is an error' },
  },
  {
    guard: 'Tree: a list is read to its end',
    file: store,
    edits: [{ find: `grep -q '<IsTruncated>true<' "$folder/page" || return 0`, replace: 'return 0' }],
    test: { file: pitfalls, title: 'of more than 1,000 objects tells every version' },
  },
  {
    guard: 'Tree: no credential of the store stands on a command line',
    file: store,
    edits: [{ find: '"$@" -K - 2>"$BESIDE" 8>&-', replace: '"$@" -u "$s3_id:$s3_secret" -K - 2>"$BESIDE" 8>&-' }],
    test: { file: pitfalls, title: 'no credential stands on a command line' },
  },
  {
    guard: 'Tree: credentials that others can read are not used',
    file: store,
    edits: [{ find: '*00) ;; *) refuse', replace: '*) ;; none) refuse' }],
    test: { file: pitfalls, title: 'that others can read' },
  },
  {
    guard: 'Tree: what a key did not sign is refused',
    file: look,
    edits: [{ find: 'is_signed "$folder/SHA256SUMS" "$folder/SHA256SUMS.sig" ||', replace: 'true ||' }],
    test: { file: contract, title: 'what is signed by it is restored, and what is not is refused before anything changes' },
  },
  {
    guard: 'Tree: where a key is set, a version without a signature is refused',
    file: store,
    edits: [{ find: 'if (key != "" && !(version in signed)) why', replace: 'if (0) why' }],
    test: { file: contract, title: 'what is signed by it is restored, and what is not is refused before anything changes' },
  },
  {
    guard: 'Tree: an archive of another checksum is not unpacked',
    file: restore,
    edits: [{ find: '[ "$(sha256sum <"$archive")" = "$sum  -" ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'that is not as its checksum tells is taken away' },
  },
  {
    guard: 'Tree: a version with two archives is none',
    file: store,
    edits: [{ find: 'if (archives[version] > 1) why', replace: 'if (0) why' }],
    test: { file: pitfalls, title: 'of one with two archives' },
  },
  ...(
    [
      ['a link', 'if (kind == "l" || kind == "h") no', 'if (0) no', 'a link to elsewhere'],
      ['a device', 'if (kind == "b" || kind == "c") no', 'if (0) no', 'a block device'],
      ['a FIFO', 'if (kind == "p") no', 'if (0) no', 'a FIFO'],
      [
        'a kind of member that is neither file nor folder',
        'if ((kind != "-" && kind != "d") || sub(/"$/, "", name) != 1) no',
        'sub(/"$/, "", name); if (0) no',
        'with a kind of member that tar itself does not know',
      ],
      ['a set-id bit', 'if (substr($1, 2) ~ /[sS]/) no', 'if (0) no', 'a set-user-id bit'],
      ['an absolute path', 'if (name ~ /^\\//) no', 'if (0) no', 'an absolute path'],
      ['a path with ..', 'if (("/" name "/") ~ /\\/[.][.]\\//) no', 'if (0) no', 'a path with .. within'],
      ['more bytes than are allowed', 'if (total > bytes_max) no', 'if (0) no', 'that packs more than is allowed is not unpacked'],
      ['more members than any application has', 'if (NR > members_max) no', 'if (0) no', 'of more members than any application has is not unpacked'],
    ] as const
  ).map(([what, find, replace, title]) => ({
    guard: `Tree: an archive with ${what} is not unpacked`,
    file: restore,
    edits: [{ find, replace }],
    test: { file: pitfalls, title },
  })),
  {
    guard: 'Tree: what is unpacked is read no further than its bound',
    file: restore,
    edits: [{ find: ' 2>"$BESIDE" | head -c $((tree_bytes_max + TREE_MEMBERS_MAX * 2048 + 65536)); }', replace: ' 2>"$BESIDE"; }' }],
    test: { file: pitfalls, title: 'whose unpacking never ends is read no further than its bound' },
  },
  {
    guard: 'Tree: an archive that cannot be read to its end is not unpacked',
    file: restore,
    edits: [{ find: ' && [ "$(cat "$folder/ended")" = 0 ] && [ "$members" -gt 0 ]; then', replace: '; then' }],
    test: { file: pitfalls, title: 'is cut off in its middle' },
  },
  {
    guard: 'Tree: without room for it nothing is changed',
    file: look,
    edits: [{ find: '[ "$room" -ge $((bytes * 2)) ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'for which the disk has no room' },
  },
  {
    guard: 'Tree: what has more in it than there is room for is not unpacked',
    file: restore,
    edits: [{ find: '[ "$room" -ge "$unpacked_bytes" ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'for which the disk has no room' },
  },
  {
    guard: 'Tree: a download that broke off goes on from there',
    file: restore,
    edits: [{ find: '-f -C - --speed-limit', replace: '-f --speed-limit' }],
    test: { file: pitfalls, title: 'is asked for the rest' },
  },
  {
    guard: 'Tree: on a host that its settings are not for nothing is restored',
    file: look,
    edits: [{ find: '[ "$(uname -n)" = "$HOST" ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'on another host than its settings are for' },
  },
  {
    guard: 'Tree: a folder in place of the link is not switched away',
    file: look,
    edits: [{ find: '[ -L "$tree_to/current" ] || [ ! -e "$tree_to/current" ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'where current is no link' },
  },
  {
    guard: 'Tree: two trees share no link',
    file: look,
    edits: [{ find: '[ "$other" = "$tree" ] ||', replace: 'true ||' }],
    test: { file: pitfalls, title: 'or into that of another tree' },
  },
  {
    guard: 'Tree: only a tree that its settings name is restored, and no other name becomes a file',
    file: call,
    edits: [{ find: 'arguments $# 1 && read_tree "$1" && guard "tree-$1"', replace: 'arguments $# 1 && guard "tree-$1"' }],
    test: { file: pitfalls, title: 'of a tree that is not named in its settings, and no file is made for it' },
  },
  {
    guard: 'Tree: the program that restores it is no verb over SSH',
    file: call,
    edits: [{ find: 'in job-run | restore-run | cache-restore-run | backup-run | tree-run) usage', replace: 'in job-run | restore-run) usage' }],
    test: { file: pitfalls, title: 'by nobody over SSH but by its verb' },
  },
  {
    guard: 'Tree: what another run has restored and not switched is not restored over',
    file: look,
    edits: [{ find: '! is_open_tree || refuse', replace: 'true || refuse' }],
    test: { file: contract, title: 'what one has not switched no other restores over' },
  },
  {
    guard: 'Tree: other contents of the same name stay as they are',
    file: proof,
    edits: [{ find: ' && [ "$(digest_of "$tree_to/$set")" = "$digest" ]; then', replace: '; then' }],
    test: { file: contract, title: 'a version whose name stands there with other contents is put beside it' },
  },
  {
    guard: 'Tree: a configuration never changes what stood there before',
    file: proof,
    edits: [{ find: 'if [ -z "$tree_configure" ] && [ -d', replace: 'if [ -d' }],
    test: { file: contract, title: 'and never in one that stood there' },
  },
  {
    guard: 'Tree: what stood there before is not discarded',
    file: verdict,
    edits: [{ find: '&& [ "$(noted reused)" = no ] &&', replace: '&&' }],
    test: { file: contract, title: 'and one with the same is taken as it is' },
  },
  {
    guard: 'Tree: nothing is discarded while its restore runs',
    file: verdict,
    edits: [{ find: 'look_tree_discard() {\n  look_no_job', replace: 'look_tree_discard() {' }],
    test: { file: pitfalls, title: 'a job that is cancelled is discarded, and all is as it was' },
  },
  {
    guard: 'Tree: only what is proven is switched to',
    file: verdict,
    edits: [{ find: 'case $stage in proven | switched | accepted) ;; *) refuse', replace: 'case $stage in *) ;; none) refuse' }],
    test: { file: contract, title: 'a configuration that fails is told in its own words' },
  },
  {
    guard: 'Tree: only the folder that was proven is switched to',
    file: verdict,
    edits: [{ find: '  is_tree_of_run "$tree_to/$place" || refuse', replace: '  true || refuse' }],
    test: { file: switching, title: 'a folder that is not the one that was proven is not switched to' },
  },
  {
    guard: 'Tree: what fails its test is not switched to',
    file: verdict,
    edits: [{ find: '[ -z "$tree_test" ] || command_of_tree "$tree_test" "$tree_to/$place" || refuse', replace: 'true || refuse' }],
    test: { file: switching, title: 'is refused by nginx itself, and what is current stays' },
  },
  {
    guard: 'Tree: what is broken by way of the link is not read',
    file: verdict,
    edits: [{ find: 'command_of_tree "$tree_test" "$tree_to/current" || switch_failed test', replace: 'true' }],
    test: { file: switching, title: 'settings that are broken only by way of the link' },
  },
  {
    guard: 'Tree: a reload that fails puts the link back',
    file: verdict,
    edits: [{ find: 'command_of_tree "$tree_reload" || switch_failed reload', replace: 'command_of_tree "$tree_reload"' }],
    test: { file: switching, title: 'a reload that fails puts the link back' },
  },
  {
    guard: 'Tree: the link is replaced in one step',
    file: verdict,
    edits: [
      {
        find: 'ln -s "$1" "$tree_to/current.new" && mv -T "$tree_to/current.new" "$tree_to/current" && sync',
        replace: 'rm -f "$tree_to/current" && sleep 0.2 && ln -s "$1" "$tree_to/current" && sync',
      },
    ],
    test: { file: switching, title: 'whoever follows the link finds it at each moment' },
  },
  {
    guard: 'Tree: what somebody has switched since is not discarded',
    file: verdict,
    edits: [{ find: '[ "$stage" != switched ] || [ "$(tree_current)" = "$place" ] || refuse', replace: 'true || refuse' }],
    test: { file: switching, title: 'what somebody has switched since' },
  },
];
