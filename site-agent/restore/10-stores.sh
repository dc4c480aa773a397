# --- what is restored: the database, the cache, or a tree (80-trees.sh), each with a folder, a record and a job of its own, so that one run restores all side by side ---
for_store() { # database or cache → store, data and how restore.conf names it, notes (its record), restore_job, tool
  store=$1 restore_job=restore-$1
  case $store in
    database) data=$PG_DATA data_setting=PG_DATA notes=$STATE_DIR/restore tool=$RESTORE_TOOL ;;
    cache) data=$CACHE_DIR data_setting=CACHE_DIR notes=$STATE_DIR/restore-cache tool=rdb ;;
  esac
}
process= why_not=
server_in() { "${store}_server_in" "$1"; } # FOLDER → process, the server that has it open as its own
server_is_gone() { ! server_in "$1"; }
stop_server() { "stop_$store"; }
user_of() { stat -c %U "/proc/$1" 2>/dev/null; }
inode_of() { stat -c %i "$1" 2>/dev/null; }
bytes_of() { du -sb "$1" 2>/dev/null | cut -f1; }
free_bytes() { echo $(($(free_kib "$1") * 1024)); }
# What the restore of this host has come to, a line for each: run, set, point, stage (begun, aside, restored, proven, admitted, opening, accepted, discarded), was (folder or absent), made (inode).
noted() { sed -n "s/^$1=//p" "$notes" 2>/dev/null; }
note() { # KEY VALUE
  { grep -v "^$1=" "$notes" 2>/dev/null; echo "$1=$2"; } | replace "$notes" || fail "$STATE_DIR at $SITE cannot be written; what stands in $data was left as it is: free its disk, then start the restore again under a new id"
}
# A folder is ours when it is the very one that this restore has made.
is_ours() { [ -n "$(noted made)" ] && [ "$(inode_of "$1")" = "$(noted made)" ]; }
is_open_restore() { case $(noted stage) in begun | aside | restored | proven | admitted) ;; *) return 1 ;; esac; }
tag_of() { # RUN, such as recovery/shop@5f2c… → what is unique of it, as part of a folder's name
  printf '%s' "${1##*@}" | tr -c 'A-Za-z0-9-' '-'
}
names_of() { # RUN → aside, half: where what was there goes, and where what is restored grows
  aside=$data.before-$(tag_of "$1") half=$data.restoring-$(tag_of "$1")
}
discarded_name() { # RUN [FOLDER] → a name that is free
  plain=${2:-$data}.discarded-$(tag_of "$1") times=1
  name=$plain
  while [ -e "$name" ]; do times=$((times + 1)) name=$plain.$times; done
  printf '%s' "$name"
}
say_state() {
  say_clock
  state=absent by=
  if server_in "$data"; then state=running by="$process of $(user_of "$process")"; elif [ -e "$data" ]; then state=stopped; fi
  say state "$state"
  say running_by "$by"
  ours=no
  ! is_ours "$data" || ours=yes
  say restored $ours
  for key in "$@"; do say "$key" "$(noted "$key")"; done
  kept
  [ ! -f "$notes.proof" ] || cat "$notes.proof"
}
kept() { # a line for each folder that stands beside the data, with its bytes
  for entry in $(cd "$(dirname "$data")" 2>/dev/null && ls); do
    case $entry in "${data##*/}.before-"* | "${data##*/}.discarded-"* | "${data##*/}.restoring-"*) say kept "$entry $(bytes_of "${data%/*}/$entry")" ;; esac
  done
}
