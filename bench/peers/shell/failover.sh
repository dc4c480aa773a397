#!/bin/bash
# The regional failover of the source document ("US-East-1 Failure Recovery") as a runbook script, repaired where docs/plan-notes.md says that it is wrong:
# the site is fenced before anything is promoted, the database and the cache are promoted at all, traffic moves last, and what was written is read back.
#
# It begins when the decision has been taken. The hosts `primary`, `secondary` and `tertiary` are those of SSH_CONFIG; a login there has psql (as the local
# administrator), systemctl and capacity on its PATH. Everything else that it needs comes in the variables below.
set -euo pipefail

: "${SSH_CONFIG:?}" "${PRIMARY:?}" "${SECONDARY:?}" "${TERTIARY:?}"             # addresses as the operator sees them
: "${SECONDARY_SEEN_BY_TERTIARY:?}" "${TERTIARY_SEEN_BY_SECONDARY:?}"             # and as the sites see each other
: "${CONNINFO_TO_SECONDARY:?}" "${CONNINFO_TO_TERTIARY:?}" "${TERTIARY_SITE:?}"   # how the one follows the other, and its name in replication
: "${REDIS_USER:?}" "${REDISCLI_AUTH:?}" "${CACHE_MAX_LAG_SECONDS:?}"
: "${PUBLIC_HOST:?}" "${SERVICE_PORT:?}" "${CA_FILE:?}" "${PROBE_TIMEOUT_SECONDS:?}" "${MONITORING_URL:?}"
: "${HOSTED_ZONE_ID:?}" "${SET_IDENTIFIER:?}" "${SWITCH_HEALTH_CHECK_ID:?}" "${TARGET_PUBLIC_ADDRESS:?}" "${TTL_SECONDS:?}" "${AWS:?}" "${ROUTE53_ENDPOINT:?}"

step() { printf '== %s\n' "$1"; }
die() { printf 'STOP: %s\n' "$1" >&2; exit 1; }
on() { ssh -F "$SSH_CONFIG" "$@"; }
sql() { on "$1" psql -XAtq -v ON_ERROR_STOP=1; } # HOST, SQL on stdin
redis() { local host=$1; shift; timeout 3 redis-cli --no-auth-warning -h "$host" -p 6379 --user "$REDIS_USER" "$@" | tr -d '\r'; }
redis_ok() { [ "$(redis "$@")" = OK ] || die "Redis at $1 did not do: ${*:2}"; }
replication() { redis "$1" INFO replication | sed -n "s/^$2://p"; }
service() { # HOST PATH, as the public name
  curl -sS -f -m 2 --connect-timeout "$PROBE_TIMEOUT_SECONDS" --cacert "$CA_FILE" --connect-to "::$1:$SERVICE_PORT" "https://$PUBLIC_HOST:$SERVICE_PORT$2"
}
until_true() { local n=0; until "${@:2}"; do n=$((n + 1)); [ "$n" -lt "$1" ] || return 1; sleep 0.05; done; } # TIMES COMMAND…

# 1. Confirm failure: neither the database nor the service of the primary answers.
step confirm
if pg_isready -q -h "$PRIMARY" -p 5432 -t "$PROBE_TIMEOUT_SECONDS"; then die 'the database of the primary answers'; fi
if service "$PRIMARY" /health >/dev/null 2>&1; then die 'the service of the primary answers'; fi

# 2. Fence. On the host itself if it can be reached, else by taking away the standbys without which it acknowledges nothing.
step fence
if on primary 'systemctl stop erlmcp' 2>/dev/null; then
  sql primary <<'SQL'
alter system set default_transaction_read_only = on;
select pg_reload_conf();
select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid();
SQL
  redis_ok "$PRIMARY" CONFIG SET min-replicas-to-write 100
fi
detach() {
  sql "$1" <<'SQL' >/dev/null
alter system set primary_conninfo = '';
select pg_reload_conf();
do $$ begin
  for i in 1..500 loop
    perform pg_sleep(0.02);
    exit when not exists (select from pg_stat_wal_receiver);
    if i = 500 then raise exception 'the receiver of replication did not end within 10 s'; end if;
  end loop;
end $$;
SQL
}
detach tertiary
detach secondary
silent=999
for replica in "$TERTIARY" "$SECONDARY"; do
  down=$(replication "$replica" master_link_down_since_seconds)
  [ "${down:-0}" -ge "$silent" ] || silent=${down:-0}
  redis_ok "$replica" CONFIG SET min-replicas-to-write 100 # nobody may write to a copy that is not promoted yet
  redis_ok "$replica" REPLICAOF NO ONE
done
# A primary counts a replica for the maximum lag after its last sign; then it acknowledges nothing more.
[ "$silent" -gt "$CACHE_MAX_LAG_SECONDS" ] || sleep "$((CACHE_MAX_LAG_SECONDS + 1 - silent))"

