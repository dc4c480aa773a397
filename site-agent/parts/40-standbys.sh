# --- standbys: what stood in their settings is kept, and put back
standby_note() { sed -n "s/^$1=//p" "$STATE_DIR/standby.former" 2>/dev/null; } # what was noted before a run first changed the standby's settings
# One note for each run, made before its first change. A standby that an earlier run has left detached shows nothing of its own any more: then that run's note is taken over.
keep_standby() {
  if [ "$(standby_note epoch)" = "$EPOCH" ]; then return 0; fi
  if [ -f "$STATE_DIR/standby.former" ] && [ -z "$conninfo" ]; then
    sed "s/^epoch=.*/epoch=$EPOCH/" "$STATE_DIR/standby.former" | (umask 077 && replace "$STATE_DIR/standby.former") || fail "$STATE_DIR cannot be written; the standby at $SITE is as it was"
    return 0
  fi
  (umask 077 && cat "$PG_DATA/postgresql.auto.conf" >"$STATE_DIR/standby.auto.new" && mv -f "$STATE_DIR/standby.auto.new" "$STATE_DIR/standby.auto" &&
    printf '%s\n' "epoch=$EPOCH" "follows=$follows" "conninfo=$conninfo" "slot=$slot" "replay=$replay" "apply_delay_ms=$apply_delay_ms" | replace "$STATE_DIR/standby.former") ||
    fail "$STATE_DIR cannot be written; the standby at $SITE is as it was"
}
note_written() { (umask 077 && cat "$PG_DATA/postgresql.auto.conf" | replace "$STATE_DIR/standby.wrote") || fail "what was set at $SITE could not be noted in $STATE_DIR; a later undo cannot put it back"; }
# The standby's own words (TLS, password file, name) with another place: of a word that stands twice libpq takes the last.
words_to() { # HOST PORT → sets wanted
  own_words=$conninfo
  [ -n "$own_words" ] || own_words=$(standby_note conninfo)
  case $own_words in
    '') wanted="user=$PG_REPLICATION_USER passfile=$PG_PASSFILE application_name=$PG_STANDBY_NAME connect_timeout=2 host=$1 port=$2" ;;
    *) wanted="$own_words host=$1 hostaddr='' port=$2 application_name=$PG_STANDBY_NAME" ;;
  esac
}
look_database_detach() {
  [ -n "${running:-}" ] || read_database
  need_standby
  need_settings
  case $conninfo in postgres*://*) refuse "primary_conninfo of the standby at $SITE is a URI, which the agent cannot change and put back. Write it as host=… port=… user=…; nothing was changed" ;; esac
  [ "$follows" != unknown ] || refuse "the standby at $SITE follows ${place_host:-what a service file names}, port $place_port, and agent.conf of $SITE names no site there. Set PEER_…_PG_HOST and PEER_…_PG_PORT of that site to it"
  name=$(printf '%s' "$conninfo" | tr -d "'" | tr ' ' '\n' | sed -n 's/^application_name=//p' | tail -n 1)
  [ -z "$name" ] || [ "$(lower_case "$name")" = "$(lower_case "$PG_STANDBY_NAME")" ] ||
    refuse "the standby at $SITE replicates under the name $name, and the agents look for $PG_STANDBY_NAME. Set PG_STANDBY_NAME=$name in agent.conf there, PEER_…_PG_NAME=$name at the other sites, and database.standbyName in the plan"
}
database_detach() {
  look_database_detach
  keep_standby
  was="following $follows"
  # One program waits for the receiver's end where that comes soon.
  answer=$(pg 5 "$PG_MAINTENANCE" <<SQL
alter system set primary_conninfo = '';
select pg_reload_conf();
do \$\$ begin
  for i in 1..15 loop
    exit when not exists (select from pg_stat_wal_receiver);
    perform pg_sleep(0.02);
  end loop;
end \$\$;
select count(*) from pg_stat_wal_receiver;
SQL
  ) || fail "the standby at $SITE was not told to leave: $(why)"
  case $answer in
    *0) ;;
    *)
      end_receiver
      again 180 no_receiver || fail "the standby at $SITE was not proven detached: its receiver of replication did not end within 10 s"
      ;;
  esac
  note_written
  read_database
  changed "$was" "following $follows"
  say current_lsn "$current_lsn"
  say timeline "$timeline"
}
no_receiver() { [ "$(echo 'select count(*) from pg_stat_wal_receiver' | pg 3 "$PG_MAINTENANCE")" = 0 ]; }
# A server that waits with its replay, for a delay or people, does not look at its settings; its receiver then ends by a signal, and is not started again without a source.
end_receiver() {
  receiver=$(echo 'select pid from pg_stat_wal_receiver' | pg 3 "$PG_MAINTENANCE")
  case $receiver in '' | *[!0-9]*) ;; *) kill -TERM "$receiver" 2>/dev/null ;; esac
}
look_database_follow() {
  peer_of "$1"
  [ -n "$peer_pg_host" ] || refuse "agent.conf of $SITE names no database at $1"
  [ -n "${running:-}" ] || read_database
  need_standby
  need_settings
  if [ "$1" = "$(standby_note follows)" ] && [ "$follows" != "$1" ]; then wanted=$(standby_note conninfo); else words_to "$peer_pg_host" "$peer_pg_port"; fi
  [ "$follows" = "$1" ] || [ $returning = yes ] || { [ $checking = no ] && was_let_in "$1"; } || try_replication "$1"
}
# A look beforehand has tried the same words within five minutes, and was let in: over a distance the way there and back counts, and the server tells no more a second time.
was_let_in() { # SITE
  { read -r tried_boot tried_up && read -r tried_words; } 2>/dev/null <"$STATE_DIR/tried-$1" && read_uptime &&
    [ "$tried_boot" = "$boot" ] && [ $((up - tried_up)) -le 300 ] && [ "$tried_words" = "$wanted" ]
}
read_uptime() { # sets up, in seconds, and boot
  { read -r up _ </proc/uptime && up=${up%.*} && read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
}
# With the very words that the standby would use, from the very host: what would refuse it says so now.
try_replication() { # SITE
  # By \connect, since the words may hold a password, which a command line would show. Without the options of the agent's own sessions, whose place a blank takes: psql drops what is empty.
  words=$(printf "options=' ' %s replication=true" "$wanted" | sed "s/['\\\\]/&&/g")
  answer=$(printf '%s\n' "\\connect -reuse-previous=off '$words'" 'IDENTIFY_SYSTEM;' | pg 5 "$PG_MAINTENANCE" -w) || {
    rm -f "$STATE_DIR/tried-$1"
    refuse "the standby at $SITE may not replicate from $1: $(why); let it in there by pg_hba.conf, add $1 to its password file, or fix the words in its primary_conninfo; nothing was changed"
  }
  theirs=${answer%%|*} ours=$("$PG_BIN/pg_controldata" -D "$PG_DATA" 2>/dev/null | sed -n 's/^Database system identifier: *//p')
  [ "$theirs" = "$ours" ] || refuse "the database at $1 is another cluster than that at $SITE (system identifier $theirs, here $ours); nothing was changed"
  # The words may hold a password.
  if read_uptime; then (umask 077 && printf '%s %s\n%s\n' "$boot" "$up" "$wanted" | replace "$STATE_DIR/tried-$1"); fi
}
# A standby that is paused, or applies with a delay, opens no new stream: both are lifted for as long as that takes. What it followed by its own settings it follows by them again.
database_follow() {
  look_database_follow "$1"
  keep_standby
  was="following $follows" slot_left=
  home=no new_slot= streaming=yes
  if [ "$1" = "$(standby_note follows)" ]; then home=yes wanted=$(standby_note conninfo) new_slot=$(standby_note slot); else slot_left=$(standby_note slot); fi
  if [ "$follows" != "$1" ] || [ "$receiver_active" != yes ] || { [ $home = yes ] && [ "$conninfo" != "$wanted" ]; }; then
    place_of "$wanted"
    answer=$(pg 15 "$PG_MAINTENANCE" <<SQL
alter system set primary_slot_name = $(sql_text "$new_slot");
alter system set primary_conninfo = $(sql_text "$wanted");
alter system set recovery_min_apply_delay = 0;
select pg_reload_conf();
select pg_wal_replay_resume();
do \$\$ begin
  for i in 1..500 loop
    exit when exists (select from pg_stat_wal_receiver where status = 'streaming' and '$place_host' in ('', sender_host) and sender_port = $place_port);
    perform pg_sleep(0.02);
    if i = 500 then raise exception 'nothing was streamed from $1 within 10 s'; end if;
  end loop;
end \$\$;
SQL
    ) || {
      said=$(why)
      case $returning:$said in
        yes:*'nothing was streamed'*) ;;
        *) # what let it in at an earlier look may not do so any more
          blocked=$(on_record='' && try_replication "$1" 2>/dev/null | sed -n 's/^refused=//p')
          fail "the standby at $SITE is told to follow $1, but: $said${blocked:+; ${blocked%; nothing was changed}}"
          ;;
      esac
      streaming=no
      exception "the standby at $SITE is told to follow $1 again by its own settings, and does not stream from it yet: it will when $1 is back"
    }
    note_written
    case $replay:$apply_delay_ms in
      'not paused:0') ;;
      *) exception "the standby at $SITE has applied what it held back (replay $replay, delay $apply_delay_ms ms), since one that waits opens no stream; it is held back again from now on" ;;
    esac
  fi
  if [ $home = yes ]; then put_standby_back; else hold_back "$apply_delay_ms" "$replay"; fi
  read_database
  changed "$was" "following $follows"
  say current_lsn "$current_lsn"
  say_slot_left "$slot_left"
}
say_slot_left() {
  [ -z "$1" ] || say remaining "The slot $1 of $SITE is used no more: the server that $SITE followed before keeps WAL for it until its disk is full. There, when it is back: SELECT pg_drop_replication_slot('$1') (its size: SELECT pg_size_pretty(pg_current_wal_lsn() - restart_lsn) FROM pg_replication_slots)."
}
hold_back() { # DELAY_MS REPLAY: as the standby was held back before
  sql=
  [ "$apply_delay_ms" = "$1" ] && [ "$1" = 0 ] || sql="alter system set recovery_min_apply_delay = '$1ms'; select pg_reload_conf();"
  case $2 in paused | 'pause requested') sql="$sql select pg_wal_replay_pause();" ;; esac
  [ -z "$sql" ] || printf '%s\n' "$sql" | pg 5 "$PG_MAINTENANCE" >/dev/null || fail "the standby at $SITE follows as it was told, but is not held back as it was: $(why)"
  note_written
}
put_standby_back() {
  if cmp -s "$PG_DATA/postgresql.auto.conf" "$STATE_DIR/standby.wrote"; then
    replace_same "$PG_DATA/postgresql.auto.conf" <"$STATE_DIR/standby.auto" && reload || fail "the standby at $SITE follows, but its postgresql.auto.conf was not put back"
    case $streaming:$(standby_note replay) in
      yes:paused | yes:'pause requested') echo 'select pg_wal_replay_pause()' | pg 3 "$PG_MAINTENANCE" >/dev/null ;;
      no:paused | no:'pause requested') exception "the replay at $SITE was paused before and is not now, since one that waits opens no stream: pause it when it streams" ;;
    esac
  else # somebody else has changed it since: his settings stay
    hold_back "$(standby_note apply_delay_ms)" "$(standby_note replay)"
  fi
  rm -f "$STATE_DIR/standby.former" "$STATE_DIR/standby.auto" "$STATE_DIR/standby.wrote"
}
# What a run has made of it is taken back, whatever that was: it follows whom it followed before. That one may be the very server that was lost: then the words stand there for its return.
look_database_return() {
  returning=yes
  look_database_detach
  to=
  if [ "$(standby_note epoch)" = "${EPOCH:-$(held_epoch)}" ]; then to=$(standby_note follows); fi
  case $to in '' | none) ;; *) look_database_follow "$to" ;; esac
}
database_return() {
  look_database_return
  case $to in '' | none) changed "following $follows" "following $follows" ;; *) database_follow "$to" ;; esac
}
# What was received and not applied is no loss, but it is no content either: it is applied now, whatever held it back. A later `database-follow` of the former source puts that back.
look_database_apply() { look_database_detach; }
database_apply() {
  look_database_apply
  keep_standby
  was="replay $replay, delay $apply_delay_ms ms"
  case $replay:$apply_delay_ms in
    'not paused:0') ;;
    *)
      printf '%s\n' 'alter system set recovery_min_apply_delay = 0;' 'select pg_reload_conf();' 'select pg_wal_replay_resume();' | pg 5 "$PG_MAINTENANCE" >/dev/null ||
        fail "the standby at $SITE does not apply what it has received: $(why)"
      note_written
      ;;
  esac
  changed "$was" 'replay not paused, delay 0 ms'
}

