# --- this host, its folder and who is in it --------------------------------------------------------------------------------------------------
pg_major() { # → major version of the programs of this host
  "$PG_BIN/postgres" --version 2>/dev/null | awk '{ split($3, parts, "."); print parts[1] }'
}
postmaster= why_not=
server_in() { # FOLDER → postmaster, the process that has it open as its own; a stale file, or a number given to another process since, is none
  { read -r postmaster <"$1/postmaster.pid"; } 2>/dev/null || return 1
  postmaster=$(number "$postmaster") && { read -r stat <"/proc/$postmaster/stat"; } 2>/dev/null || return 1
  case ${stat##*) } in Z*) return 1 ;; esac # killed, and only not yet taken leave of
  at=$(readlink "/proc/$postmaster/cwd" 2>/dev/null) || at=$1 # of another account: taken for one
  [ "$at" = "$1" ]
}
server_is_gone() { ! server_in "$1"; }
user_of() { stat -c %U "/proc/$1" 2>/dev/null; }
inode_of() { stat -c %i "$1" 2>/dev/null; }
bytes_of() { du -sb "$1" 2>/dev/null | cut -f1; }
system_identifier() { od -An -v -t u8 -N 8 "$1/global/pg_control" 2>/dev/null | tr -d ' '; } # FOLDER; the first eight bytes, in every version
free_bytes() { echo $(($(free_kib "$1") * 1024)); }
# What the restore of this host has come to, a line for each: run, set, point, stage (begun, aside, restored, proven, admitted, opening, accepted, discarded), was (folder or absent), made (inode).
noted() { sed -n "s/^$1=//p" "$STATE_DIR/restore" 2>/dev/null; }
note() { # KEY VALUE
  { grep -v "^$1=" "$STATE_DIR/restore" 2>/dev/null; echo "$1=$2"; } | replace "$STATE_DIR/restore" || fail "$STATE_DIR at $SITE cannot be written; what stands in $PG_DATA was left as it is: free its disk, then start the restore again under a new id"
}
# A folder is ours when it is the very one that this restore has made.
is_ours() { [ -n "$(noted made)" ] && [ "$(inode_of "$1")" = "$(noted made)" ]; }
is_open_restore() { case $(noted stage) in begun | aside | restored | proven | admitted) ;; *) return 1 ;; esac; }
tag_of() { # RUN, such as recovery/shop@5f2c… → what is unique of it, as part of a folder's name
  printf '%s' "${1##*@}" | tr -c 'A-Za-z0-9-' '-'
}
names_of() { # RUN → aside, half: where what was there goes, and where what is restored grows
  aside=$PG_DATA.before-$(tag_of "$1") half=$PG_DATA.restoring-$(tag_of "$1")
}
discarded_name() { # RUN → a name that is free
  name=$PG_DATA.discarded-$(tag_of "$1") times=1
  while [ -e "$name" ]; do times=$((times + 1)) name=$PG_DATA.discarded-$(tag_of "$1").$times; done
  printf '%s' "$name"
}
pg() { # DATABASE, SQL on stdin: as the administrator, through the socket alone
  timeout -k 1 "${sql_seconds:-10}" "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=terse -h "$PG_SOCKETS" -p "$PG_PORT" -U "$PG_ADMIN_USER" -d "$1" 2>"$BESIDE"
}
start_server() { # which must not hold the locks of whoever starts it
  # What an earlier server wrote as its last words is not this one's.
  [ ! -f "$STATE_DIR/restore.log" ] || mv -f "$STATE_DIR/restore.log" "$STATE_DIR/restore.log.before"
  if [ -n "$PG_START" ]; then
    # shellcheck disable=SC2086 # a command, split at blanks
    $PG_START >/dev/null 2>"$BESIDE" </dev/null 8>&- 9>&-
  else
    # pg_ctl answers 0 for a server that has died: who waits looks at the server itself.
    "$PG_BIN/pg_ctl" -D "$PG_DATA" -l "$STATE_DIR/restore.log" -W start >/dev/null 2>"$BESIDE" </dev/null 8>&- 9>&-
  fi
}
stop_server() { # of PG_DATA; done when there is none
  server_in "$PG_DATA" || return 0
  if [ -n "$PG_STOP" ]; then
    # shellcheck disable=SC2086 # a command, split at blanks
    $PG_STOP >/dev/null 2>"$BESIDE" </dev/null
  else
    "$PG_BIN/pg_ctl" -D "$PG_DATA" -m fast -t 60 stop >/dev/null 2>"$BESIDE" || "$PG_BIN/pg_ctl" -D "$PG_DATA" -m immediate -t 20 stop >/dev/null 2>"$BESIDE"
  fi
  within 10 server_is_gone "$PG_DATA"
}
identify() {
  say site "$SITE"
  say host "$(uname -n)"
  read_epoch
  say epoch "$held"
  say holder "$holder"
  say tool "$RESTORE_TOOL"
  say data "$PG_DATA"
}
database_state() {
  say_clock
  state=absent by=
  if server_in "$PG_DATA"; then state=running by="$postmaster of $(user_of "$postmaster")"; elif [ -e "$PG_DATA" ]; then state=stopped; fi
  say state "$state"
  say running_by "$by"
  ours=no
  ! is_ours "$PG_DATA" || ours=yes
  say restored $ours
  for key in stage run set point; do say "$key" "$(noted "$key")"; done
  kept
  [ ! -f "$STATE_DIR/restore.proof" ] || cat "$STATE_DIR/restore.proof"
}
kept() { # a line for each folder that stands beside the data, with its bytes
  for entry in $(cd "$(dirname "$PG_DATA")" 2>/dev/null && ls); do
    case $entry in "${PG_DATA##*/}.before-"* | "${PG_DATA##*/}.discarded-"* | "${PG_DATA##*/}.restoring-"*) say kept "$entry $(bytes_of "${PG_DATA%/*}/$entry")" ;; esac
  done
}
