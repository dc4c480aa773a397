# --- the lock of the database: docs/decisions/012-true-outside.md
# Whom pg_hba.conf lets in to replicate, and how it lets the administrator in from here, as the server itself reads its file: lines of a file of their own. A
# connection for replication runs no SQL.
CLOSED_SQL="with rules as (
  select coalesce((to_jsonb(r) ->> 'rule_number')::int, line_number) as number, type, database, user_name, address, netmask, auth_method,
    coalesce((select string_agg(' \"' || replace(o, '\"', '\"\"') || '\"', '') from unnest(options) o), '') as options from pg_hba_file_rules r where error is null),
me as (select (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as encrypted, inet_client_addr() as address),
mine as (select number, type || ' ' || quote_ident(current_database()) || ' \"' || session_user || '\"' || case when type = 'local' then '' else ' samehost' end || ' ' || auth_method || options as line
  from rules, me
  where auth_method <> 'reject'
    and exists (select from unnest(database) d where d in ('all', current_database()) or left(d, 1) = '/' and current_database() ~ substr(d, 2)
      or d = 'sameuser' and session_user = current_database() or d in ('samerole', 'samegroup') and pg_has_role(session_user, (select oid from pg_roles where rolname = current_database()), 'member'))
    and exists (select from unnest(user_name) u where u in ('all', session_user) or left(u, 1) = '/' and session_user ~ substr(u, 2)
      or left(u, 1) = '+' and pg_has_role(session_user, (select oid from pg_roles where rolname = substr(u, 2)), 'member'))
    and case when me.address is null then type = 'local'
      else type in ('host', 'hostgssenc') or (type = 'hostssl' and me.encrypted) or (type = 'hostnossl' and not me.encrypted) end
    and case when type = 'local' or rules.address !~ '^([0-9]+[.]){3}[0-9]+$|:' then true
      else family(rules.address::inet) = family(me.address) and (me.address & rules.netmask::inet) = (rules.address::inet & rules.netmask::inet) end
  order by number limit 1)
select line from (
  select number, type || ' replication ' || (select string_agg(case when u = 'all' then u when left(u, 1) in ('+', '/') then left(u, 1) || '\"' || replace(substr(u, 2), '\"', '\"\"') || '\"'
      else '\"' || replace(u, '\"', '\"\"') || '\"' end, ',') from unnest(user_name) u)
    || coalesce(' ' || address, '') || coalesce(' ' || netmask, '') || ' ' || auth_method || options as line from rules where 'replication' = any (database)
  union all select 1000000, line from mine) as lines order by number;"
# The keys that customers hold: each role that may log in, those that are in now first, at the application's database; then the other databases as the first of them. Standbys
# and the orchestrator's observers are in all the time, and are no customers.
KEYS_SQL="with roles as (select rolname, row_number() over (order by (select count(*) from pg_stat_activity where usename = rolname and backend_type = 'client backend' and application_name <> 'dr-observer') desc, rolsuper, rolname) as rank
  from pg_roles where rolcanlogin and rolname <> session_user order by rank limit 16)
