# --- the restore of the cache: a job ------------------------------------------------------------------------------------------------------------
cache_restore() { # ID SET
  look_cache_restore "$2"
  job_start "$1" "$restore_job" "$conf" cache-restore-run "$2"
}
cache_restore_run() { # SET, by the job alone
  of_job "cache-restore-run $1"
  look_cache_restore "$1"
  begin_restore "set=$1"
  # One that is busy answers nobody, and ends by the signal when it is through: it saves nothing.
  trap '[ -z "$restoring" ] || kill "$restoring" 2>/dev/null; is_ours "$CACHE_DIR" && end_closed; exit 143' HUP INT TERM
  case $(noted stage) in proven | admitted) return 0 ;; begun)
    stop_empty
    set_aside
    ;;
  esac
  # What an earlier try has started, and how far it came, cannot be told from outside: it is loaded and proven from the set again.
  if [ "$(noted stage)" = restored ]; then
    stop_server || fail "the server in $CACHE_DIR at $SITE, which an earlier try has started, does not stop ($(why)); what was set aside is untouched ($aside): stop it, then start the restore again under a new id"
    [ -f "$CACHE_DIR/$file_name" ] && rm -rf "${CACHE_DIR:?}/$log_folder" || note stage aside
  fi
  if [ "$(noted stage)" = aside ]; then
    restore_files "$1"
    place_restored
  fi
  prove_cache
  note stage proven
  progress "$bytes" "$bytes" proven
  echo "restored $1 and proven"
}
end_closed() {
  for process in $(cache_servers "$CACHE_DIR"); do kill -s TERM "$process"; done
  within 5 server_is_gone "$CACHE_DIR"
}
stop_empty() { # it takes no writes from here on, so that what was seen empty is empty when it stops
  server_in "$CACHE_DIR" || return 0
  cache_met
  paused=$(cli CLIENT PAUSE 20000 WRITE)
  [ "$paused" = OK ] || fail "the server in $CACHE_DIR at $SITE holds nothing and cannot be told to take no writes (${paused:-$(why)}); nothing was changed: stop it by hand, then start the restore again under a new id"
  read_info && [ "$(in_keyspace keys)" = 0 ] || {
    cli CLIENT UNPAUSE >/dev/null
    fail "the server in $CACHE_DIR at $SITE was written to while it was looked at; nothing was changed: stop it if that may be lost, then start the restore again under a new id"
  }
  note ran yes
  stop_server || fail "the server in $CACHE_DIR at $SITE holds nothing and does not stop: $(why); nothing else was changed: stop process $process, then start the restore again under a new id"
}
rdb_restore() { # SET FOLDER; compared by its own checksum where it lies now
  cp "$CACHE_BACKUPS/$1.rdb" "$2/$file_name" || return 1
  check_rdb "$2/$file_name"
  if [ -n "$wrong" ]; then
    echo "$wrong" >&2
    return 1
  fi
  sync "$2/$file_name" "$2"
}
last_cache_words() { grep -E '^[0-9]+:[A-Z] .* # |FATAL|rror' "$notes.log" 2>/dev/null | tail -n 3; }
come_up_closed() { # yes or no: with an append-only file → way, info
  start_closed "$1" || give_up "the restored cache at $SITE does not start: $(why)"
  way=socket
  until look_alone && read_info && [ "$(of_info loading)" = 0 ]; do
    case $info in *NOAUTH* | *NOPERM*) give_up "the restored cache at $SITE does not let its administrator in ($(one_line "$info")): write its password into CACHE_PASSFILE" ;; esac
    progress "$bytes" "$bytes" "loading the set, $(of_info loading_loaded_perc) %"
    sleep 0.2
  done
}
look_alone() { # one that a supervisor starts again would let everybody in, and write over the file of the set
  case $(cache_servers "$CACHE_DIR" | wc -l) in
    0) give_up "the restored cache at $SITE has ended: $(one_line "$(last_cache_words)")" ;;
    1) ;;
    *) give_up "another server was started in $CACHE_DIR at $SITE beside the closed one: name in CACHE_START and CACHE_STOP what starts it, so that it is stopped by that" ;;
  esac
}
# With only the file of the set beside it a server that keeps an append-only file starts empty, and says nothing.
begin_log() {
  [ "$keeps_log" = yes ] || return 0
  progress "$bytes" "$bytes" 'writing the append-only file'
  begun=$(cli CONFIG SET appendonly yes)
  case $begun in
    OK) until log_is_written; do sleep 0.2; done ;;
    *) # CONFIG is renamed or forbidden: the set itself becomes the base of the file, which is the other way there is
      stop_server || give_up "the restored cache at $SITE does not stop: $(why)"
      place_log || give_up "the append-only file in $CACHE_DIR at $SITE cannot be made (CONFIG SET says: ${begun:-nothing})"
      ;;
  esac
}
log_is_written() {
  look_alone && read_info || return 1
  [ "$(of_info aof_last_bgrewrite_status)" = ok ] && [ "$(of_info aof_last_write_status)" = ok ] || give_up "the restored cache at $SITE could not write its append-only file ($(free_bytes "$CACHE_DIR") bytes are free there): $(one_line "$(last_cache_words)")"
  [ "$(of_info aof_enabled)$(of_info aof_rewrite_in_progress)$(of_info aof_rewrite_scheduled)" = 100 ]
}
place_log() {
  log_name=$(cache_setting appendfilename appendonly.aof)
  mkdir "$CACHE_DIR/$log_folder" && cp "$CACHE_DIR/$file_name" "$CACHE_DIR/$log_folder/$log_name.1.base.rdb" &&
    echo "file $log_name.1.base.rdb seq 1 type b" >"$CACHE_DIR/$log_folder/$log_name.manifest" && sync "$CACHE_DIR/$log_folder/$log_name.1.base.rdb" "$CACHE_DIR/$log_folder/$log_name.manifest"
}
