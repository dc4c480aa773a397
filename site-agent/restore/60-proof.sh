# --- the proof: what is in it, and not that every program answered 0 ---------------------------------------------------------------------------
REACHED_SQL="select 'timeline_after=' || ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int,
  'identifier_after=' || (select system_identifier from pg_control_system()),
  'applied=' || coalesce(to_char(pg_last_xact_replay_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), 'none'),
  'replayed=' || coalesce(pg_last_wal_replay_lsn()::text, 'none'),
  'folder_after=' || current_setting('data_directory');"
proven() { # KEY VALUE
  echo "$1=$2" >>"$notes.proof.new" || give_up "$STATE_DIR at $SITE cannot be written"
  echo "$1=$2"
}
keep_proof() { mv -f "$notes.proof.new" "$notes.proof" || give_up "$STATE_DIR at $SITE cannot be written"; }
prove() {
  answer=$(printf '%s\n' "\\pset fieldsep '\\n'" "$REACHED_SQL" | pg postgres) || give_up "the restored server at $SITE does not tell how far it came: $(why)"
  timeline_after= identifier_after= applied= replayed= folder_after=
  while IFS='=' read -r key value; do
    case $key in timeline_after | identifier_after | applied | replayed | folder_after) eval "$key=\$value" ;; esac
  done <<LINES
$answer
LINES
  rm -f "$notes.proof.new"
  [ "$replayed" != none ] || give_up "the restored server at $SITE was started again since it came out of recovery, and cannot say any more how far it went"
  [ ! -e "$PG_DATA/recovery.signal" ] || give_up "the restored server at $SITE has not taken its recovery.signal away, so that it was not restored to a point"
  [ "$timeline_after" -gt "$timeline" ] || give_up "the restored server at $SITE is on timeline $timeline_after, the set's own: it started on the first state that is whole, and was not restored to a point"
  [ "$identifier_after" = "$identifier" ] && [ "$folder_after" = "$PG_DATA" ] || give_up "the server that answers at $SITE is of cluster $identifier_after in $folder_after, and the set is of $identifier"
  [ "$applied" = none ] || [ ! "$point" \< "$applied" ] || give_up "the restored server at $SITE has applied a commit of $applied, which is after the point $point"
  # PostgreSQL does not count the commit that it was told to stop after by its place.
  if [ "$point" = "$latest" ]; then
    [ "$(echo "select '$replayed'::pg_lsn > '$latest_lsn'::pg_lsn" | pg postgres)" = t ] || give_up "the restored server at $SITE has replayed its log to $replayed, and $point lies at $latest_lsn"
    applied=$point
  fi
  proven timeline_before "$timeline"
  proven timeline_after "$timeline_after"
  proven proven_identifier "$identifier_after"
  proven last_commit_applied "$applied"
  # Where nothing was replayed, what is in it is of the set's end.
  if [ "$applied" = none ]; then from=$(of_seconds "$stopped"); else from=$applied; fi
  proven seconds_before_point "$(as_seconds $(($(milliseconds_of "$point") - $(milliseconds_of "$from"))))"
  proven segments_walked "$count"
  prove_heartbeat
  prove_pages
  prove_indexes
  keep_proof
}
milliseconds_of() { date -u -d "$1" +%s%3N; }
prove_heartbeat() { # the last that the lost primary wrote
  [ -n "$HEARTBEAT_TABLE" ] || return 0
  newest=$(printf '%s' "select coalesce(to_char(max(written_at) at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), 'none') from $HEARTBEAT_TABLE" | pg "$PG_DATABASE") || newest="not known: $(why)"
  proven newest_heartbeat "$(one_line "$newest")"
}
prove_pages() { # of a server that is down in good order
  progress "$bytes" "$bytes" 'checking every page'
  if "$PG_BIN/pg_controldata" -D "$PG_DATA" | grep -q '^Data page checksum version: *0$'; then
    proven pages_checked 'none, since the cluster has no checksums'
    return
  fi
  stop_server || give_up "the restored server at $SITE does not stop for the check of its pages"
  pages=$("$PG_BIN/pg_checksums" --check -D "$PG_DATA" 2>"$BESIDE") || give_up "pages of what was restored at $SITE are broken: $(why)"
  proven pages_checked "$(printf '%s\n' "$pages" | awk '/^Blocks scanned:/ { print $3 }')"
  come_up
}
INDEXES_SQL="begin; create schema dr_amcheck; create extension if not exists amcheck schema dr_amcheck;
select set_config('search_path', quote_ident(nspname) || ', pg_catalog', true) as at from pg_extension e join pg_namespace n on n.oid = e.extnamespace where extname = 'amcheck' \\gset
select 'indexes=' || count(bt_index_check(c.oid, true)::text) from pg_class c join pg_index i on i.indexrelid = c.oid join pg_am a on a.oid = c.relam
  where a.amname = 'btree' and c.relkind = 'i' and c.relpersistence <> 't' and i.indisready and i.indisvalid;
rollback;"
prove_indexes() { # every one against its table, in each database; the program for that is there for the time of a transaction that is taken back
  progress "$bytes" "$bytes" 'checking every index'
  indexes=0 sql_seconds=86400
  databases=$(echo 'select datname from pg_database where datallowconn order by 1' | pg postgres) || give_up "the restored server at $SITE does not list its databases: $(why)"
  while IFS= read -r name; do
    said=$(printf '%s\n' "$INDEXES_SQL" | pg "$name" | sed -n 's/^indexes=//p') && [ -n "$said" ] || give_up "the indexes of $name in what was restored at $SITE are not sound, or cannot be checked: $(why)"
    indexes=$((indexes + said))
  done <<LINES
$databases
LINES
  sql_seconds=10
  proven indexes_checked $indexes
}