select rolname || E'\\t' || :'app' from roles union all select session_user || E'\\t' || :'app'
union all (select rolname || E'\\t' || datname from roles, pg_database where rank = 1 and datallowconn and datname not in (:'app', current_database()) order by datname limit 8);"
# shut: by pg_hba.conf; down: no server; open: the server asked for a key, or let in; full: every connection is taken; no answer: none of these. Decided before any password is asked for, so none is sent.
try_key() { # ROLE DATABASE → how it went, and what was said
  said=$(PGUSER=$1 PGDATABASE=$2 PGPASSFILE=$STATE_DIR/no-password timeout -k 1 3 "$PG_BIN/psql" -X -q -A -t -w -h "$PG_HOST" -p "$PG_PORT" -c 'select 1' 2>&1 8>&- 9>&-)
  code=$?
  how=$(printf '%s\n' "$said" | awk -v code=$code '
    /^WARNING/ || /Is the server running/ || /accepting connections on that socket/ { next } /pg_hba\.conf/ { shut++; next } /Connection refused|No such file/ { down++; next } /timeout expired|starting up|shutting down/ { silent++; next } /too many|remaining connection/ { full++; next } NF { open++ }
    END { print code == 124 || code == 137 ? "no-answer" : open ? "open" : silent ? "no-answer" : full ? "full" : shut ? "shut" : down ? "down" : "no-answer" }')
  if [ "$how" = down ] && has_postmaster; then how=no-answer; fi
  printf '%s %s\n' "$how" "$(one_line "$1 at $2: $said")"
}
try_keys() { # sets door: shut, down, open, no-answer; the worst of all keys that are on record, and door_said of that one
  new_folder
  number=0
  [ -f "$STATE_DIR/keys" ] || true >"$STATE_DIR/keys"
  while IFS="$TAB" read -r role at; do
    number=$((number + 1))
    try_key "$role" "$at" >"$folder/key-$number" &
  done <"$STATE_DIR/keys"
  wait
  door=shut door_said= tried=$number
  [ "$tried" -gt 0 ] || door=no-answer door_said='no key of a customer is on record'
  while [ "$number" -gt 0 ]; do
    read -r how text <"$folder/key-$number" && [ "$how" != full ] || how=no-answer
    case $how:$door in
      open:* | no-answer:shut | no-answer:down | down:shut) door=$how door_said=$text ;;
      *) door_said=${door_said:-$text} ;;
    esac
    [ "$door" != open ] || break
    number=$((number - 1))
  done
}
door_is_shut() { try_keys && [ "$door" = shut ]; }
reload() { # by SQL; where nobody is let in, by the signal that does the same
  if echo 'select pg_reload_conf()' | pg 3 "$PG_MAINTENANCE" >/dev/null; then return; fi
  read -r postmaster 2>/dev/null <"$PG_DATA/postmaster.pid" && kill -HUP "$postmaster" 2>/dev/null
}
door_is() { # one of these WORDS, for the administrator at a DATABASE; door_said is how it went
  door_said=$(try_key "$PG_ADMIN_USER" "$2")
  case " $1 " in *" ${door_said%% *} "*) ;; *) return 1 ;; esac
}
# Nobody listens where this agent asks is not yet "down": customers may come another way, as long as there is a server.
has_postmaster() {
  { read -r postmaster <"$PG_DATA/postmaster.pid"; } 2>/dev/null || return 1
  case $(cat "/proc/$postmaster/comm" 2>/dev/null) in postgres* | postmaster*) ;; *) return 1 ;; esac
}
END_SESSIONS="select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and (backend_type = 'walsender' and datname is not null
  or backend_type = 'client backend' and not (usename = session_user and datname = current_database() and application_name = 'site-agent'))"
# What writes without passing a door: other programs inside the server, subscriptions whose worker comes back, and whatever else takes a transaction number.
WRITERS_SQL="select string_agg(distinct what, ', ') from (
  select backend_type || case when application_name in ('', backend_type) then '' else ' ' || application_name end as what from pg_stat_activity
    where backend_type not in ('client backend', 'walsender', 'walreceiver', 'startup', 'checkpointer', 'background writer', 'walwriter', 'archiver', 'walsummarizer', 'slotsync worker', 'io worker', 'logger',
      'stats collector', 'parallel worker', 'logical replication launcher', 'autovacuum launcher', 'autovacuum worker', 'standalone backend',
      'autoprewarm leader', 'autoprewarm worker')
  union all select 'subscription ' || subname from pg_subscription where subenabled) as writers where not pg_is_in_recovery();"
