# --- database ------------------------------------------------------------------------------------------------------------------------------
pg() { # SECONDS DATABASE [psql's own options…], SQL on stdin; one process, one connection
  seconds=$1 database=$2
  shift 2
  room=40
  until PGOPTIONS=$pg_options timeout -k 1 "$seconds" "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=terse -h "$PG_HOST" -p "$PG_PORT" -U "$PG_ADMIN_USER" -d "$database" "$@" 2>"$BESIDE" 8>&- 9>&-; do
    ended=$?
    # psql has read nothing of its SQL before it is in.
    [ $making_room = yes ] && [ $room -gt 0 ] && grep -q "$FULL" "$BESIDE" && make_room || return $ended
    room=$((room - 1))
  done
}
# A fence ends all sessions. Where they have taken every connection, the administrator's too, they end by signal, known by the titles of their processes, until he is in.
FULL='too many clients\|remaining connection slots' making_room=no
make_room() {
  has_postmaster || return 1
  for session in $(ps -A -o pid=,ppid=,args= | awk -v postmaster="$postmaster" '$2 == postmaster && !/walsender/ && /\[local\]|\([0-9]+\)/ { print $1 }'); do kill -TERM "$session" 2>/dev/null; done
}
sql_text() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; } # as a literal; it may hold a password, so it stands on no command line
hba_file() { readlink -f "${PG_HBA:-$PG_DATA/pg_hba.conf}"; } # behind a link the file changes, never the link
hba_closed() {
  IFS= read -r first 2>/dev/null <"${PG_HBA:-$PG_DATA/pg_hba.conf}" && [ "$first" = "$CLOSED_MARK" ]
}
# The lock stands while the file is what this agent wrote: a line that somebody has added since lets somebody in at the next reload.
hba_locked() { hba_closed && cmp -s "$(hba_file)" "$STATE_DIR/pg_hba.closed"; }
need_database() { [ -n "${PG_DATA:-}" ] && [ -f "$PG_DATA/PG_VERSION" ] || refuse "$SITE has no database: $PG_DATA holds none"; }
UTC="'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'"
STATUS_SQL="select 'in_recovery=' || case when pg_is_in_recovery() then 'yes' else 'no' end,
  'timeline=' || case when pg_is_in_recovery() then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
    else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
  'receiver_active=' || case when exists (select from pg_stat_wal_receiver where status = 'streaming') then 'yes' else 'no' end,
  'current_lsn=' || case when pg_is_in_recovery() then coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') else pg_current_wal_lsn() end,
  'synchronous_standby_names=' || current_setting('synchronous_standby_names'),
  'synchronous_now=' || (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')),
  'conninfo=' || case when pg_is_in_recovery() then current_setting('primary_conninfo') else '' end,
  'sender=' || coalesce((select sender_host || ' ' || sender_port from pg_stat_wal_receiver where status = 'streaming'), ''),
  'slot=' || case when pg_is_in_recovery() then current_setting('primary_slot_name') else '' end,
  'replay=' || case when pg_is_in_recovery() then pg_get_wal_replay_pause_state() else '' end,
  'apply_delay_ms=' || case when pg_is_in_recovery() then (select setting from pg_settings where name = 'recovery_min_apply_delay') else '0' end,
  'stops_at=' || coalesce((select string_agg(name, ', ') from pg_settings
    where name in ('recovery_target', 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_time', 'recovery_target_xid') and setting <> ''), ''),
  'from_outside=' || coalesce((select string_agg(name, ', ') from pg_settings where source = 'command line' and name in ('primary_conninfo', 'primary_slot_name', 'synchronous_standby_names')), ''),
  'limits=' || (select string_agg(name || '=' || setting, ' ') from pg_settings
    where name in ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')),
  'read_only=' || current_setting('default_transaction_read_only'),
  'alter_system=' || coalesce(current_setting('allow_alter_system', true), 'on'),
  'hba_read=' || current_setting('hba_file'),
  'prepared=' || (select count(*) from pg_prepared_xacts),
  'manager=' || coalesce((select string_agg(distinct manager, ', ') from (
    select case when application_name like 'Patroni%' then 'Patroni' when application_name like 'repmgrd%' then 'repmgrd' when application_name like 'pgautofailover%' then 'pg_auto_failover'
      when application_name like 'cnpg%' then 'CloudNativePG' end from pg_stat_activity
    union all select case when sourcefile like '%/postgresql-auto-failover%.conf' then 'pg_auto_failover' end from pg_settings
    union all select case trim(library) when 'repmgr' then 'repmgrd' when 'pgautofailover' then 'pg_auto_failover' end
      from unnest(string_to_array(current_setting('shared_preload_libraries'), ',')) as library) as signs (manager)), ''),
  'patroni_file=' || coalesce((select min(sourcefile) from pg_settings where sourcefile like '%/postgresql.base.conf'), '');"
STATUS_KEYS='in_recovery timeline receiver_active current_lsn synchronous_standby_names synchronous_now conninfo sender slot replay apply_delay_ms stops_at from_outside limits read_only alter_system hba_read prepared manager patroni_file'
# Sets running, follows and what STATUS_KEYS names.
read_database() {
  running=no follows=none database_detail=
  for key in $STATUS_KEYS; do eval "$key="; done
  receiver_active=no apply_delay_ms=0
  if [ ! -f "$PG_DATA/PG_VERSION" ]; then
    database_detail='no database here'
    return
  fi
  answer=$(printf '%s\n' "\\pset fieldsep '\\n'" "$STATUS_SQL" | pg 3 "$PG_MAINTENANCE") || {
    database_detail=$(why)
    return
  }
  running=yes
  while IFS='=' read -r key value; do
    case " $STATUS_KEYS " in *" $key "*) eval "$key=\$value" ;; esac
  done <<LINES
$answer
LINES
  place_of "$conninfo"
  if [ -n "$sender" ]; then place_host=${sender% *} place_port=${sender##* }; fi
  if [ -n "$place_host" ]; then follows=$(peer_at pg "$place_host" "$place_port"); elif [ -n "$conninfo" ]; then follows=unknown; fi
}
place_of() { # words of a connection → place_host, empty where a service file names it, and place_port
  place_host= place_port=5432
  for word in $(printf '%s' "$1" | tr -d "'"); do
    case $word in host=?* | hostaddr=?*) place_host=${word#*=} ;; port=?*) place_port=${word#port=} ;; esac
  done
}
need_running() { [ "$running" = yes ] || fail "the database at $SITE does not answer ($database_detail); nothing was changed"; }
# A paused Patroni is in, and leads a standby that has left back within a second. One that is stopped has left its file, which says no more than that it was here.
need_no_manager() {
  [ -z "$manager" ] || refuse "$manager manages the database at $SITE and would undo this within seconds; hand over first: stop $manager at every site, since pausing is not enough (docs/own-estate.md), then try again"
  [ -z "$patroni_file" ] || exception "Patroni has configured the database at $SITE ($patroni_file) and is not in: keep it stopped at every site, or it undoes what is done here"
}
need_standby() {
  need_running
  need_no_manager
  refuse_if_database_closed
  [ "$in_recovery" = yes ] || refuse "the database at $SITE is a primary, not a standby"
}
refuse_if_database_closed() {
  ! hba_closed || refuse "the database at $SITE is a fenced former primary ($(hba_file) is closed by site-agent). When it has been rebuilt as a standby, open it at $SITE with: $BY_AGENT database-open --epoch $(held_epoch) --run $(held_run)"
}
need_settings() { # the settings that a verb writes must count
  [ -z "$from_outside" ] || refuse "$from_outside of the database at $SITE stands on its command line, where no setting can replace it; move it to postgresql.conf and restart"
  [ "$alter_system" = on ] || refuse "allow_alter_system is $alter_system at $SITE, and a run changes settings by ALTER SYSTEM: set it on in postgresql.conf and reload; nothing was changed"
  [ -w "$PG_DATA/postgresql.auto.conf" ] || refuse "postgresql.auto.conf at $SITE cannot be written by the agent's account; run the agent as the account of the server"
}
# PostgreSQL pauses the replay of a standby whose settings are smaller than its primary's, and a promotion would end its server for good.
smaller_settings() {
  "$PG_BIN/pg_controldata" -D "$PG_DATA" 2>/dev/null | awk -v limits="$limits" '
    BEGIN { n = split(limits, pairs, " "); for (i = 1; i <= n; i++) { split(pairs[i], pair, "="); here[pair[1]] = pair[2] } }
    / setting:/ {
      name = $1; if (name == "max_prepared_xacts") name = "max_prepared_transactions"; if (name == "max_locks_per_xact") name = "max_locks_per_transaction"
      if (name in here && here[name] + 0 < $3 + 0) printf "%s%s is %s here and %s at its primary", (found++ ? ", " : ""), name, here[name], $3
    }'
}
database_status() {
  read_database
  for key in running in_recovery timeline follows receiver_active current_lsn synchronous_standby_names synchronous_now replay apply_delay_ms prepared manager; do eval "say $key \"\$$key\""; done
  writers=
  if hba_closed && [ "$running" = yes ]; then writers=$(printf '%s' "$WRITERS_SQL" | pg 3 "$PG_MAINTENANCE") || writers='not known who'; fi
  say writers "$writers" # behind the closed door
  if hba_locked; then say hba_closed yes; else say hba_closed no; fi
  say data_free_percent "$(df -Pk "$PG_DATA" 2>/dev/null | awk 'NR == 2 { sub(/%/, "", $5); print 100 - $5 }')"
  say detail "$database_detail"
  if [ -f "$STATE_DIR/clocks" ]; then while read -r sender ahead noted; do set_since "$noted" && echo "$sender $((ahead - set_by))"; done <"$STATE_DIR/clocks"; fi
  say_promotion
}
# The facts of a promotion are kept once it is confirmed. One that took effect later, or whose confirmation was cut off, is told from what it began with.
say_promotion() {
  promotion=no begun=
  if [ "$in_recovery" = no ] && grep -qx "timeline_after=$timeline" "$STATE_DIR/promotion" 2>/dev/null; then
    promotion=$(cat "$STATE_DIR/promotion")
  elif [ ! -f "$STATE_DIR/promotion" ] && [ -f "$STATE_DIR/promotion.begun" ]; then
    before=$(sed -n 's/^timeline_before=//p' "$STATE_DIR/promotion.begun")
    if [ "$in_recovery" = yes ] && [ "$timeline" = "$before" ]; then begun=$(sed -n 's/^promoted_by=//p' "$STATE_DIR/promotion.begun"); fi
    if [ "$in_recovery" = no ] && [ "$timeline" -gt "$before" ] && answer=$(printf '%s' "$PROMOTION_SQL" | pg 3 "$PG_MAINTENANCE"); then
      promotion=$(cat "$STATE_DIR/promotion.begun" && printf '%s\n' "$answer")
    fi
  fi
  say promotion_begun "$begun"
  if [ "$promotion" = no ]; then say promoted no; else
    say promoted yes
    printf '%s\n' "$promotion"
  fi
}

