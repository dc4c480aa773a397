# --- the first set of an accepted server, at the path where it archives: until it is there, what is written now can be restored from nowhere ------
FIRST_SET_JOB=first-backup
look_database_backup() {
  look_host
  stage=$(noted stage)
  [ "$stage" = accepted ] || refuse "what was restored at $SITE is ${stage:-nothing} and not accepted; nothing was changed: accept it first (database-accept)"
  is_ours "$PG_DATA" || refuse "$PG_DATA at $SITE is not what run $(noted run) restored; nothing was changed: look who put it there"
  server_in "$PG_DATA" || refuse "no server runs in $PG_DATA at $SITE, so that no set can be made of it; nothing was changed: start it (database-accept does)"
  new_log=$(noted log)
}
database_backup() { # ID
  look_database_backup
  job_start "$1" $FIRST_SET_JOB "$conf" backup-run
}
backup_run() { # by the job alone
  EPOCH=$DR_EPOCH RUN=$DR_RUN CHANGE=backup-run
  check_epoch
  look_database_backup
  making=
  trap '[ -z "$making" ] || kill "$making" 2>/dev/null; exit 143' HUP INT TERM
  has_usable_set || make_set
  progress "$bytes" "$bytes" 'the set can be restored'
  echo "the set $label at $new_log can be restored, from $earliest on"
}
make_set() {
  "${RESTORE_TOOL}_new_set" 2>"$BESIDE" &
  making=$!
  while kill -0 "$making" 2>/dev/null; do
    "${RESTORE_TOOL}_new_set_progress"
    sleep 0.5
  done
  wait "$making" || fail "$RESTORE_TOOL could not make a set at $new_log of $SITE: $(why); its server runs on and archives there as before: mend that, then start the backup again under a new id"
  making=
  has_usable_set || fail "a set was made at $new_log of $SITE, and cannot be restored: ${unusable:-it is not among those that are read there}; its server runs on and archives there as before: look at it, move it away, then start the backup again under a new id"
}
# A set is one by what restores it: this program reads the new path as it reads the one that it has restored from.
has_usable_set() { # → label, earliest, bytes
  archive_a_commit
  [ -z "$folder" ] || rm -rf "$folder"
  BACKUPS=$new_log
  case $PGBACKREST in *"--repo1-path=$new_log"*) ;; *) PGBACKREST="$PGBACKREST --repo1-path=$new_log" ;; esac
  read_sets
  unusable=
  while IFS= read -r line; do
    read_set "$line"
    [ -n "$unusable" ] || [ "$identifier $version" != "$PG_SYSTEM_IDENTIFIER $(pg_major)" ] || return 0
  done <"$folder/sets"
  return 1
}
# A set can be restored to a commit after its end, which is told in whole seconds; a server that nobody writes to has none.
archive_a_commit() {
  sleep 1
  echo 'select txid_current()' | pg postgres >/dev/null && switched=$(echo 'select pg_walfile_name(pg_switch_wal())' | pg postgres) && within 120 is_archived ||
    fail "the server at $SITE has archived nothing to $new_log within 120 s: $(why) $(one_line "$(last_words)"); it runs on: look at its log, then start the backup again under a new id"
}
files_new_set() { # what a job that was killed has left half is no set, and only this program makes one under this name
  half=$new_log/base/first.making whole=$new_log/base/first
  [ ! -e "$whole" ] || { echo "$whole is there, and cannot be restored: ${unusable:-it is of another cluster or version}" >&2; return 1; }
  rm -rf "$half"
  needed=$(server_bytes) room=$(free_bytes "$new_log")
  # What fills this disk keeps the server from archiving.
  [ "$room" -ge "$needed" ] || { echo "$new_log has $room bytes free, and $needed are needed" >&2; return 1; }
  "$PG_BIN/pg_basebackup" -D "$half" -X none -c fast -w -h "$PG_SOCKETS" -p "$PG_PORT" -U "$PG_ADMIN_USER" && "$PG_BIN/pg_verifybackup" -n -q "$half" && mv -T "$half" "$whole"
}
server_bytes() { du -sb --exclude=pg_wal "$PG_DATA" 2>/dev/null | cut -f1; }
files_new_set_progress() {
  making_bytes=$(bytes_of "$new_log/base/first.making")
  progress "${making_bytes:-0}" "$(server_bytes)" 'making the set'
}
pgbackrest_new_set() { # which goes on with a half one itself
  backrest "--pg1-path=$PG_DATA" "--pg1-port=$PG_PORT" "--pg1-socket-path=$PG_SOCKETS" "--pg1-user=$PG_ADMIN_USER" --type=full --start-fast backup
}
pgbackrest_new_set_progress() { :; } # it tells none that can be counted