COUNTER_SQL="select pg_snapshot_xmax(pg_current_snapshot()) as one \\gset
select pg_sleep(0.2) \\g /dev/null
select case when pg_snapshot_xmax(pg_current_snapshot()) > :'one'::xid8 and not pg_is_in_recovery() then 'somebody who takes transaction numbers' else '' end;"
look_database_close() {
  need_database
  [ -f "$(hba_file)" ] && [ -w "$(dirname "$(hba_file)")" ] || refuse "$(hba_file) at $SITE cannot be replaced: the agent's account needs the right to write its folder; the database is as it was"
  [ "$(free_kib "$(dirname "$(hba_file)")")" -ge 64 ] || refuse "$(hba_file) at $SITE cannot be replaced: its disk has $(free_kib "$(dirname "$(hba_file)")") KiB free, and a new file is written beside the old one: free some; the database is as it was"
  closable_by_stop=no
  case ${PG_STOP:+x}${PG_START:+x} in xx) closable_by_stop=yes ;; x) refuse "agent.conf of $SITE names one of PG_STOP and PG_START; it must name both or none; the database is as it was" ;; esac
  [ "$PG_MAINTENANCE" != "$PG_DATABASE" ] || refuse "agent.conf of $SITE names $PG_DATABASE as the application's database and as the one that stays open to its administrator (PG_MAINTENANCE_DATABASE): give another one; the database is as it was"
  [ -n "${running:-}" ] || read_database
  hangs=yes full=no
  if [ "$running" = yes ]; then
    need_no_manager
    closed_lines=$(printf '%s' "$CLOSED_SQL" | pg 5 "$PG_MAINTENANCE") && keys=$(printf '%s' "$KEYS_SQL" | pg 5 "$PG_MAINTENANCE" -v "app=$PG_DATABASE") || {
      ! say_full "$(why)" || return 0
      fail "the database at $SITE did not tell which lines of its file and which roles it has: $(why); the database is as it was"
    }
    [ "$(readlink -f "$hba_read")" = "$(hba_file)" ] || refuse "the server at $SITE reads $hba_read, and the agent would close $(hba_file): set PG_HBA to $hba_read in agent.conf; the database is as it was"
    # A line that is only warned of, hostssl where the server speaks no TLS, has been read all the same and has its type.
    wrong=$(echo "select string_agg(distinct coalesce(to_jsonb(r) ->> 'file_name' || ', ', '') || 'line ' || line_number || ': ' || error, '; ') from pg_hba_file_rules r where error is not null and type is null" | pg 3 "$PG_MAINTENANCE") || wrong=
    [ -z "$wrong" ] || refuse "$(hba_file) at $SITE cannot be read by its server ($wrong), so that an undo could not open it again: fix it and reload, then try again; the database is as it was"
    writers=$(printf '%s' "$WRITERS_SQL" | pg 3 "$PG_MAINTENANCE") || writers=
    [ -z "$writers" ] || [ $closable_by_stop = yes ] ||
      exception "$writers at $SITE writes without passing pg_hba.conf, so that closing it proves nothing: set PG_STOP and PG_START in agent.conf there, or end it before"
  else
    # One that turns the administrator away could not be proven closed, and is left; one that is down or hangs is closed for its next start.
    ! say_full "$database_detail" || return 0
    case $(try_key "$PG_ADMIN_USER" "$PG_MAINTENANCE") in
      open* | shut*) fail "the database at $SITE does not let $PG_ADMIN_USER in ($database_detail), so that no lock could be proven; the database is as it was" ;;
      down*) hangs=no ;;
    esac
  fi
}
say_full() { # WHAT PSQL SAID
  printf '%s' "$1" | grep -q "$FULL" || return 1
  full=yes running=no
  exception "all connections of the database at $SITE are taken, its administrator's too: a fence ends sessions there by signal before it closes anything"
}
database_close() {
  look_database_close
  # A server whose connections are all taken is asked all the same from now on.
  making_room=yes
  # Customers come back at once, and may be quicker than the next question.
  for _ in 1 2 3 4 5; do
    [ $full = yes ] || break
    read_database
    look_database_close
  done
  was=open last_lsn= writers= stopped= ran=$running
  if hba_closed; then was=closed; fi
  if [ "$running" = no ]; then closed_lines= keys="$PG_ADMIN_USER$TAB$PG_DATABASE"; fi
  if [ $was = open ]; then
    note_not_customers
    printf '%s\n' "$ran" | replace "$STATE_DIR/database-ran" && cp -p "$(hba_file)" "$STATE_DIR/pg_hba.open.new" &&
      mv -f "$STATE_DIR/pg_hba.open.new" "$STATE_DIR/pg_hba.open" || fail "pg_hba.conf could not be kept in $STATE_DIR; the database is as it was"
  fi
  if [ $was = open ] || [ ! -f "$STATE_DIR/pg_hba.closed" ]; then
    {
      printf '%s\n%s\n' "$CLOSED_MARK" "$closed_lines"
      # For a start that nobody watched: md5 takes whichever kind of password is stored.
      printf 'local %s "%s" %s\n' "$PG_MAINTENANCE" "$PG_ADMIN_USER" "${PG_LOCAL_AUTH:-md5}"
      printf 'host %s "%s" samehost md5\n' "$PG_MAINTENANCE" "$PG_ADMIN_USER"
    } | replace "$STATE_DIR/pg_hba.closed" || fail "$STATE_DIR cannot be written; the database is as it was"
  fi
  # One that was closed while it was down knew no customers.
  { [ "$running" = no ] && [ -s "$STATE_DIR/keys" ]; } || printf '%s\n' "$keys" | replace "$STATE_DIR/keys" || fail "$STATE_DIR cannot be written; the database is as it was"
  # Also what somebody has changed since it was closed.
  hba_locked || replace_same "$(hba_file)" <"$STATE_DIR/pg_hba.closed" && sync "$(hba_file)" || fail "pg_hba.conf could not be written; the database is as it was"
  if [ "$running" = yes ]; then
    reload
    if [ $was = open ] && ! within 2 admin_is_in; then
      replace_same "$(hba_file)" <"$STATE_DIR/pg_hba.open" && reload
      fail "the closed pg_hba.conf does not let $PG_ADMIN_USER in at $SITE ($(why)); it was put back, the database is as it was"
    fi
    end_strangers
    end_once # a key cannot be tried where no connection is free
    within 4 door_is_shut || fail "the database at $SITE is closed in pg_hba.conf, but the lock was tried with $tried keys and $door: $door_said"
    end_sessions || fail "pg_hba.conf at $SITE is closed, but: $(why)"
    drain
    writers=$(printf '%s' "$WRITERS_SQL" | pg 3 "$PG_MAINTENANCE") && counted=$(printf '%s' "$COUNTER_SQL" | pg 3 "$PG_MAINTENANCE") || fail "pg_hba.conf at $SITE is closed, but who still writes is not known: $(why)"
    # One program of PostgreSQL's own, autovacuum, takes a number now and then: it comes to an end.
    [ -z "$counted" ] || counted=$(printf '%s' "$COUNTER_SQL" | pg 3 "$PG_MAINTENANCE") || counted='somebody who was not seen'
    writers=${writers:-$counted}
    if [ -n "$writers" ] && [ "$closable_by_stop" = yes ]; then stop_database; fi
  elif [ "$hangs" = yes ]; then
    fail "pg_hba.conf at $SITE is closed for the next start, but the server does not answer: $database_detail"
  else
    read_shutdown || last_lsn=
    [ ! -f "$STATE_DIR/database-stopped" ] || stopped=', and stopped'
  fi
  hba_locked || fail "pg_hba.conf at $SITE is not closed after the change"
  changed $was "closed$stopped"
  say last_lsn "$last_lsn"
  say writers "$writers"
}
# Whoever has a connection and has not signed in yet was begun under the old rules, and would sign in by them.
end_strangers() {
  has_postmaster || return 0
  known=" $(echo 'select pid from pg_stat_activity' | pg 3 "$PG_MAINTENANCE" | tr '\n' ' ') "
  [ -n "${known# }" ] || return 0
  for stranger in $(ps -A -o pid=,ppid=,args= | awk -v postmaster="$postmaster" '$2 == postmaster && !/logger|stats collector/ { print $1 }'); do
    case $known in *" $stranger "*) ;; *) kill -TERM "$stranger" 2>/dev/null ;; esac
  done
}
admin_is_in() { echo 'select 1' | pg 3 "$PG_MAINTENANCE" >/dev/null; }
end_once() { echo "$END_SESSIONS;" | pg 3 "$PG_MAINTENANCE" >/dev/null; }
# A session that was let in before the reload ends here; one that was still signing in, at the next beat.
end_sessions() {
  pg 8 "$PG_MAINTENANCE" <<SQL
do \$\$ begin
  for i in 1..100 loop
    perform true from ($END_SESSIONS) as ended;
    exit when not found;
    perform pg_sleep(0.02), pg_stat_clear_snapshot();
    if i = 100 then raise exception 'sessions of clients did not end within 2 s'; end if;
  end loop;
end \$\$;
SQL
}
# Nothing is committed any more; what was goes to the standbys that still stream, for 2 s at most. The position after it is the last that anybody was promised. A session
# that waits not even for its own disk was promised what stands in memory: a commit that waits for the disk brings all of that there.
drain() {
  last_lsn=$(pg 4 "$PG_MAINTENANCE" <<SQL
set synchronous_commit = local;
select case when pg_is_in_recovery() then null when pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() then pg_logical_emit_message(true, 'site-agent', 'closed') end \\g /dev/null
do \$\$ begin
  for i in 1..100 loop
    exit when not exists (select from pg_stat_replication where state = 'streaming' and flush_lsn < pg_current_wal_lsn());
    perform pg_sleep(0.02), pg_stat_clear_snapshot();
  end loop;
end \$\$;
select pg_current_wal_lsn() where not pg_is_in_recovery();
SQL
  ) || last_lsn=
  last_lsn=$(printf '%s\n' "$last_lsn" | grep -x '[0-9A-F]*/[0-9A-F]*' | tail -n 1)
}
# What no door keeps out ends with the server. Its last checkpoint is behind everything that was committed, and the standbys that are connected have it.
stop_database() {
  # Noted first: whatever becomes of the stop, an undo starts the server.
  echo stopped | replace "$STATE_DIR/database-stopped" || fail "$STATE_DIR cannot be written; the database at $SITE is closed, but $writers writes on"
  answer=$(timeout 40 $PG_STOP </dev/null 2>&1 8>&- 9>&-) && within 10 door_is down "$PG_MAINTENANCE" || fail "the database at $SITE is closed, but $writers writes on, and the server was not stopped: $(one_line "$answer")"
  read_shutdown || fail "the database at $SITE was stopped, but pg_controldata does not call it shut down"
  stopped=", and stopped because $writers wrote on" writers=
}
read_shutdown() { # last_lsn of a primary that was shut down in good order
  state=$("$PG_BIN/pg_controldata" -D "$PG_DATA" 2>/dev/null)
  [ "$(printf '%s\n' "$state" | sed -n 's/^Database cluster state: *//p')" = 'shut down' ] && last_lsn=$(printf '%s\n' "$state" | sed -n 's/^Latest checkpoint location: *//p')
}
look_database_open() {
  need_database
  [ -w "$(dirname "$(hba_file)")" ] || refuse "$(hba_file) at $SITE cannot be replaced: the agent's account needs the right to write its folder; the database stays closed"
}
database_open() {
  look_database_open
  was=open
  if hba_closed; then
    was=closed
    [ -f "$STATE_DIR/pg_hba.open" ] || fail "the open pg_hba.conf is not in $STATE_DIR; the database stays closed"
    replace_same "$(hba_file)" <"$STATE_DIR/pg_hba.open" && sync "$(hba_file)" || fail 'pg_hba.conf could not be written; the database stays closed'
  fi
  if [ -f "$STATE_DIR/database-stopped" ]; then
    door_is 'open shut' "$PG_DATABASE" || { answer=$(timeout 40 $PG_START </dev/null 2>&1 8>&- 9>&-) && within 15 door_is 'open shut' "$PG_DATABASE"; } || fail "pg_hba.conf at $SITE is open, but the server that was stopped does not start: $(one_line "$answer")"
    rm -f "$STATE_DIR/database-stopped" || fail "the database at $SITE is open and runs, but $STATE_DIR cannot be written and still calls it stopped"
  fi
  reload
  # The administrator at the application's database is let in again, or the server is down as it was before; no answer is not "down".
  ends='open down'
  [ "$(cat "$STATE_DIR/database-ran" 2>/dev/null)" != yes ] || ends=open
  # Behind a file that is shut nobody holds a connection for long: where all stay taken, customers have them.
  within 4 door_is "$ends" "$PG_DATABASE" || door_is full "$PG_DATABASE" || fail "pg_hba.conf at $SITE is open again, but the server does not let customers in: $door_said; reload it there as its administrator"
  changed $was open
}

