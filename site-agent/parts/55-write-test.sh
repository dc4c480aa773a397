# --- a real write ----------------------------------------------------------------------------------------------------------------------------
write_test() {
  token=$SITE-$$-$(date +%s%N)
  if [ ! -f "${PG_DATA:-}/PG_VERSION" ]; then
    verdict=no-answer detail='no database here'
  elif hba_closed; then # as a customer: whoever holds the administrator's key cannot tell what others may do
    try_keys
    case $door in open) verdict=accepted ;; shut | down) verdict=refused ;; *) verdict=no-answer ;; esac
    detail="tried with $tried keys of customers: $door_said"
  else
    detail=$(pg 2 "$PG_DATABASE" <<SQL
\set QUIET off
set statement_timeout = '1500ms';
delete from dr_write_test where id in (select id from dr_write_test where written_at < now() - interval '1 hour' for update skip locked);
insert into dr_write_test (id, token, written_at) values ((random() * 2000000000)::int, '$token', clock_timestamp());
select 'read back: ' || token from dr_write_test where token = '$token';
SQL
    )
    code=$? detail=$(one_line "$detail $(cat "$BESIDE")")
    case $code:$detail in
      # The server calls such a commit done, but only on its own disk: whoever was promised it may lose it.
      *'synchronous replication'*) verdict=no-answer ;;
      0:*'INSERT 0 1'*"read back: $token"*) verdict=accepted ;;
      124:* | 137:*) verdict=no-answer detail="no answer within 2 s $detail" ;;
      *pg_hba.conf* | *'read-only transaction'*) verdict=refused ;;
      # Anything else says nothing of what customers may do.
      *) verdict=no-answer ;;
    esac
  fi
  say database_write $verdict
  if hba_locked; then say database_locked yes; else say database_locked no; fi
  say database_detail "$detail"
  if [ -z "${REDIS_HOST:-}" ]; then verdict=no-answer detail='no cache here'; else
    detail=$(redis SET dr:write-test "$token" EX 60)
    code=$? detail=$(one_line "${detail:-$(cat "$BESIDE")}")
    case $code:$detail in 0:OK) verdict=accepted ;; *:NOREPLICAS* | *:READONLY*) verdict=refused ;; 124:* | 137:* | *:) verdict=no-answer detail='no answer within 3 s' ;; *) verdict=no-answer ;; esac
  fi
  say cache_write $verdict
  say cache_detail "$detail"
}

