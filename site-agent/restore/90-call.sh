# --- the call --------------------------------------------------------------------------------------------------------------------------------
# One compound with its end, as the agent's: a script that is copied over it is none of its business.
{
say site-restore $VERSION
[ $# -ge 1 ] || usage 'site-restore needs the path of its restore.conf'
conf=$1
shift
case $conf in */*) ;; *) conf=./$conf ;; esac
PG_SOCKETS=/var/run/postgresql PG_PORT=5432 PG_LISTEN=localhost PG_LOCAL_AUTH=md5 PG_PASSFILE= PG_START= PG_STOP= HEARTBEAT_TABLE= PG_DATABASE=postgres
BACKUPS= PGBACKREST= SERVICE_LISTEN=localhost SERVICE_ACCESS=
CACHE_BACKUPS= CACHE_DIR= CACHE_CONF= CACHE_SOCKET= CACHE_ADDRESS=127.0.0.1 CACHE_PORT=6379 CACHE_PASSFILE= CACHE_START= CACHE_STOP= REDIS_BIN=/usr/bin
TREES= S3_ENDPOINT= S3_REGION= S3_CREDENTIALS=
if [ $# -eq 0 ]; then # a forced command: the client's words are in the environment
  hear
  # shellcheck disable=SC2086 # split at blanks; nothing is expanded (set -f), nothing is evaluated
  set -- $words
  case ${1:-} in job-run | restore-run | cache-restore-run | backup-run | tree-run) usage "$1 is for this host itself" ;; esac
fi
[ -r "$conf" ] || usage "$conf cannot be read"
# shellcheck disable=SC1090 # named by whoever installed it
. "$conf"
BY_AGENT="$0 $conf"
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGSERVICE PGDATA
export PGPASSFILE="$PG_PASSFILE" PGCONNECT_TIMEOUT=2 PGAPPNAME=site-restore PGOPTIONS='-c statement_timeout=0 -c lock_timeout=0'
case $RESTORE_TOOL in
  files) [ -n "$BACKUPS" ] || usage "restore.conf of $SITE says RESTORE_TOOL=files, and BACKUPS is missing in it" ;;
  pgbackrest) case $PGBACKREST in *--stanza=?*) ;; *) usage "restore.conf of $SITE says RESTORE_TOOL=pgbackrest, and PGBACKREST with its --stanza is missing in it" ;; esac ;;
  *) usage "restore.conf of $SITE names a tool $RESTORE_TOOL; there are files and pgbackrest" ;;
esac
[ -d "$STATE_DIR" ] || mkdir -p "$STATE_DIR" || fail "$STATE_DIR cannot be made"
keep_beside
[ $# -ge 1 ] || usage 'no verb was given'
look_words "$@"
verb=$1
shift
case $verb in cache-*) for_cache ;; *) for_store database ;; esac
case $verb in
  identify | points | database-state | cache-points | cache-state | backup-run) arguments $# 0 ;;
  job-run | cache-look | cache-restore-run | tree-points | tree-state) arguments $# 1 ;;
  database-look | restore-run | tree-look | tree-run) arguments $# 2 ;;
  job-watch) [ $# -eq 2 ] || arguments $# 1 ;;
  *)
    read_change "$@"
    shift "$taken"
    CHANGE="$verb${*:+ $*}"
    ;;
esac
function=$(printf '%s' "$verb" | tr - _)
case $verb in
  identify | points | database-state | database-look | job-watch | job-run | restore-run | cache-points | cache-state | cache-look | cache-restore-run | backup-run | tree-points | tree-state | tree-look | tree-run) "$function" "$@" ;;
  database-restore) arguments $# 3 && job_id "$1" && guard restore && database_restore "$@" ;;
  database-admit | database-accept | database-discard) arguments $# 0 && guard restore && "$function" ;;
  database-backup) arguments $# 1 && job_id "$1" && guard restore && database_backup "$1" ;;
  cache-restore) arguments $# 2 && job_id "$1" && guard restore-cache && cache_restore "$@" ;;
  cache-admit | cache-accept | cache-discard) arguments $# 0 && guard restore-cache && "$function" ;;
  # Each tree is a kind of change of its own: they are restored side by side.
  tree-restore) arguments $# 3 && job_id "$1" && read_tree "$2" && guard "tree-$2" && tree_restore "$@" ;;
  tree-switch | tree-discard) arguments $# 1 && read_tree "$1" && guard "tree-$1" && "$function" "$1" ;;
  job-cancel) arguments $# 1 && job_id "$1" && guard "$(area_of_job)" && job_cancel "$1" ;;
  *) usage "$verb is no verb of site-restore" ;;
esac
exit
}
