# --- accepted, or discarded ------------------------------------------------------------------------------------------------------------------
look_no_job() {
  said=$(for other in $(job_list); do job=$STATE_DIR/jobs/$other && [ "$(asked_of name)" = "$restore_job" ] && read_job && [ "$state" = running ] && echo "$other"; done | head -n 1)
  [ -z "$said" ] || refuse "the restore $said still runs at $SITE; nothing was changed: wait for its end, or cancel it (job-cancel $said)"
}
look_proven() { # STAGE…: besides proven and admitted
  look_host
  look_no_job
  for stage in "$@" ''; do [ "$stage" != "$(noted stage)" ] || break; done
  # What was accepted belongs to no run any more: whoever holds the epoch goes on from it.
  if [ -z "$stage" ]; then
    [ "$(noted run)" = "$RUN" ] || refuse "run $RUN has restored nothing at $SITE (there it is: $(noted run)); nothing was changed: go on in the name of the run that restored"
    case $(noted stage) in proven | admitted) ;; *) refuse "what run $RUN restored at $SITE is $(noted stage) and not proven; nothing was changed: restore again, or discard it" ;; esac
  fi
  is_ours "$data" || refuse "$data at $SITE is not what run $(noted run) restored; nothing was changed: look who put it there"
}
look_database_admit() {
  look_proven
  [ -r "$SERVICE_ACCESS" ] || refuse "restore.conf of $SITE names no file in SERVICE_ACCESS that can be read, so that nobody could be let in; nothing was changed: write the lines of pg_hba.conf for the service and the observers there"
}
admits() { [ "$(echo "select current_setting('listen_addresses')" | pg postgres)" = "$SERVICE_LISTEN" ]; }
admits_or_ended() { admits || has_ended; }
# The site's own service and the observers, to be verified by them; nothing is archived, and it can be discarded like before.
database_admit() {
  look_database_admit
  was=$(noted stage)
  if [ "$was" = proven ]; then
    { administrator_alone && cat "$SERVICE_ACCESS"; } | replace_same "$PG_DATA/pg_hba.restored" || fail "$PG_DATA/pg_hba.restored at $SITE cannot be written; it is still closed: free its disk, then admit again"
    stop_server || fail "the restored server at $SITE does not stop: $(why); it is still closed: stop process $process, then admit again"
    place_settings "$SERVICE_LISTEN" >>"$PG_DATA/postgresql.auto.conf" || fail "the settings in $PG_DATA at $SITE cannot be written; it is down: free its disk, then admit again"
    start_server || fail "the restored server at $SITE does not start again: $(why); it is down: mend that, then admit again"
    within 60 admits_or_ended && server_in "$PG_DATA" || fail "the restored server at $SITE has not come up for its service: $(one_line "$(last_words)"); $(server_in "$PG_DATA" && echo "it runs as process $process" || echo 'it is down'): mend that, then admit again"
    note stage admitted
  fi
  changed "$was" admitted
  say listens_at "$SERVICE_LISTEN port $PG_PORT"
}
look_database_accept() { look_proven opening accepted; }
is_archived() { [ "$(echo "select coalesce(last_archived_wal >= '$switched', false) from pg_stat_archiver" | pg postgres)" = t ]; }
# The access file of the set is that of the lost primary's site: it need not let in anybody here, not even the administrator through the socket.
open_access() {
  [ -f "$PG_DATA/pg_hba.conf" ] && [ ! -f "$PG_DATA/pg_hba.conf.of-set" ] || return 0
  cp -p "$PG_DATA/pg_hba.conf" "$PG_DATA/pg_hba.conf.of-set" && {
    administrator_alone
    echo "local replication \"$PG_ADMIN_USER\" $PG_LOCAL_AUTH" # for the first set
    [ -z "$SERVICE_ACCESS" ] || cat "$SERVICE_ACCESS"
    cat "$PG_DATA/pg_hba.conf.of-set"
  } | replace_same "$PG_DATA/pg_hba.conf"
}
# To a path of its own: what the lost primary wrote, and another restore of the same set, stay what they are.
open_settings() { # PATH OF THE LOG
  {
    grep -Ev '^ *(restore_command|recovery_|primary_|promote_trigger_file|archive_|hot_standby|hba_file|listen_addresses|port|unix_socket_directories|synchronous_standby_names)' "$PG_DATA/postgresql.auto.conf.of-set"
    place_settings "$PG_LISTEN"
    setting archive_mode on
    setting archive_command "$("${RESTORE_TOOL}_archive_command" "$1")"
    setting synchronous_standby_names '' # nobody follows it yet
  } | replace_same "$PG_DATA/postgresql.auto.conf"
}
# People accept all that their run restored at once: a run that goes on from an opened database finds the cache accepted as well.
accept_cache() { # RUN
  (
    for_store cache
    [ "$(noted stage) $(noted run)" != "admitted $1" ] || note stage accepted
  )
}
database_accept() {
  look_database_accept
  was=$(noted stage)
  new_log=$ARCHIVE_TO/$(tag_of "$(noted run)")
  if [ "$was" = proven ] || [ "$was" = admitted ]; then
    server_in "$PG_DATA" || start_server || fail "the restored server at $SITE does not start: $(why); it is still closed: mend that, then accept again"
    within 30 came_out_or_ended && server_in "$PG_DATA" || fail "the restored server at $SITE does not answer: $(why) $(one_line "$(last_words)"); it is still closed: mend that, then accept again"
    "${RESTORE_TOOL}_new_log" "$new_log" >/dev/null 2>"$BESIDE" || fail "$new_log, where it would archive, cannot be made at $SITE: $(why); it is still closed: mend that, then accept again"
    # From here on customers may have written, whatever becomes of this call: nobody discards it any more.
    note stage opening
  fi
  # A call before this one may have started it, and only not seen it come up.
  if [ "$was" != accepted ] && ! { [ "$was" = opening ] && server_in "$PG_DATA" && within 20 is_open; }; then
    open_access && open_settings "$new_log" || fail "the settings in $PG_DATA at $SITE cannot be written; its server runs on as before, and nobody discards it any more: free its disk, then accept again"
    stop_server && start_server || fail "the accepted server at $SITE does not start again: $(why); it is down: mend that, then accept again"
    within 40 opened_or_ended && server_in "$PG_DATA" || fail "the accepted server at $SITE has not come up: $(one_line "$(last_words)"); $(server_in "$PG_DATA" && echo "it runs as process $process" || echo 'it is down'): mend that, then accept again"
  fi
  if [ "$was" = accepted ] && ! server_in "$PG_DATA"; then # its host was started anew
    start_server && within 40 opened_or_ended && server_in "$PG_DATA" || fail "the accepted server at $SITE does not start: $(why) $(one_line "$(last_words)"); it is down: mend that, then accept again"
  fi
  if [ "$was" != accepted ]; then
    switched=$(echo 'select pg_walfile_name(pg_switch_wal())' | pg postgres) && within 30 is_archived || fail "the accepted server at $SITE has archived nothing to $new_log within 30 s: $(one_line "$(last_words)"); it is open and customers may write: look at its log, then accept again"
    note stage accepted
    note log "$new_log"
  fi
  accept_cache "$(noted run)"
  accept_trees "$(noted run)"
  changed "$was" accepted
  say archives_to "$(noted log)"
  kept
}
is_open() { [ "$(echo "select current_setting('archive_mode')" | pg postgres)" = on ]; }
opened_or_ended() { is_open || has_ended; }
came_out_or_ended() { is_out_of_recovery || has_ended; }
look_discard() {
  look_no_job
  case $(noted stage) in
    opening | accepted) refuse "what run $(noted run) restored at $SITE was accepted, and customers may have written since; nothing was changed: go on from it, or restore in a new run" ;;
    '') refuse "nothing was restored at $SITE; nothing was changed" ;;
  esac
  names_of "$(noted run)"
  [ ! -e "$data" ] || is_ours "$data" || [ ! -e "$aside" ] || refuse "$data at $SITE is not what run $(noted run) restored, and what was there before ($aside) cannot come back to it; nothing was changed: look who made it, and move it away"
}
take_back() { # what was there before comes back; what was restored is told, and stays
  if is_ours "$data"; then
    stop_server || fail "the restored server at $SITE does not stop: $(why); nothing was changed: stop process $process, then discard again"
    mv -T "$data" "$(discarded_name "$(noted run)")" || fail "$data at $SITE could not be renamed; nothing was changed: give the account of site-restore the right to write ${data%/*}"
  fi
  [ ! -e "$half" ] || mv -T "$half" "$(discarded_name "$(noted run)")" || fail "$half at $SITE could not be renamed; it was left as it is"
  [ ! -e "$aside" ] || mv -T "$aside" "$data" || fail "$aside at $SITE could not be renamed to $data; it was left as it is: rename it by hand"
}
say_discarded() { # STAGE that it was in
  changed "$1" discarded
  kept
  [ -z "$(kept | grep discarded)" ] || say remaining "What was restored at $SITE stays beside $data and takes room: remove it by hand when nobody needs it any more."
}
look_database_discard() { look_discard; }
database_discard() {
  look_database_discard
  was=$(noted stage)
  if [ "$was" != discarded ]; then
    take_back
    note stage discarded
  fi
  say_discarded "$was"
}
