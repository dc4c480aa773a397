# --- the tool `files`: base backups of pg_basebackup (plain format) below BACKUPS/base, and the segments of the log in BACKUPS/wal ------------
files_sets() { # → a line for each: LABEL STARTED STOPPED (seconds) BYTES VERSION SYSTEM-IDENTIFIER TIMELINE FIRST-SEGMENT LAST-SEGMENT SEGMENT-BYTES LOG, or LABEL - WHY
  [ -r "$BACKUPS/base" ] && [ -x "$BACKUPS/base" ] && [ -r "$BACKUPS/wal" ] && [ -x "$BACKUPS/wal" ] ||
    cannot "the backups at $SITE cannot be read: $BACKUPS/base and $BACKUPS/wal must both be there for the account of site-restore; nothing was changed: mount them, or give it the right to read" || return 1
  for label in $(ls "$BACKUPS/base"); do files_set "$label" "$BACKUPS/base/$label"; done
}
files_set() { # LABEL FOLDER
  [ -d "$2" ] || return 0
  [ -s "$2/backup_manifest" ] || { echo "$1 - it has no backup_manifest: it is being made, or was cut off"; return; }
  first=$(sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p' "$2/backup_label" 2>/dev/null)
  [ -n "$first" ] || { echo "$1 - it has no backup_label: it would be taken for a whole cluster"; return; }
  ! [ -s "$2/tablespace_map" ] || { echo "$1 - it has tablespaces, and only what is in one folder is restored"; return; }
  ! [ -e "$2/recovery.conf" ] || { echo "$1 - it has a recovery.conf, with which no server from version 12 on starts"; return; }
  at=$(sed -n 's/^START WAL LOCATION: \(.*\)$/\1/p' "$2/backup_label")
  history=$(find "$BACKUPS/wal" -maxdepth 1 -name "$first.*.backup" -exec grep -lxF "START WAL LOCATION: $at" {} + | head -n 1)
  [ -n "$history" ] || { echo "$1 - the log holds no history file of it ($first.*.backup), so that its end is not known"; return; }
  ended=$(date -d "$(sed -n 's/^STOP TIME: //p' "$history")" +%s 2>/dev/null) && begun=$(date -d "$(sed -n 's/^START TIME: //p' "$history")" +%s 2>/dev/null) ||
    { echo "$1 - the times in ${history##*/} cannot be read"; return; }
  last=$(sed -n 's/^STOP WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p' "$history")
  echo "$1 $begun $ended $(bytes_of "$2") $(cat "$2/PG_VERSION") $(system_identifier "$2") $((0x${first%????????????????})) $first $last $(stat -c %s "$BACKUPS/wal/$first" 2>/dev/null || echo 16777216) -"
}
files_log() { # SEGMENT-BYTES → names of its whole segments; one of another size was cut off
  find "$BACKUPS/wal" -maxdepth 1 -type f -name '????????????????????????' -size "$1c" -printf '%f\n'
}
files_segment() { cp "$BACKUPS/wal/$1" "$2/$1"; } # NAME FOLDER
files_restore() { # SET FOLDER
  cp -a "$BACKUPS/base/$1/." "$2/" && "$PG_BIN/pg_verifybackup" -n -q "$2" && echo 'every file is as the manifest of the set has it'
}
files_restore_command() { printf '%s' "cp \"$BACKUPS/wal/%f\" \"%p\""; }
files_new_log() { # PATH: where it archives from now on
  mkdir -p "$1/wal" "$1/base"
}
files_archive_command() { printf '%s' "test ! -f \"$1/wal/%f\" && cp \"%p\" \"$1/wal/%f.new\" && sync \"$1/wal/%f.new\" && mv \"$1/wal/%f.new\" \"$1/wal/%f\""; }
