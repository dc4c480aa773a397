# --- the tool `pgbackrest`: a repository of pgBackRest, as PGBACKREST names it (program with --config and --stanza) ---------------------------
backrest() { # WORD…
  # shellcheck disable=SC2086 # a command, split at blanks
  $PGBACKREST --log-level-console=warn --log-level-file=off --log-level-stderr=off "$@"
}
stanza() { printf '%s' "$PGBACKREST" | sed -n 's/.*--stanza=\([^ ]*\).*/\1/p'; }
# By its own text of what it has: `info` answers 0 and an empty list where nothing can be read.
pgbackrest_sets() {
  backrest repo-get "backup/$(stanza)/backup.info" >"$folder/backup.info" 2>"$BESIDE" && grep -q '^\[db\]' "$folder/backup.info" ||
    cannot "the repository of pgBackRest at $SITE cannot be read: $(why; one_line "$(head -c 300 "$folder/backup.info")"); nothing was changed: look there with $PGBACKREST info" || return 1
  sed -n 's/^\([0-9]\{8\}-[0-9]\{6\}F[^=]*\)=\({.*\)$/\1 \2/p' "$folder/backup.info" >"$folder/labels"
  while read -r label text; do pgbackrest_set "$label" "$text" || return 1; done <"$folder/labels"
}
of_text() { # TEXT KEY: a number or word of a line of JSON without nesting
  printf '%s\n' "$1" | sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}
pgbackrest_set() { # LABEL TEXT
  id=$(of_text "$2" db-id)
  database=$(sed -n "/^\[db:history\]/,\$s/^$id=//p" "$folder/backup.info")
  first=$(of_text "$2" backup-archive-start) last=$(of_text "$2" backup-archive-stop)
  [ -n "$first" ] && [ "$first" != null ] || { echo "$1 - it was made without its log"; return; }
  [ "$(of_text "$2" backup-error)" != true ] || { echo "$1 - pgBackRest found pages of wrong checksums when it made it"; return; }
  log_id=$(of_text "$database" db-version)-$id
  pgbackrest_names "$first" || return 1
  echo "$1 $(of_text "$2" backup-timestamp-start) $(of_text "$2" backup-timestamp-stop) $(of_text "$2" backup-info-size) $(of_text "$database" db-version) $(of_text "$database" db-system-id) $((0x${first%????????????????})) $first $last $(cat "$folder/size-$log_id") $log_id"
}
pgbackrest_names() { # FIRST → segments-LOG in folder: as the repository names them, with checksum and suffix; size-LOG: how long one is
  [ ! -f "$folder/size-$log_id" ] || return 0
  backrest repo-ls --recurse "archive/$(stanza)/$log_id" >"$folder/segments-$log_id" 2>"$BESIDE" || cannot "the log in the repository of pgBackRest at $SITE cannot be read: $(why); nothing was changed: look there with $PGBACKREST info" || return 1
  if pgbackrest_segment "$1" "$folder" 2>/dev/null; then stat -c %s "$folder/$1"; else echo 16777216; fi >"$folder/size-$log_id"
  rm -f "$folder/$1"
}
pgbackrest_log() { sed -n 's/^.*\/\([0-9A-F]\{24\}\)-[0-9a-f]\{40\}[.a-z0-9]*$/\1/p' "$folder/segments-$log_id"; }
pgbackrest_segment() { # NAME FOLDER
  entry=$(grep "/$1-" "$folder/segments-$log_id" | head -n 1)
  [ -n "$entry" ] || return 1
  case $entry in *.gz) unpack='gzip -dc' ;; *.zst) unpack='zstd -dcq' ;; *.lz4) unpack='lz4 -dcq' ;; *.bz2) unpack='bzip2 -dc' ;; *) unpack=cat ;; esac
  backrest repo-get "archive/$(stanza)/$log_id/$entry" | $unpack >"$2/$1"
}
pgbackrest_restore() { # SET FOLDER
  backrest restore "--set=$1" "--pg1-path=$2" --type=none && echo 'pgBackRest has compared every file with its checksum'
}
pgbackrest_restore_command() { printf '%s' "$PGBACKREST --log-level-file=off --pg1-path=$PG_DATA archive-get %f \"%p\""; }
pgbackrest_new_log() { backrest "--repo1-path=$1" "--pg1-path=$PG_DATA" "--pg1-port=$PG_PORT" "--pg1-socket-path=$PG_SOCKETS" "--pg1-user=$PG_ADMIN_USER" stanza-create; }
pgbackrest_archive_command() { printf '%s' "$PGBACKREST --log-level-file=off --repo1-path=$1 --pg1-path=$PG_DATA archive-push %p"; }
