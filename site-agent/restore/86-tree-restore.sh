# --- the restore of a tree: a job, each stage of it on record, so that a repeat goes on or begins anew; what is current is not touched ------------
tree_restore() { # ID NAME VERSION
  read_tree "$2"
  look_tree_restore "$3"
  job_start "$1" "$restore_job" "$conf" tree-run "$2" "$3"
}
tree_run() { # NAME VERSION, by the job alone
  EPOCH=$DR_EPOCH RUN=$DR_RUN CHANGE="tree-run $*"
  check_epoch
  read_tree "$1"
  look_tree_restore "$2"
  if [ "$(noted run)" != "$RUN" ] || [ "$(noted stage)" = discarded ]; then
    rm -f "$notes.proof"
    printf '%s\n' "run=$RUN" "set=$set" stage=begun place= made= reused=no was= | replace "$STATE_DIR/restore-tree-$tree" || fail "$STATE_DIR at $SITE cannot be written; nothing was changed"
  fi
  case $(noted stage) in proven | switched | accepted) return 0 ;; esac
  # Killed between the renaming and its note.
  if [ -n "$place" ] && is_tree_of_run "$tree_to/$place"; then rm -rf "$half" "$half.archive" && note stage restored; fi
  if [ "$(noted stage)" = begun ]; then
    fetch_tree
    look_members
    unpack_tree
    place_tree
  fi
  configure_tree
  note stage proven
  progress "$bytes" "$bytes" proven
  echo "restored $set of $tree to $tree_to/$place and proven"
}
size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }
watched() { # PID FILE WHAT: until it ends, with the bytes of the archive that are there
  while kill -0 "$1" 2>/dev/null; do
    progress "$(size_of "$2")" "$bytes" "$3"
    sleep 0.2
  done
  wait "$1"
}
# A store that breaks off is asked for the rest, as long as more comes; what came is kept for a repeat.
fetch_tree() { # → half.archive, as SHA256SUMS has it
  archive=$half.archive tries=0
  [ "$(size_of "$archive")" -le "$bytes" ] || rm -f "$archive"
  until [ "$(size_of "$archive")" = "$bytes" ]; do
    had=$(size_of "$archive")
    { ask_store "$store/$set/$file" "$archive" -f -C - --speed-limit 1 --speed-time 30 || { store_words /dev/null >"$folder/words"; echo "$asked_end $asked_status" >"$folder/asked"; exit 1; }; } &
    if watched $! "$archive" downloading; then
      [ "$(size_of "$archive")" = "$bytes" ] || { rm -f "$archive" && fail "$tree_from/$set/$file has another size at $SITE than the store's list told ($bytes bytes): somebody uploads it anew; what is current is untouched: start the restore again under a new id, once that is over"; }
      break
    fi
    read -r asked_end asked_status <"$folder/asked" || asked_end=1 asked_status=000
    # What cannot be had from its middle is asked for anew.
    case $asked_end:$asked_status in 33:* | *:416) rm -f "$archive" && had=0 ;; esac
    case $asked_status in 400 | 401 | 403 | 404) tries=$FETCH_TRIES_MAX ;; esac
    if [ "$(size_of "$archive")" -gt "$had" ]; then tries=0; else tries=$((tries + 1)); fi
    [ $tries -lt $FETCH_TRIES_MAX ] || fail "$tree_from/$set/$file cannot be read at $SITE: $(cat "$folder/words") ($(size_of "$archive") of $bytes bytes came, $(free_bytes "$tree_to") are free); what is current is untouched: mend that, then start the restore again under a new id, and it goes on from there"
    sleep $tries
  done
  progress "$bytes" "$bytes" 'comparing the checksum'
  [ "$(sha256sum <"$archive")" = "$sum  -" ] || { rm -f "$archive" && fail "$file of the version $set of $tree has another checksum at $SITE than its SHA256SUMS tells; it was taken away, and what is current is untouched: choose another version, or start the restore again under a new id"; }
}
# Never longer than what is allowed can be, whatever it was packed from: names and padding of each member beside its bytes.
unpacked() { $unpacks <"$archive" 2>"$BESIDE" | head -c $((tree_bytes_max + TREE_MEMBERS_MAX * 2048 + 65536)); }
# Every member is read before one is written. Files and folders are taken, by names below their own folder, and nothing else.
look_members() { # → members and unpacked_bytes
  progress "$bytes" "$bytes" 'reading what is in it'
  said=$({ unpacked | tar -t -v -P --numeric-owner --quoting-style=c -f - 2>"$folder/words"; echo $? >"$folder/ended"; } | awk -v bytes_max="$tree_bytes_max" -v members_max="$TREE_MEMBERS_MAX" '
    function no(text) { print "no", text; refused = 1; exit }
    {
      kind = substr($1, 1, 1); name = substr($0, index($0, "\"") + 1); shown = "\"" substr(name, 1, 200)
      if (kind == "l" || kind == "h") no("it has a link, " shown)
      if (kind == "b" || kind == "c") no("it has a device, " shown)
      if (kind == "p") no("it has a FIFO, " shown)
      if ((kind != "-" && kind != "d") || sub(/"$/, "", name) != 1) no("it has something that is neither file nor folder, " shown)
      if (substr($1, 2) ~ /[sS]/) no("it has a set-id bit at " shown)
      if (name ~ /^\//) no("it has an absolute path, " shown)
      if (("/" name "/") ~ /\/[.][.]\//) no("it has a path with .., " shown)
      total += $3
      if (total > bytes_max) no("there is more than " bytes_max " bytes in it")
      if (NR > members_max) no("it has more than " members_max " members")
    }
    END { if (!refused) printf "yes %d %.0f\n", NR, total }')
  read -r verdict members unpacked_bytes <<LINE
$said
LINE
  if [ "$verdict" = yes ] && [ "$(cat "$folder/ended")" = 0 ] && [ "$members" -gt 0 ]; then
    room=$(free_bytes "$tree_to")
    [ "$room" -ge "$unpacked_bytes" ] || said="no $unpacked_bytes bytes are in it, and $tree_to has $room free"
  elif [ "$verdict" = yes ]; then said="no tar cannot read it to its end: $(one_line "$(head -c 300 "$folder/words")") $(why)"; fi
  case $said in no*) rm -f "$archive" && fail "the archive of the version $set of $tree is not unpacked at $SITE: ${said#no }; it was taken away, and what is current is untouched: choose another version, or mend that and start the restore again under a new id" ;; esac
}
# As the account of site-restore and with nothing that the archive says of owners.
unpack_tree() { # → half
  rm -rf "$half"
  (umask 022 && mkdir "$half") && note made "$(inode_of "$half")" || fail "$half at $SITE cannot be made; what is current is untouched"
  { umask 022 && unpacked | tar -x -f - -C "$half" --no-same-owner --no-same-permissions 2>"$folder/words"; } &
  watched $! "$archive" "unpacking $members members, $unpacked_bytes bytes" || fail "the archive of the version $set of $tree cannot be unpacked at $SITE: $(one_line "$(head -c 300 "$folder/words")") ($(free_bytes "$tree_to") bytes are free there); what is current is untouched: mend that, then start the restore again under a new id"
  chmod -R u+rwX "$half" # to be read here, and to be taken away again
}
