# --- promotion, and who must have a commit afterwards ----------------------------------------------------------------------------------------
# The facts of a promotion are kept: a repeated call, after a lost reply, tells the same.
PROMOTION_SQL="select 'timeline_after=' || tli || E'\nlsn=' || split_part(regexp_replace(pg_read_file('pg_wal/' || lpad(to_hex(tli), 8, '0') || '.history'), '^.*\n(?=\S)', ''), E'\t', 2)
  || E'\nlast_replayed_commit_at=' || coalesce(to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', $UTC), '')
  from (select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int as tli) as current;"
look_database_promote() {
  need_database
  refuse_if_database_closed
  [ -n "${running:-}" ] || read_database
  need_running
  need_no_manager
  if [ "$in_recovery" = no ]; then
    [ -f "$STATE_DIR/promotion" ] || [ -f "$STATE_DIR/promotion.begun" ] || refuse "the database at $SITE is a primary already, and this agent did not promote it"
    return 0
  fi
  need_settings
  [ -z "$stops_at" ] || refuse "$stops_at is set at $SITE: its replay stops there, and what came later would be missing; reset it and restart, then assess again"
  smaller=$(smaller_settings)
  [ -z "$smaller" ] || refuse "the standby at $SITE cannot be promoted: $smaller. Its server would end for good; raise it at $SITE and restart, then assess again"
  segment=$("$PG_BIN/pg_controldata" -D "$PG_DATA" 2>/dev/null | awk '/^Bytes per WAL segment:/ { print $5 / 1024 }')
  room=$(free_kib "$PG_DATA/pg_wal")
  [ "${room:-0}" -ge $((3 * ${segment:-16384})) ] || refuse "the standby at $SITE cannot be promoted: the disk of its WAL has $room KiB free, and a new primary needs $((3 * ${segment:-16384})) at once. Its server would end for want of space; free some at $SITE, then assess again"
  [ "$read_only" = off ] || refuse "default_transaction_read_only is $read_only at $SITE: as a primary it would refuse every write; set it off, reload, then assess again"
}
database_promote() {
  look_database_promote
  if [ "$in_recovery" = yes ]; then
    was="standby on timeline $timeline"
    printf 'timeline_before=%s\npromoted_by=%s\nslot_before=%s\n' "$timeline" "$RUN" "${slot:-$(standby_note slot)}" | replace "$STATE_DIR/promotion.begun" || fail "$STATE_DIR cannot be written; the database is as it was"
    rm -f "$STATE_DIR/promotion"
    # Synchronous names first: with one that nobody answers to, the first write would wait for ever.
    answer=$(pg 40 "$PG_MAINTENANCE" <<SQL
alter system set synchronous_standby_names = '';
alter system set primary_conninfo = '';
alter system set primary_slot_name = '';
select pg_reload_conf();
select case when pg_promote(true, 30) then 'promoted' else 'not promoted' end;
SQL
    ) || fail "the database at $SITE was not proven promoted: $(why)"
    read_database
    [ "$in_recovery" = no ] || fail "the database at $SITE is still a standby after pg_promote"
    rm -f "$STATE_DIR/standby.former" "$STATE_DIR/standby.auto" "$STATE_DIR/standby.wrote" # there is no way back to it
  else
    was="primary on timeline $timeline"
  fi
  if [ ! -f "$STATE_DIR/promotion" ]; then
    answer=$(printf '%s' "$PROMOTION_SQL" | pg 5 "$PG_MAINTENANCE") || fail "the database at $SITE is a primary, but its history cannot be read: $(why)"
    { cat "$STATE_DIR/promotion.begun" && printf '%s\n' "$answer"; } | replace "$STATE_DIR/promotion" ||
      fail "the database at $SITE is a primary, but the facts of its promotion could not be kept in $STATE_DIR"
  fi
  cat "$STATE_DIR/promotion"
  changed "$was" "primary on timeline $timeline"
  say_slot_left "$(sed -n 's/^slot_before=//p' "$STATE_DIR/promotion")"
  [ "$prepared" = 0 ] || exception "$prepared prepared transaction(s) came over and hold their locks at $SITE: see pg_prepared_xacts there, and end each by COMMIT PREPARED or ROLLBACK PREPARED"
}
lower_case() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]'; }
# Never a setting that hangs all writes: the standby must stream first, and must be seen synchronous afterwards.
streams() { # the name of a standby
  [ "$(echo "select count(*) from pg_stat_replication where lower(application_name) = lower('$1') and state = 'streaming'" | pg 3 "$PG_MAINTENANCE")" = 1 ]
}
waits_for() { # the name of a standby; a new session each time, since a session judges by the settings that it has loaded
  [ "$(echo "select count(*) from pg_stat_replication where lower(application_name) = lower('$1') and sync_state in ('sync', 'quorum')" | pg 3 "$PG_MAINTENANCE")" = 1 ]
}
waits_for_nobody() { [ -z "$(echo "show synchronous_standby_names" | pg 3 "$PG_MAINTENANCE")" ]; }
set_synchronous() {
  answer=$(printf "alter system set synchronous_standby_names = '%s';\nselect pg_reload_conf();" "$1" | pg 5 "$PG_MAINTENANCE") ||
    fail "synchronous_standby_names at $SITE could not be set: $(why)"
}
look_database_synchronous() {
  if [ "$1" != none ]; then peer_of "$1"; fi
  [ -n "${running:-}" ] || read_database
  need_running
  need_no_manager
  need_settings
  [ "$in_recovery" = no ] || refuse "the database at $SITE is a standby; only a primary waits for others"
}
database_synchronous() {
  look_database_synchronous "$1"
  was=${synchronous_standby_names:-none}
  if [ "$1" = none ]; then
    [ "$was" = none ] || mark_alone
    set_synchronous ''
    again 30 waits_for_nobody || fail "the database at $SITE still waits for $was"
  else
    again 30 streams "$peer_pg_name" || refuse "$1 does not stream from $SITE under the name $peer_pg_name; waiting for it would hang every write"
    set_synchronous "ANY 1 (\"$peer_pg_name\")"
    if ! again 30 waits_for "$peer_pg_name"; then
      set_synchronous ''
      fail "$1 did not become synchronous in time; writes at $SITE wait for nobody now, and waited for $was before"
    fi
  fi
  read_database
  changed "$was" "${synchronous_standby_names:-none}"
}

