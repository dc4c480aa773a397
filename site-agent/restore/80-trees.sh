# --- trees: application and session data, unpacked from an archive beside what is there, and made current by a link ----------------------------
# The settings of a tree bear its name: APPLICATION_FROM is of `application`. Its record, restore-tree-NAME in STATE_DIR, has a line for each: run, set (the version), stage (begun,
# restored, proven, switched, accepted, discarded), place (its folder), made (inode of that), reused (yes: it stood there before), was (what the link pointed at before, or nothing).
TREE_BYTES_MAX=10737418240 TREE_MEMBERS_MAX=200000
read_tree() { # NAME → tree, letters, its settings, and the name of its job
  case " $TREES " in *" $1 "*) ;; *) usage "restore.conf of $SITE has no tree $1 in TREES; there are: ${TREES:-none}" ;; esac
  case $1 in *[!a-z0-9]* | [0-9]*) usage "the name of a tree has small letters and digits and begins with a letter, not: $1" ;; database | cache) usage "a tree of the name $1 would be taken for the $1 itself: give it another name in TREES" ;; esac
  tree=$1 letters=$(printf '%s' "$1" | tr a-z A-Z) restore_job=restore-$1 notes=$STATE_DIR/restore-tree-$1
  tree_from=$(tree_setting FROM) tree_to=$(tree_setting TO) tree_key=$(tree_setting KEY) tree_configure=$(tree_setting CONFIGURE)
  tree_test=$(tree_setting TEST) tree_reload=$(tree_setting RELOAD) tree_bytes_max=$(tree_setting BYTES_MAX)
  tree_from=${tree_from%/} data=$tree_to
  [ -n "$tree_from" ] && [ -n "$tree_to" ] || usage "restore.conf of $SITE has the tree $tree, and ${letters}_FROM or ${letters}_TO is missing in it"
  [ -n "$tree_test" ] && [ -n "$tree_reload" ] || [ -z "$tree_test$tree_reload" ] || usage "restore.conf of $SITE needs ${letters}_TEST and ${letters}_RELOAD both, or none: nothing is reloaded that was not tested"
  tree_bytes_max=$(number "${tree_bytes_max:-$TREE_BYTES_MAX}") || usage "${letters}_BYTES_MAX in restore.conf of $SITE is no number of bytes"
}
tree_setting() { eval "printf '%s' \"\${${letters}_$1:-}\""; }
is_open_tree() { case $(noted stage) in begun | restored | proven) ;; *) return 1 ;; esac; }
# The very folder that this restore has made, or has found with the same contents.
is_tree_of_run() { [ ! -L "$1" ] && is_ours "$1"; }
tree_names_of() { # RUN VERSION → tag, half: where what is restored grows, and beside it its archive
  tag=$(tag_of "$1") half=$tree_to/$2.restoring-$(tag_of "$1")
}
tree_current() { readlink "$tree_to/current" 2>/dev/null; }
tree_state() { # NAME
  read_tree "$1"
  say_clock
  for key in stage run set; do say "$key" "$(noted $key)"; done
  say current "$(tree_current || echo nothing)"
  say restored "$(stands_tree && echo yes || echo no)"
  tree_kept
  [ ! -f "$notes.proof" ] || cat "$notes.proof"
}
stands_tree() { # what was restored is there, and current once that was switched
  case $(noted stage) in restored | proven) ;; switched | accepted) [ "$(tree_current)" = "$(noted place)" ] || return 1 ;; *) return 1 ;; esac
  is_tree_of_run "$tree_to/$(noted place)"
}
tree_kept() { # a line for each folder of a restore that stands beside the versions, with its bytes
  ls "$tree_to" 2>/dev/null | while IFS= read -r entry; do
    case $entry in *.restoring-* | *.discarded-*) say kept "$entry $(bytes_of "$tree_to/$entry")" ;; esac
  done
}
