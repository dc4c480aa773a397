# --- the call --------------------------------------------------------------------------------------------------------------------------------
# One compound with its end, and all that follows: a shell reads its script as it goes, and one that is copied over it while an agent waits is none of its business.
{
say site-agent $VERSION
[ $# -ge 1 ] || usage 'site-agent needs the path of its agent.conf'
conf=$1
shift
case $conf in */*) ;; *) conf=./$conf ;; esac
UNIT=service SYSTEMCTL=systemctl SERVICE_START= SERVICE_STOP= SERVICE_ENABLE= SERVICE_ACTIVE= SERVICE_ACTIVE_ANSWER='*' SERVICE_ENABLED= SERVICE_ENABLED_ANSWER='*'
FILES= CERT_FILE= CA_FILE= PEERS= REFERENCE_TARGETS= PROBE_TIMEOUT_SECONDS=1 PG_DATA= PG_PASSFILE= REDIS_HOST= REDIS_AUTH_FILE=
PG_STOP= PG_START= PG_STANDBY_NAME=
returning=no checking=no
if [ $# -eq 0 ]; then # a forced command: the client's words are in the environment
  hear
  # shellcheck disable=SC2086 # split at blanks; nothing is expanded (set -f), nothing is evaluated
  set -- $words
  case ${1:-} in beat | job-run) usage "$1 is for this host itself" ;; esac
fi
# A job is what agent.conf lists, and nothing that the account has in its environment.
case $* in *job*) case $(export -p) in *JOB_*) for name in $(export -p | sed -n 's/^[a-z -]*\(JOB_[A-Za-z0-9_]*\).*/\1/p'); do unset "$name"; done ;; esac ;; esac
[ -r "$conf" ] || usage "$conf cannot be read"
# shellcheck disable=SC1090 # named by whoever installed it
. "$conf"
PG_STANDBY_NAME=${PG_STANDBY_NAME:-$SITE}
BY_AGENT="$0 $conf"
# No time-out that the estate sets for everybody cuts off what the agent does. From 17 on a trigger may write at each login, or end it. The agent looks often, also at a server that must not be written any more: its own sessions have none.
pg_options='-c statement_timeout=0 -c lock_timeout=0'
if [ -r "$PG_DATA/PG_VERSION" ] && read -r pg_major <"$PG_DATA/PG_VERSION" && [ "${pg_major%%.*}" -ge 17 ]; then pg_options="$pg_options -c event_triggers=off"; fi
T=$PROBE_TIMEOUT_SECONDS PG_MAINTENANCE=${PG_MAINTENANCE_DATABASE:-postgres} REDIS_USER=
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE
export PGPASSFILE="$PG_PASSFILE" PGCONNECT_TIMEOUT=2 PGAPPNAME=site-agent PGOPTIONS=
if [ -n "$REDIS_AUTH_FILE" ] && [ -r "$REDIS_AUTH_FILE" ]; then # one line: `password` or `user password`
  read -r REDIS_USER REDISCLI_AUTH <"$REDIS_AUTH_FILE" || [ -n "$REDIS_USER" ]
  if [ -z "$REDISCLI_AUTH" ]; then REDISCLI_AUTH=$REDIS_USER REDIS_USER=; fi
  export REDISCLI_AUTH
fi
[ -d "$STATE_DIR" ] || mkdir -p "$STATE_DIR" || fail "$STATE_DIR cannot be made"
case ${1:-} in beat | probe | probe-record) ;; *) keep_beside ;; esac # those are there each second, and start no program that they can do without

[ $# -ge 1 ] || usage 'no verb was given'
look_words "$@"
verb=$1
shift
case $verb in
  check) [ $# -ge 1 ] || usage 'check takes verbs, each as VERB or VERB=ARGUMENT' ;;
  identify | service-status | database-status | cache-status | files-status | switch-status | capacity-status | write-test | beat) arguments $# 0 ;;
  probe | probe-record | job-run) arguments $# 1 ;;
  database-beyond | job-watch) [ $# -eq 2 ] || arguments $# 1 ;;
  *)
    read_change "$@"
    shift "$taken"
    CHANGE="$verb${*:+ $*}"
    ;;
esac
case $verb in check | database-beyond) renice -n 10 -p $$ >/dev/null 2>&1 ;; service-*) use_manager ;; esac # many programs, none of them urgent: the servers of the host go first
function=$(printf '%s' "$verb" | tr - _)
case $verb in
  identify | beat | write-test | service-status | database-status | cache-status | files-status) "$function" ;;
  check | probe | probe-record | database-beyond | job-watch | job-run) "$function" "$@" ;;
  capacity-status) percent=$(capacity get) && say percent "$percent" || fail "the capacity of $SITE cannot be read: $percent $(why)" ;;
  switch-status) read_switch && say thrown_from "$from" && say thrown_to "$to" ;;
  epoch-claim) arguments $# 0 && guard epoch && changed "$before_epoch" "$EPOCH" ;;
  service-start | service-stop | database-close | database-open | database-detach | database-apply | database-return | database-promote | \
    cache-close | cache-open | cache-detach | cache-return | cache-promote) arguments $# 0 && guard "${verb%%-*}" && "$function" ;;
  capacity-set | database-follow | database-synchronous | cache-follow | cache-protect | switch-reset) arguments $# 1 && guard "${verb%%-*}" && "$function" "$1" ;;
  switch-throw) arguments $# 2 && guard switch && switch_throw "$1" "$2" ;;
  job-start) [ $# -gt 2 ] || arguments $# 2 && job_area "$2" && guard "$area" && job_start "$@" ;;
  job-cancel) arguments $# 1 && job_id "$1" && job_area "$(asked_of name)" && guard "$area" && job_cancel "$1" ;;
  *) usage "$verb is no verb of this agent" ;;
esac
exit
}
