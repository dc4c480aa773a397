# --- what would refuse to restore a tree: all of it is looked at before anything changes -------------------------------------------------------
look_tree_host() {
  [ "$(uname -n)" = "$HOST" ] || refuse "this host is $(uname -n), and restore.conf of $SITE is for $HOST; nothing was changed: install the file of this host, or correct HOST in it"
  [ "$(readlink -f "$tree_to")" = "$tree_to" ] && [ "$tree_to" != / ] && [ -d "$tree_to" ] || refuse "${letters}_TO of $SITE is $tree_to, which is no folder by its own path without links; nothing was changed: make it, and write its own path in restore.conf"
  [ -w "$tree_to" ] || refuse "$tree_to at $SITE cannot be written by the account of site-restore; nothing was changed: give it the right to write that folder"
  [ -L "$tree_to/current" ] || [ ! -e "$tree_to/current" ] || refuse "$tree_to/current at $SITE is no link, and versions are switched by one; nothing was changed: move what it is into a folder beside it, and make current a link to that"
  for other in $TREES; do
    [ "$other" = "$tree" ] || [ "$(letters=$(printf '%s' "$other" | tr a-z A-Z) && tree_setting TO)" != "$tree_to" ] || refuse "restore.conf of $SITE has $tree_to for $tree and for $other, and a folder has one link; nothing was changed: give each a folder of its own"
  done
}
look_version() { # VERSION → set, at, file, bytes, sum; SHA256SUMS is fetched, and its signature is checked, before anything else is
  look_store
  read_versions
  set=$1
  found=$(awk -v version="$set" '$2 == version' "$folder/versions")
  [ -n "$found" ] || refuse "there is no version $set of $tree that $SITE can use in $tree_from; nothing was changed: the newest are: $(one_line "$(awk '$1 != "-" { print $2 }' "$folder/versions" | tail -n 5)")"
  read -r at _ file bytes signed unusable <<LINE
$found
LINE
  [ "$unusable" = - ] || refuse "the version $set of $tree cannot be restored at $SITE: $unusable; nothing was changed: choose another one of tree-points"
  fetch_small "$set" SHA256SUMS || fail "$why_not; nothing was changed: mend that, then ask again"
  look_signature
  sum=$(awk -v file="$file" 'length($1) == 64 && $1 !~ /[^0-9a-f]/ && ($2 == file || $2 == "*" file) && NF == 2 { print $1 }' "$folder/SHA256SUMS")
  [ ${#sum} -eq 64 ] || refuse "SHA256SUMS of the version $set of $tree has not one line for $file; nothing was changed: choose another version, or upload this one again"
}
# By openssl, which is wherever curl is: no key ring, no agent and no trust beyond the one file that the plan names. It says who made a version, and not that it is the newest.
look_signature() {
  signature=$(signature_rule)
  [ -n "$tree_key" ] || return 0
  kind=$(openssl pkey -pubin -in "$tree_key" -noout -text 2>"$BESIDE" | head -n 1)
  [ -n "$kind" ] || refuse "${letters}_KEY of $SITE, $tree_key, is no public key that openssl can read: $(why); nothing was changed: write the PEM of the public key there"
  fetch_small "$set" SHA256SUMS.sig || fail "$why_not; nothing was changed: mend that, then ask again"
  is_signed "$folder/SHA256SUMS" "$folder/SHA256SUMS.sig" || refuse "the signature of the version $set of $tree is not by the key in $tree_key; nothing was changed: choose another version, and ask who has put this one into $tree_from"
}
is_signed() { # FILE SIGNATURE
  case $kind in
    ED25519*) openssl pkeyutl -verify -pubin -inkey "$tree_key" -rawin -in "$1" -sigfile "$2" ;;
    *) openssl dgst -sha256 -verify "$tree_key" -signature "$2" "$1" ;;
  esac >/dev/null 2>"$BESIDE"
}
look_tree_record() { # → half, tag, and place where it is known
  tree_names_of "$RUN" "$set"
  stage=$(noted stage) place=
  if [ "$(noted run)" = "$RUN" ] && [ "$stage" != discarded ]; then
    [ "$(noted set)" = "$set" ] || refuse "run $RUN has restored the version $(noted set) of $tree at $SITE; nothing was changed: discard that first (tree-discard $tree), then restore $set"
    place=$(noted place)
    case $stage in restored | proven | switched | accepted) is_tree_of_run "$tree_to/$place" || refuse "$tree_to/$place at $SITE is not what run $RUN restored; nothing was changed: look who made it, then discard (tree-discard $tree) and restore again" ;; esac
  else
    ! is_open_tree || refuse "what run $(noted run) restored of $tree at $SITE stands there, neither switched to nor discarded; nothing was changed: discard it first (tree-discard $tree)"
    [ ! -e "$half" ] || refuse "$half stands at $SITE already, and no restore of run $RUN is on record there; nothing was changed: look what it is, and move it away"
  fi
}
look_tree_room() { # for the archive, and for what is in it, which is seldom less; exactly so once it is known
  room=$(free_bytes "$tree_to")
  if [ "$(noted run)" = "$RUN" ]; then
    for taken_again in "$half" "$half.archive" "${place:+$tree_to/$place}"; do
      [ ! -e "$taken_again" ] || room=$((room + $(bytes_of "$taken_again")))
    done
  fi
  [ "$room" -ge $((bytes * 2)) ] || refuse "$tree_to at $SITE has $room bytes free, and $((bytes * 2)) are needed ($bytes of the archive, and as much for what is in it); nothing was changed: free that much there, or name another folder in restore.conf"
}
look_tree_programs() {
  case $file in *.gz) unpacks='gzip -dcq' ;; *.zst) unpacks='zstd -dcq' ;; *) unpacks=cat ;; esac
  for program_needed in curl tar sha256sum setsid "${unpacks%% *}"; do
    command -v "$program_needed" >/dev/null || refuse "$program_needed is not there at $SITE; nothing was changed: install its package there"
  done
  tar --version 2>/dev/null | grep -q 'GNU tar' || refuse "tar at $SITE is not GNU tar, whose list of what is in an archive is read here; nothing was changed: install it there"
}
look_tree_restore() { # VERSION
  look_tree_host
  look_version "$1"
  look_tree_record
  look_tree_room
  look_tree_programs
}
tree_look() { # NAME VERSION
  read_tree "$1"
  RUN=$(held_run)
  look_tree_host
  look_version "$2"
  # What another run has left is discarded first.
  if is_open_tree; then tree_names_of "$RUN" "$set" && place=; else look_tree_record; fi
  look_tree_room
  look_tree_programs
  say ready "$set"
  say at "$at"
  say bytes "$bytes"
  say free_bytes "$room"
  say signature "$signature"
  say sets_aside "$(tree_current || echo nothing)"
}
