# --- what would refuse a restore: all of it is looked at before anything changes ---------------------------------------------------------------
look_host() {
  [ "$(uname -n)" = "$HOST" ] || refuse "this host is $(uname -n), and restore.conf of $SITE is for $HOST; nothing was changed: install the file of this host, or correct HOST in it"
  [ "$(readlink -f "$(dirname "$data")")/${data##*/}" = "$data" ] && [ ! -L "$data" ] || refuse "$data_setting of $SITE is $data, which is no whole path or leads over a link, and a folder is renamed there; nothing was changed: write its own path in restore.conf"
  parent=${data%/*}
  [ -w "$parent" ] || refuse "$parent at $SITE cannot be written by the account of site-restore, and what is in $data is set aside there; nothing was changed: give it the right to write that folder"
  [ ! -e "$data" ] || [ "$(stat -c %d "$data")" = "$(stat -c %d "$parent")" ] || refuse "$data at $SITE is a disk of its own and cannot be set aside beside itself; nothing was changed: move the data into a folder of that disk, and name that one in restore.conf"
}
look_folder() { # SET [POINT]
  names_of "$RUN"
  if is_open_restore; then
    [ "$(noted run)" = "$RUN" ] || refuse "what run $(noted run) restored at $SITE stands there, neither accepted nor discarded; nothing was changed: discard it first ($store-discard)"
    [ "$(noted set) $(noted point)" = "$1 ${2:-}" ] || refuse "run $RUN has restored $(noted set)${2:+ to $(noted point)} at $SITE; nothing was changed: discard that first ($store-discard), then restore $1${2:+ to $2}"
    [ ! -e "$data" ] || is_ours "$data" || [ "$(noted stage)" = begun ] || refuse "$data at $SITE is neither what run $RUN set aside nor what it restored; nothing was changed: look who made it, and move it away"
  else
    for name in "$aside" "$half"; do
      [ ! -e "$name" ] || refuse "$name stands at $SITE already, and no restore of run $RUN is on record there; nothing was changed: look what it is, and move it away"
    done
  fi
  if server_in "$data" && ! { is_open_restore && is_ours "$data"; }; then
    "${store}_met"
  fi
}
database_met() { # a server that is nobody's of this restore
  refuse "a server runs in $data at $SITE (process $process of $(user_of "$process")); nothing was changed: stop it if it may be lost, then restore"
}
look_point() { # SET POINT → the set that is meant, point, bytes_needed
  point=$(moment "$2") || usage "a point is a moment in UTC like 2026-11-29T22:36:06.123456Z, not: $2"
  read_sets
  found=$(grep -F "$1 " "$folder/sets" | awk -v label="$1" '$1 == label')
  if [ -z "$found" ]; then
    there=$(one_line "$(cut -d' ' -f1 "$folder/sets")")
    refuse "there is no set $1 that $SITE can use; nothing was changed: there are ${there:-none, so bring backups within its reach}"
  fi
  read_set "$found"
  [ -z "$unusable" ] || refuse "the set $1 cannot be restored at $SITE: $unusable; nothing was changed: choose another one of points"
  [ "$identifier" = "$PG_SYSTEM_IDENTIFIER" ] || refuse "the set $1 is of another cluster ($identifier) than the one that $SITE restores ($PG_SYSTEM_IDENTIFIER); nothing was changed: choose another set, or correct PG_SYSTEM_IDENTIFIER in restore.conf"
  [ "$version" = "$(pg_major)" ] || refuse "the set $1 is of PostgreSQL $version, and $SITE has $(pg_major) in $PG_BIN; nothing was changed: install PostgreSQL $version there, and name its folder in restore.conf"
  [ ! "$point" \< "$earliest" ] || refuse "the set $1 ends after $point, so that it cannot be restored to it; nothing was changed: $(nearest "$earliest")"
  if [ "$latest" \< "$point" ]; then
    [ "$missing" = none ] || refuse "the log of the set $1 has a gap: $missing is missing at $SITE, and $point lies beyond it; nothing was changed: $(nearest "$latest")"
    refuse "the log that $SITE can use ends before $point; nothing was changed: $(nearest "$latest")"
  fi
  log_bytes=$((count * segment_bytes))
  # Of a log that is read from elsewhere the server keeps about this much at a time.
  [ $log_bytes -le 2147483648 ] || log_bytes=2147483648
  bytes_needed=$((bytes + log_bytes)) log_words='of its log'
}
nearest() { # MOMENT: of the set that was asked for, or another set that has the point
  asked_point=$point asked_set=$label
  (
    while IFS= read -r line; do
      read_set "$line"
      if [ "$label" != "$asked_set" ] && [ -z "$unusable" ] && [ "$identifier" = "$PG_SYSTEM_IDENTIFIER" ] && [ ! "$asked_point" \< "$earliest" ] && [ ! "$latest" \< "$asked_point" ]; then
        printf '%s' "the set $label can be restored to it"
        exit
      fi
    done <"$folder/sets"
    exit 1
  ) || printf '%s' "the nearest that there is of this set is $1"
}
look_room() { # with bytes_needed: bytes of the set, and log_bytes of what comes to it
  room=$(free_bytes "${data%/*}")
  # Of what this run has restored the room is taken again; what another one has is renamed, and stays.
  if [ "$(noted run)" = "$RUN" ]; then
    [ ! -e "$half" ] || room=$((room + $(bytes_of "$half")))
    ! is_ours "$data" || room=$((room + $(bytes_of "$data")))
  fi
  [ "$room" -ge "$bytes_needed" ] || refuse "${data%/*} at $SITE has $room bytes free, and $bytes_needed are needed ($bytes of the set and $log_bytes $log_words); nothing was changed: free that much there, or name another folder in restore.conf"
}
look_database_restore() { # SET POINT
  look_host
  look_point "$1" "$2"
  look_folder "$1" "$point"
  [ ! -e "$PG_DATA/recovery.conf" ] || is_open_restore || refuse "$PG_DATA at $SITE has a recovery.conf, as before version 12: somebody is restoring there by an old runbook; nothing was changed: ask who, and remove the file"
  look_room
  look_programs
}
look_setsid() {
  command -v setsid >/dev/null || refuse "setsid is not there at $SITE, which takes a job off the connection: whoever keeps that host installs util-linux; nothing was started"
}
look_programs() {
  look_setsid
  for program_needed in pg_ctl psql pg_waldump pg_controldata pg_checksums; do
    [ -x "$PG_BIN/$program_needed" ] || refuse "$PG_BIN has no $program_needed at $SITE; nothing was changed: install the server's package there"
  done
}
database_look() { # SET POINT
  RUN=$(held_run)
  if is_open_restore; then # of a run before: it is discarded first
    look_host
    look_point "$1" "$2"
    names_of "$RUN"
    look_room
    look_programs
  else
    look_database_restore "$1" "$2"
  fi
  say ready "$1"
  say point "$point"
  say earliest "$earliest"
  say latest "$latest"
  say bytes "$bytes"
  say log_bytes "$log_bytes"
  say free_bytes "$room"
  say segments "$count"
  say sets_aside "$([ -e "$PG_DATA" ] && echo "$PG_DATA" || echo nothing)"
}
