# --- each second, and who this is ------------------------------------------------------------------------------------------------------------
# What an acknowledgement on this primary means, where the standbys can read it. The row itself commits without waiting for them.
HEARTBEAT_SQL="select name, setting, source, boot_val from pg_settings where name = 'synchronous_commit' \\gset sc_
select case when :'sc_source' in ('database', 'user', 'database user', 'session', 'client')
  then coalesce((select setting from pg_file_settings where name = 'synchronous_commit' and applied order by seqno desc limit 1), :'sc_boot_val') else :'sc_setting' end as server_sc,
  (select coalesce(string_agg(case when s.setrole = 0 and s.setdatabase = 0 then 'everybody' when s.setrole = 0 then 'database:' || d.datname when s.setdatabase = 0 then 'role:' || r.rolname else 'role:' || r.rolname || '@' || d.datname end
    || '=' || lower(split_part(c, '=', 2)), ',' order by s.setdatabase, s.setrole), '') from pg_db_role_setting s cross join unnest(s.setconfig) c left join pg_roles r on r.oid = s.setrole
    left join pg_database d on d.oid = s.setdatabase where c like 'synchronous_commit=%')
    || (select coalesce(string_agg(',function:' || proname || '=' || lower(split_part(c, '=', 2)), ''), '') from pg_proc cross join unnest(proconfig) c where c like 'synchronous_commit=%')
    || (select coalesce(string_agg(',subscription:' || subname || '=' || lower(subsynccommit), ''), '') from pg_subscription where subenabled)
    || (select coalesce(string_agg(',file:' || s.name || '=' || case s.name when 'synchronous_commit' then v else 'changed' end, '' order by s.name desc), '') from pg_settings s left join lateral (select setting, applied from pg_file_settings where lower(name) = s.name order by seqno desc limit 1) f on true cross join lateral (select coalesce(f.setting, boot_val) as said) r cross join lateral (select case when s.name <> 'synchronous_commit' then said when lower(said) in ('true', 'yes', '1') then 'on' else lower(said) end as v) w
      where s.name like 'synchronous\\_%' and source in ('default', 'configuration file') and coalesce(f.applied, true) and s.setting <> v and (exists (select from pg_file_settings where applied) or not exists (select from pg_file_settings where error is not null))) as overrides,
  (select coalesce(string_agg(application_name || '=' || sync_state, ',' order by application_name), '') from pg_stat_replication) as standbys \\gset
set synchronous_commit = local; set statement_timeout = '500ms';
insert into :table values (:'site', clock_timestamp(), case when :'alone' = 'yes' then '' else current_setting('synchronous_standby_names') end, :'server_sc', :'overrides', :'standbys', :min_replicas, :max_lag, :online, pg_conf_load_time(), pg_current_wal_flush_lsn())
on conflict (site) do update set (written_at, synchronous_standby_names, synchronous_commit, overrides, standbys, cache_min_replicas_to_write, cache_min_replicas_max_lag, cache_replicas, settings_loaded_at, flushed_lsn)
  = (select excluded.written_at, excluded.synchronous_standby_names, excluded.synchronous_commit, excluded.overrides, excluded.standbys, excluded.cache_min_replicas_to_write, excluded.cache_min_replicas_max_lag, excluded.cache_replicas, excluded.settings_loaded_at, excluded.flushed_lsn);"
beat_database() {
  [ -f "${PG_DATA:-}/PG_VERSION" ] || return 0
  if hba_closed; then # whoever was signing in while the door closed
    end_once
    keep_stopped
  elif [ -f "$PG_DATA/standby.signal" ]; then
    read_received
    note_received "$answer"
  else
    write_heartbeat no
  fi
}
write_heartbeat() { # yes where it is to say already that nobody is waited for
  read_cache
  pg 2 "$PG_DATABASE" >/dev/null <<SQL
\\set alone $1
\\set table $HEARTBEAT_TABLE
\\set site $SITE
\\set min_replicas ${min_replicas:-0}
\\set max_lag ${max_lag:-0}
\\set online $online
$HEARTBEAT_SQL
SQL
}
# The mark of a primary that will wait for nobody comes before that is so: whoever assesses its loss later must not take the last heartbeat for its settings.
mark_alone() {
  exec 7>>"$STATE_DIR/beat.lock"
  flock -w 5 7 && write_heartbeat yes && again 40 marked_elsewhere || [ "$TASK" != "$BY_HAND" ] || exception "no other site has the mark yet that $SITE waits for nobody: should it be lost before its next heartbeat, its loss is foretold too small"
}
marked_elsewhere() { [ "$(echo "select exists (select from pg_stat_replication where flush_lsn >= pg_current_wal_lsn())" | pg 3 "$PG_MAINTENANCE")" = t ]; }
# A server that was closed while it was down, or stopped, may come up with what writes behind the door.
keep_stopped() {
  [ -n "$PG_STOP" ] && [ -n "$PG_START" ] && writers=$(printf '%s' "$WRITERS_SQL" | pg 3 "$PG_MAINTENANCE") && [ -n "$writers" ] || return 0
  exec 8>>"$STATE_DIR/lock-database"
  flock -n 8 && hba_closed || return 0
  keep_beside
  read_epoch
  EPOCH=$held RUN=$holder CHANGE=beat
  begin_record beat
  stop_database
  record closed "closed$stopped"
}
# Each beat looks at the site that this one follows, and at one of the others in turn.
beat() {
  exec 7>>"$STATE_DIR/beat.lock"
  flock -n 7 || exit 0 # the one before still waits for answers
  read_clock
  beat_database &
  followed=none turn=0 others=
  if [ -f "$STATE_DIR/received" ] && [ -f "$PG_DATA/standby.signal" ]; then read -r _ followed <"$STATE_DIR/received"; fi
  if [ -f "$STATE_DIR/turn" ]; then read -r turn <"$STATE_DIR/turn"; fi
  for site in $PEERS; do
    peer_of "$site"
    if [ "$site" = "$followed" ]; then record_round "$site" & elif [ -n "$peer_pg_host" ]; then others="$others $site"; fi
  done
  # shellcheck disable=SC2086 # one word for each site
  set -- $others
  if [ $# -gt 0 ]; then
    shift $((turn % $#))
    record_round "$1" &
    echo $((turn + 1)) >"$STATE_DIR/turn"
  fi
  wait
}

identify() {
  read_epoch
  say site "$SITE"
  say hostname "$(uname -n)"
  say version $VERSION
  say system_identifier "$("$PG_BIN/pg_controldata" -D "${PG_DATA:-}" 2>/dev/null | sed -n 's/^Database system identifier: *//p')"
  say epoch "$held"
  say epoch_holder "$holder"
  say peers "$PEERS"
  say clock "$(now)"
}

