# --- the proof of a tree, its place beside the others, and its configuration --------------------------------------------------------------------
# Names, modes, sizes and contents of all that is below; no times and no owners, which are the host's.
digest_of() { # FOLDER
  (cd "$1" && { find . -mindepth 1 -printf '%y %m %s %P\0' | sed -z 's/^d \([0-9]*\) [0-9]* /d \1 /' | sort -z; find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z --; } | sha256sum | cut -d' ' -f1)
}
tree_proof() { # KEY VALUE
  echo "$1=$2"
  { grep -v "^$1=" "$notes.proof" 2>/dev/null; echo "$1=$2"; } | replace "$notes.proof" || fail "$STATE_DIR at $SITE cannot be written; what is current is untouched: free its disk, then start the restore again under a new id"
}
place_tree() { # under the name of its version; beside it where other contents have that name
  progress "$bytes" "$bytes" 'reading every file'
  digest=$(digest_of "$half") reused=no place=$set
  if [ -e "$tree_to/$set" ] || [ -L "$tree_to/$set" ]; then
    # What a configuration changes there would be changed in what was there before.
    if [ -z "$tree_configure" ] && [ -d "$tree_to/$set" ] && [ ! -L "$tree_to/$set" ] && [ "$(digest_of "$tree_to/$set")" = "$digest" ]; then reused=yes; else place=$set.$tag; fi
    [ "$place" = "$set" ] || [ ! -e "$tree_to/$place" ] || fail "$tree_to/$set and $tree_to/$place stand at $SITE already, with other contents; they were left as they are: move one away, then start the restore again under a new id"
  fi
  tree_proof placed "$place"
  tree_proof archive_sha256 "$sum"
  tree_proof signature "$signature"
  tree_proof files "$(find "$half" -type f -printf . | wc -c)"
  tree_proof folders "$(find "$half" -mindepth 1 -type d -printf . | wc -c)"
  tree_proof bytes_unpacked "$(find "$half" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')"
  tree_proof digest "$digest"
  note reused $reused
  note place "$place"
  sync -f "$half" || fail "$half at $SITE cannot be written to its disk; what is current is untouched: look at that disk, then start the restore again under a new id"
  if [ $reused = yes ]; then
    note made "$(inode_of "$tree_to/$place")"
    rm -rf "$half"
  else
    mv -T "$half" "$tree_to/$place" || fail "$half at $SITE could not be renamed to $tree_to/$place; what is current is untouched"
  fi
  sync "$tree_to"
  rm -f "$archive"
  note stage restored
}
command_of_tree() { # COMMAND [FOLDER] → its exit, and said, the end of what it wrote
  # shellcheck disable=SC2086 # a command, split at blanks
  timeout -k 2 60 $1 ${2:+"$2"} >"$folder/words" 2>&1 </dev/null 8>&- 9>&-
  ended=$?
  said=$(one_line "$(tail -c 400 "$folder/words")")
  [ $ended -ne 124 ] || said="it did not end within 60 s; $said"
  return $ended
}
configure_tree() { # the new version alone, by its own folder, before anything is served from it
  configured='nothing, since restore.conf names no command'
  if [ -n "$tree_configure" ]; then
    progress "$bytes" "$bytes" configuring
    # shellcheck disable=SC2086 # a command, split at blanks
    $tree_configure "$tree_to/$place" >"$folder/words" 2>&1 </dev/null || fail "the configuration of the version $set of $tree failed at $SITE with exit $?: $(one_line "$(tail -c 400 "$folder/words")"); what is current is untouched: mend that, then start the restore again under a new id"
    cat "$folder/words"
    configured="by ${tree_configure%% *}"
  fi
  tree_proof configured "$configured"
}
