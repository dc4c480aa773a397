# --- this host, its folder and who is in it --------------------------------------------------------------------------------------------------
pg_major() { # → major version of the programs of this host
  "$PG_BIN/postgres" --version 2>/dev/null | awk '{ split($3, parts, "."); print parts[1] }'
}
database_server_in() { # FOLDER → process, the postmaster that has it open as its own; a stale file, or a number given to another process since, is none
  { read -r process <"$1/postmaster.pid"; } 2>/dev/null || return 1
  process=$(number "$process") && { read -r stat <"/proc/$process/stat"; } 2>/dev/null || return 1
  case ${stat##*) } in Z*) return 1 ;; esac # killed, and only not yet taken leave of
  at=$(readlink "/proc/$process/cwd" 2>/dev/null) || at=$1 # of another account: taken for one
  [ "$at" = "$1" ]
}
system_identifier() { od -An -v -t u8 -N 8 "$1/global/pg_control" 2>/dev/null | tr -d ' '; } # FOLDER; the first eight bytes, in every version
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
stop_database() { # of PG_DATA; done when there is none
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
database_state() { say_state stage run set point; }
