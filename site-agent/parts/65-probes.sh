# --- looking at other sites ------------------------------------------------------------------------------------------------------------------
T=
# Each sets ok, yes or no, and how.
probe_service() {
  ok=no how='not in agent.conf'
  [ -n "$peer_service_host" ] || return 0
  answer=$(curl -q -sS --noproxy '*' -m "$T" ${CA_FILE:+--cacert "$CA_FILE"} --connect-to "::$peer_service_host:$peer_service_port" -w ' HTTP %{http_code}' \
    "https://$PUBLIC_HOST:$peer_service_port${HEALTH_PATH:-/health}" 2>&1)
  # Healthy means status 200 and, where the body says how it is, healthy or ok. What says it first, where the first one counts, or holds no object at all, is read without a program.
  case $answer in
    '{"status":"healthy"'*' HTTP 200' | '{"status":"ok"'*' HTTP 200') ok=yes how=healthy && return ;;
    *'{'*) ;;
    *' HTTP 200') ok=yes how=healthy && return ;;
  esac
  said=$(printf '%s' "$answer" | tr -d ' \n\r' | sed -n ':inner; s/\(.\){[^{}]*}/\10/; t inner; s/^{.*"status":"\([^"]*\)".*/\1/p')
  case "${answer##*HTTP }:$said" in
    200: | 200:healthy | 200:ok) ok=yes how=healthy ;; 000:*) how="no answer: $(one_line "${answer% HTTP 000}")" ;; *) how="HTTP ${answer##*HTTP }, says ${said:-nothing}" ;;
  esac
}
probe_database() {
  ok=no how='not in agent.conf'
  [ -n "$peer_pg_host" ] || return 0
  timeout "$T" "$PG_BIN/pg_isready" -q -h "$peer_pg_host" -p "$peer_pg_port" -t 2 2>/dev/null
  case $? in 0) ok=yes how='accepts connections' ;; 1) how='answers, but rejects connections' ;; *) how='no answer' ;; esac
}
probe_cache() {
  ok=no how='not in agent.conf'
  [ -n "$peer_redis_host" ] || return 0
  unset REDISCLI_AUTH # the question is whether it answers; asking needs no password
  answer=$(timeout "$T" "$REDIS_CLI" -h "$peer_redis_host" -p "$peer_redis_port" PING 2>&1)
  case $answer in PONG* | NOAUTH* | NOPERM* | LOADING* | MASTERDOWN*) ok=yes how=answers ;; *) how="no answer: $(one_line "$answer")" ;; esac
}
# Reached means that bytes came back: a black hole may still accept connections. Curl says 1 for an answer that is not HTTP.
probe_reference() {
  ok=no how=
  for target in $REFERENCE_TARGETS; do
    curl -q -s -o /dev/null --noproxy '*' -m "$T" "http://$target/"
    case $? in 0 | 1) ok=yes && return ;; esac
  done
}
new_folder() { # removed by clean_up
  folder=$STATE_DIR/tmp.$$
  mkdir -p "$folder"
}
received_age() { # PEER → seconds since the last message of replication from it; empty when there was none
  [ -f "$STATE_DIR/received" ] || return 0
  read_clock
  read -r received_ms received_from noted <"$STATE_DIR/received" && set_since "$noted"
  [ "$received_from" != "$1" ] || as_seconds $((milliseconds - received_ms - set_by * 1000))
}
note_received() { # psql's answer: milliseconds of age, host, port, seconds; the age is by the database's clock, and is counted on by the host's
  # shellcheck disable=SC2086 # four words
  set -- $1
  [ $# -eq 4 ] || return 0
  read_clock
  sender=$(peer_at pg "$2" "$3") clocks=$STATE_DIR/clocks noted=
  put "$STATE_DIR/received" "$((milliseconds - $1)) $sender $base"
  # By how many seconds its clock is ahead of that of the database here: nobody can ask a lost primary, whose heartbeats are by that clock.
  if [ -f "$clocks" ]; then while read -r of ahead since; do [ "$of $ahead" != "sender_clock=$sender $4" ] || noted=$since; done <"$clocks"; fi
  { [ -n "$noted" ] && set_since "$noted" && [ "$set_by" -eq 0 ]; } || { grep -sv "^sender_clock=$sender " "$clocks"; echo "sender_clock=$sender $4 $base"; } | replace "$clocks"
}
RECEIVED_SQL="select (extract(epoch from clock_timestamp() - last_msg_receipt_time) * 1000)::bigint || ' ' || sender_host || ' ' || sender_port || ' ' || round(extract(epoch from last_msg_send_time - last_msg_receipt_time))::bigint from pg_stat_wal_receiver where last_msg_receipt_time is not null and last_msg_send_time is not null"
read_received() { # → answer
  answer=$(
    pg 2 "$PG_MAINTENANCE" <<SQL
$RECEIVED_SQL
SQL
  )
}
probe() {
  peer_of "$1"
  say_clock && say sent_at "$clock"
  answer=$( # side by side, each line as it comes
    for check in service database cache reference; do
      { "probe_$check"; printf '%s %s %s\n' "$check" "$ok" "$how"; } &
    done
    wait
  )
  while read -r check ok how; do
    say "${check}_ok" "$ok"
    [ "$check" = reference ] || say "${check}_detail" "$how"
  done <<LINES
$answer
LINES
  read_cache
  up='' age=''
  if [ "$follows" != "$1" ]; then :; elif [ "$link" = up ]; then up=yes age=$last_io_seconds; else up=no age=$link_down_seconds; fi
  say cache_link_up "$up"
  say cache_link_age_seconds "$age"
  probe_record "$1"
}
probe_record() { # what this host has noted of a peer by itself; asks the peer nothing
  is_peer "$1" || usage "$1 is no peer of $SITE; its peers are: $PEERS"
  say_clock
  if [ -f "${PG_DATA:-}/PG_VERSION" ] && read_received; then note_received "$answer"; fi
  say replication_age_seconds "$(received_age "$1")"
  failing= rounds=0
  if [ -f "$STATE_DIR/probe-$1" ]; then read -r rounds failing noted <"$STATE_DIR/probe-$1" && set_since "$noted" && failing=$(by_clock_of_now "$failing"); fi
  say failing_since "$failing"
  say rounds_recorded "$rounds"
}
# The record of one peer: how many rounds in a row failed, and when the first of them was sent. A round fails when neither service nor database answers; a
# healthy or a blind round ends the row. In peace that is one question, since a site that serves has not failed; this runs each second at every site.
record_round() { # PEER, after read_clock
  peer_of "$1"
  rounds=0 failing= noted=
  if [ -f "$STATE_DIR/probe-$1" ]; then read -r rounds failing noted <"$STATE_DIR/probe-$1"; fi
  was=$rounds
  if [ "$was" -gt 0 ]; then { probe_database; echo "$ok"; } >"$STATE_DIR/beat-$1" & fi
  probe_service
  if [ "$ok" = yes ]; then rounds=0 failing= noted=; else
    if [ "$was" -gt 0 ]; then wait && read -r ok <"$STATE_DIR/beat-$1"; else probe_database; fi
    if [ "$ok" = no ] && probe_reference && [ "$ok" = yes ]; then rounds=$((rounds + 1)) failing=${failing:-$clock} noted=${noted:-$base}; else rounds=0 failing= noted=; fi
  fi
  [ "$was$rounds" = 00 ] || put "$STATE_DIR/probe-$1" "$rounds $failing $noted"
}