# Tables that are no customers': the agent's own, where long values lie (TOAST), and such of PostgreSQL that were written anew. Asked for while the application's database still lets the administrator in.
NOT_CUSTOMERS_SQL="select d.oid || '/' || pg_relation_filenode(c.oid) from pg_class c join pg_database d on d.datname = current_database()
  where pg_relation_filenode(c.oid) >= 16384 and (c.relkind = 't' or c.relnamespace = 'pg_catalog'::regnamespace or c.oid in (to_regclass(:'table'), to_regclass('dr_write_test')));"
note_not_customers() {
  { [ "$running" = yes ] && answer=$(printf '%s' "$NOT_CUSTOMERS_SQL" | pg 3 "$PG_DATABASE" -v "table=${HEARTBEAT_TABLE:-}") && printf '%s\n' "$answer" | replace "$STATE_DIR/not-customers"; } || rm -f "$STATE_DIR/not-customers"
}
database_beyond() { # FROM [TO]
  need_database
  counter=$(dirname "$0")/count-beyond
  [ -x "$counter" ] || refuse "count-beyond does not lie beside the agent at $SITE: copy it from site-agent/ to $counter, then ask again"
  answer=$("$counter" "$PG_BIN" "$PG_DATA" "$1" "${2:-end}" "$STATE_DIR/not-customers" 2>"$BESIDE") || refuse "what the database at $SITE committed beyond $1 was not counted: $(why)"
  printf '%s\n' "$answer"
}

