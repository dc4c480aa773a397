# --- the restore: a job, each stage of it on record, so that a repeat goes on or begins anew from what was set aside ----------------------------
job_program() { program=$(readlink -f "$0"); } # what carries it out is this script
area_of_job() { # what of another store is done meanwhile is none of its business
  of=$(asked_of name)
  case $of in restore-database | first-backup | '') echo restore ;; restore-cache) echo restore-cache ;; *) echo "tree-${of#restore-}" ;; esac
}
database_restore() { # ID SET POINT
  look_database_restore "$2" "$3"
  job_start "$1" "$restore_job" "$conf" restore-run "$2" "$point"
}
progress() { echo "progress $1 $2 $3" >>"${DR_JOB_PROGRESS:-/dev/null}"; }
# A server that is not proven serves nobody: what goes wrong from its start on stops it.
give_up() {
  stop_server
  fail "$1; what was set aside is untouched ($aside): mend that and start the restore again under a new id, or discard it ($store-discard)"
}
restore_run() { # SET POINT, by the job alone
  of_job "restore-run $*"
  look_database_restore "$1" "$2"
  begin_restore "set=$1" "point=$point"
  case $(noted stage) in proven | admitted) return 0 ;; begun) set_aside ;; esac
  # One that came out of recovery unseen, and ended since, cannot say any more how far it went.
  if [ "$(noted stage)" = restored ] && [ ! -e "$PG_DATA/recovery.signal" ] && ! server_in "$PG_DATA"; then note stage aside; fi
  if [ "$(noted stage)" = aside ]; then
    restore_files "$1"
    close_files "$half"
    place_restored
  fi
  come_up
  prove
  note stage proven
  progress "$bytes" "$bytes" proven
  echo "restored $1 to $point and proven"
}
of_job() { # what the job itself carries out, in the name of its run
  EPOCH=$DR_EPOCH RUN=$DR_RUN CHANGE=$1
  check_epoch
}
begin_restore() { # NOTE…, unless it goes on
  restoring=
  trap '[ -z "$restoring" ] || kill "$restoring" 2>/dev/null; ! is_ours "$data" || stop_server; exit 143' HUP INT TERM
  is_open_restore && return
  rm -f "$notes.proof"
  printf '%s\n' "run=$RUN" "$@" stage=begun made= "was=$([ -e "$data" ] && echo folder || echo absent)" | replace "$notes" || fail "$STATE_DIR at $SITE cannot be written; nothing was changed"
}
place_restored() { # half becomes the data
  mv -T "$half" "$data" || fail "$half at $SITE could not be renamed to $data; what was set aside is untouched ($aside)"
  note stage restored
}
set_aside() { # never deleted; under a name that tells by which run
  if [ ! -e "$aside" ] && [ -e "$data" ]; then
    mv -T "$data" "$aside" || fail "$data at $SITE could not be renamed to $aside; nothing was changed"
    append "$data" "$aside"
  fi
  note stage aside
}
restore_files() { # SET → half
  if is_ours "$data"; then
    stop_server || fail "the server in $data at $SITE, which an earlier try has started, does not stop; what was set aside is untouched ($aside): stop it, then start the restore again under a new id"
    mv -T "$data" "$half" || fail "$data at $SITE could not be renamed to $half; what was set aside is untouched ($aside)"
  fi
  [ ! -e "$data" ] || fail "$data at $SITE is there again though it was set aside; it was left as it is: look who made it, and move it away"
  rm -rf "$half"
  mkdir -m 700 "$half" || fail "$half at $SITE cannot be made; what was set aside is untouched ($aside): give the account of site-restore the right to write there"
  note made "$(inode_of "$half")"
  "${tool}_restore" "$1" "$half" 2>"$BESIDE" &
  restoring=$!
  while kill -0 "$restoring" 2>/dev/null; do
    progress "$(bytes_of "$half")" "$bytes" 'restoring the set'
    sleep 0.5
  done
  wait "$restoring" || fail "$tool could not restore the set $1 at $SITE: $(why) ($(free_bytes "${data%/*}") bytes are free there); what was set aside is untouched ($aside): choose another set, or mend that and start the restore again under a new id"
  restoring=
  progress "$(bytes_of "$half")" "$bytes" 'the set is restored'
}
setting() { printf "%s = '%s'\n" "$1" "$(printf '%s' "$2" | sed "s/'/''/g")"; } # NAME VALUE
target() { # one alone: PostgreSQL takes no two. To the last commit of the log by its place, since by its time there would have to be a later one.
  for other_target in recovery_target recovery_target_name recovery_target_xid recovery_target_lsn recovery_target_time; do
    case $other_target in recovery_target_lsn | recovery_target_time) ;; *) setting $other_target '' ;; esac
  done
  if [ "$point" = "$latest" ]; then
    setting recovery_target_time ''
    setting recovery_target_lsn "$latest_lsn"
  else
    setting recovery_target_lsn ''
    setting recovery_target_time "$(printf '%s' "$point" | tr T ' ' | sed 's/Z$/+00/')"
  fi
  setting recovery_target_inclusive on
  setting recovery_target_timeline current
  setting recovery_target_action promote
}
# What stands last in postgresql.auto.conf counts, whatever the set brought along.
close_files() { # FOLDER
  [ ! -e "$1/recovery.conf" ] || fail "the set has brought a recovery.conf, with which no server from version 12 on starts; what was set aside is untouched ($aside): choose another set"
  [ -z "$(ls "$1/pg_tblspc" 2>/dev/null)" ] || fail "the set has tablespaces, and only what is in one folder is restored; what was set aside is untouched ($aside): restore it by hand"
  [ -e "$1/postgresql.conf" ] || [ -n "$PG_START" ] || fail "the set has no postgresql.conf, and restore.conf of $SITE no PG_START; what was set aside is untouched ($aside): name the command that starts the server with its own settings"
  rm -f "$1/standby.signal" "$1/postmaster.pid" "$1/pg_hba.conf.of-set"
  administrator_alone >"$1/pg_hba.restored" &&
    cp -p "$1/postgresql.auto.conf" "$1/postgresql.auto.conf.of-set" && {
    echo '# by site-restore, until it is accepted'
    setting hba_file "$PG_DATA/pg_hba.restored"
    place_settings ''
    setting archive_mode off
    setting synchronous_standby_names ''
    setting primary_conninfo ''
    setting max_logical_replication_workers 0
    for preloaded in shared_preload_libraries session_preload_libraries local_preload_libraries; do setting $preloaded ''; done
    # Read by nobody before it is out of recovery; and then no limit of the lost primary can stop it half-way.
    setting hot_standby off
    setting restore_command "$("${RESTORE_TOOL}_restore_command")"
    target
  } >>"$1/postgresql.auto.conf" && true >"$1/recovery.signal" && sync "$1/postgresql.auto.conf" "$1/recovery.signal" ||
    fail "the settings of what was restored cannot be written in $1 at $SITE; what was set aside is untouched ($aside): free its disk, then start the restore again under a new id"
}
administrator_alone() { # → lines of an access file
  printf '%s\n' '# by site-restore' "local all \"$PG_ADMIN_USER\" $PG_LOCAL_AUTH"
}
place_settings() { # ADDRESSES
  setting listen_addresses "$1"
  setting port "$PG_PORT"
  setting unix_socket_directories "$PG_SOCKETS"
}
is_out_of_recovery() { [ "$(echo 'select pg_is_in_recovery()' | pg postgres)" = f ]; }
last_words() { # of the server, but for what it said to whoever asked whether it is up
  grep -E 'FATAL|PANIC|ERROR' "$STATE_DIR/restore.log" 2>/dev/null | grep -vE 'the database system is (starting up|shutting down|(not|not yet) accepting connections|in recovery mode)' | tail -n 3
}
has_ended() { ! server_in "$PG_DATA" && tail -n 1 "$STATE_DIR/restore.log" 2>/dev/null | grep -qE 'FATAL|database system is shut down'; }
came_or_ended() { server_in "$PG_DATA" || has_ended; }
come_up() { # starts it, and waits until it is out of recovery
  [ -n "$PG_START" ] || [ "$("$PG_BIN/postgres" -D "$PG_DATA" -C data_directory 2>/dev/null)" = "$PG_DATA" ] || give_up "the settings of what was restored name another data folder than $PG_DATA"
  if ! server_in "$PG_DATA"; then
    start_server || give_up "the restored server at $SITE does not start: $(why)"
    again 200 came_or_ended && server_in "$PG_DATA" || give_up "the restored server at $SITE has not come up: $(one_line "$(last_words)")"
  fi
  until is_out_of_recovery; do
    server_in "$PG_DATA" || give_up "the restored server at $SITE ended before it had reached $point: $(one_line "$(last_words)")"
    progress "$bytes" "$bytes" "replaying $(ps -o args= --ppid "$process" 2>/dev/null | sed -n -e 's/.*recovering \([0-9A-F]*\).*/\1/p' -e 's/.*waiting for \([0-9A-F]*\).*/\1/p')"
    sleep 0.3
  done
}