# 3. Prepare: the target gets what the other survivor has more, and carries the full load.
step prepare
position() { echo "select pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')" | sql "$1"; }
ahead=$(position tertiary)
if [ "$(echo "select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')" | sql secondary)" -lt "$ahead" ]; then
  sql secondary <<SQL >/dev/null
alter system set primary_conninfo = '$CONNINFO_TO_TERTIARY';
select pg_reload_conf();
do \$\$ begin
  for i in 1..500 loop
    exit when pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= $ahead;
    perform pg_sleep(0.02);
    if i = 500 then raise exception 'the target did not catch up within 10 s'; end if;
  end loop;
end \$\$;
SQL
fi
linked() { [ "$(replication "$1" master_link_status)" = up ]; }
offset() { replication "$1" master_repl_offset; }
if [ "$(offset "$TERTIARY")" -gt "$(offset "$SECONDARY")" ]; then
  redis_ok "$SECONDARY" REPLICAOF "$TERTIARY_SEEN_BY_SECONDARY" 6379
  until_true 200 linked "$SECONDARY" || die 'the cache of the target did not catch up'
fi
on secondary 'capacity set 100' >/dev/null
[ "$(on secondary 'capacity get')" = 100 ] || die 'the capacity of the target was not raised'

# 4. Promote the database and the cache, and let the other survivor follow: what is acknowledged from here on is on two sites again.
step promote
sql secondary <<'SQL' >/dev/null
alter system set synchronous_standby_names = '';
alter system set primary_conninfo = '';
select pg_reload_conf();
do $$ begin if not pg_promote(true, 30) then raise exception 'not promoted within 30 s'; end if; end $$;
SQL
[ "$(echo 'select pg_is_in_recovery()' | sql secondary)" = f ] || die 'the target is still a standby'
redis_ok "$SECONDARY" REPLICAOF NO ONE
redis_ok "$SECONDARY" CONFIG SET min-replicas-to-write 0
redis_ok "$TERTIARY" REPLICAOF "$SECONDARY_SEEN_BY_TERTIARY" 6379
until_true 200 linked "$TERTIARY" || die 'the cache of the tertiary site does not follow'
redis_ok "$SECONDARY" CONFIG SET min-replicas-to-write 1
step protect
sql tertiary <<SQL >/dev/null
alter system set primary_conninfo = '$CONNINFO_TO_SECONDARY';
select pg_reload_conf();
SQL
sql secondary <<SQL >/dev/null
do \$\$ begin
  for i in 1..500 loop
    exit when exists (select from pg_stat_replication where application_name = '$TERTIARY_SITE' and state = 'streaming');
    perform pg_sleep(0.02), pg_stat_clear_snapshot();
    if i = 500 then raise exception 'the tertiary site did not stream within 10 s'; end if;
  end loop;
end \$\$;
alter system set synchronous_standby_names = 'ANY 1 ("$TERTIARY_SITE")';
select pg_reload_conf();
SQL

# 5. Start and enable the service.
step start
on secondary 'systemctl start erlmcp && systemctl enable erlmcp'
[ "$(on secondary 'systemctl is-active erlmcp')" = active ] || die 'the service of the target is not active'

# 6. Verify at the target: its health, and a write that is read back for each function.
step verify
service "$SECONDARY" /health | grep -q '"status":"healthy"' || die 'the target is not healthy'
for path in /customer-api /session-management /payment-processing /analytics /admin-console; do
  token=shell-$$-$RANDOM$RANDOM
  answer=$(service "$SECONDARY" "$path/probe?write=$token") || die "$path does not answer"
  case $answer in *'"readBack":"'"$token"'"'*) ;; *) die "$path did not read back what it wrote: $answer" ;; esac
done

# 7. Route: the primary record of the failover set leads to the target.
step route
change=$("$AWS" --endpoint-url "$ROUTE53_ENDPOINT" route53 change-resource-record-sets --hosted-zone-id "$HOSTED_ZONE_ID" --query ChangeInfo.Id --output text --change-batch '{
  "Comment": "Failover to the secondary site",
  "Changes": [{ "Action": "UPSERT", "ResourceRecordSet": {
    "Name": "'"$PUBLIC_HOST"'", "Type": "A", "TTL": '"$TTL_SECONDS"', "SetIdentifier": "'"$SET_IDENTIFIER"'", "Failover": "PRIMARY",
    "HealthCheckId": "'"$SWITCH_HEALTH_CHECK_ID"'", "ResourceRecords": [{ "Value": "'"$TARGET_PUBLIC_ADDRESS"'" }] } }]
}')

# 8. Read back: the change is everywhere, and a customer's way works.
step read-back
in_sync() { [ "$("$AWS" --endpoint-url "$ROUTE53_ENDPOINT" route53 get-change --id "$change" --query ChangeInfo.Status --output text)" = INSYNC ]; }
until_true 60 in_sync || die 'the change of the record did not reach all name servers'
service "$TARGET_PUBLIC_ADDRESS" /health >/dev/null

# 9. Update monitoring.
step monitoring
curl -sS -f -m 5 -X POST -H 'Content-Type: application/cloudevents+json' -d '{"specversion":"1.0","id":"'"$(date +%s%N)"'","source":"/runbook","type":"service.moved","data":{"status":"failover_active","from":"primary","to":"secondary"}}' "$MONITORING_URL" >/dev/null
step done
