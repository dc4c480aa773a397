# --- points: what can be restored at this host -----------------------------------------------------------------------------------------------
cannot() { # SENTENCE → why_not, for whoever asked a tool: what a tool writes is its answer
  why_not=$1
  return 1
}
moment() { # TEXT → the same in UTC with microseconds, so that two compare as texts; fails on what is no moment
  case $1 in ????-??-??T??:??:??Z | ????-??-??T??:??:??.*Z) ;; *) return 1 ;; esac
  date -u -d "$1" +%Y-%m-%dT%H:%M:%S.%6NZ 2>/dev/null
}
of_seconds() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S.000000Z; }
# Segments follow each other by number, on the timeline of their set: what a promotion began needs a set of its own. Beyond the first that is not there PostgreSQL goes no further, and without a target it opens there and says nothing.
walk() { # FIRST SEGMENT-BYTES, names on stdin → the last without a gap, how many, and the first that is missing though later ones are there
  awk -v first="$1" -v size="$2" '
    function number(hex, n, i) { for (i = 1; i <= length(hex); i++) n = n * 16 + index("0123456789ABCDEF", substr(hex, i, 1)) - 1; return n }
    { name = $1 ""; there[name]; if (substr(name, 1, 8) == substr(first, 1, 8) && name > highest) highest = name } # as texts: they may look like numbers
    END {
      file = number(substr(first, 9, 8)); segment = number(substr(first, 17, 8)); last = "none"
      while ((name = sprintf("%s%08X%08X", substr(first, 1, 8), file, segment)) in there) {
        last = name; count++
        if (++segment == 4294967296 / size) { segment = 0; file++ }
      }
      print last, count + 0, (highest > last || last == "none" ? name : "none")
    }'
}
# One segment at a time: what begins in it and ends in one that is missing is no commit.
commits_of() { # SEGMENT → a line for each: moment, LSN
  mkdir -p "$folder/segment"
  "${RESTORE_TOOL}_segment" "$1" "$folder/segment" 2>"$BESIDE" || cannot "the segment $1 of the log cannot be read at $SITE: $(why); nothing was changed: look at the backups, then ask again" || return 1
  "$PG_BIN/pg_waldump" -r Transaction "$folder/segment/$1" 2>/dev/null | sed -n 's/.*lsn: \([0-9A-F/]*\),.*desc: COMMIT\( PREPARED [^:]*:\)\{0,1\} \([0-9-]*\) \([0-9:.]*\) UTC.*/\3T\4Z \1/p'
  rm -f "$folder/segment/$1"
}
last_commit() { # FIRST LAST COUNT → latest, latest_lsn: of the log from FIRST to LAST, empty where nothing was committed
  latest= latest_lsn=
  names=$(sort -r "$folder/log" | awk -v first="$1" -v last="$2" 'substr($1, 1, 8) == substr(first, 1, 8) && $1 "" <= last "" && $1 "" >= first ""')
  for segment_name in $names; do
    commits_of "$segment_name" >"$folder/commits" || fail "$why_not"
    read -r latest latest_lsn <<LINE
$(tail -n 1 "$folder/commits")
LINE
    [ -z "$latest" ] || return 0
  done
}
# Sets of one set all that is known of it; unusable says why it is none.
read_set() { # a line of the tool's
  read -r label started stopped bytes version identifier timeline first last_own segment_bytes log_id <<LINE
$1
LINE
  unusable= earliest= latest= latest_lsn= last=none count=0 missing=none
  if [ "$started" = - ]; then
    unusable=${1#* - }
    return
  fi
  "${RESTORE_TOOL}_log" "$segment_bytes" >"$folder/log" || fail "the log at $SITE cannot be read: $(why); nothing was changed"
  read -r last count missing <<LINE
$(walk "$first" "$segment_bytes" <"$folder/log")
LINE
  earliest=$(of_seconds $((stopped + 1))) # its end is told in whole seconds
  if [ "$last" = none ] || [ "$last" \< "$last_own" ]; then
    unusable="its own log is not whole: $missing is missing, and it needs all up to $last_own"
    return
  fi
  last_commit "$first" "$last" "$count"
  [ -z "$latest" ] || latest=$(moment "$latest")
  if [ -z "$latest" ] || [ "$latest" \< "$earliest" ]; then unusable='its log holds no commit after its end'; fi
}
read_sets() { # → sets in folder, newest last
  new_folder
  "${RESTORE_TOOL}_sets" >"$folder/sets" || fail "$why_not"
}
points() {
  read_sets
  say_clock
  say repository "$RESTORE_TOOL"
  say version "$(pg_major)"
  say system_identifier "$PG_SYSTEM_IDENTIFIER"
  while IFS= read -r line; do
    read_set "$line"
    if [ -n "$unusable" ]; then say unusable "$label $unusable"; fi
    [ "$started" != - ] || continue
    say set "$label started=$(of_seconds "$started") stopped=$(of_seconds "$stopped") bytes=$bytes version=$version system_identifier=$identifier timeline=$timeline first_segment=$first last_segment=$last segments=$count log_bytes=$((count * segment_bytes)) missing=$missing earliest=$earliest latest=${latest:-none} usable=$([ -z "$unusable" ] && echo yes || echo no)"
  done <"$folder/sets"
}
new_folder() { # removed by clean_up
  folder=$(mktemp -d 2>/dev/null || mktemp -d -p "$STATE_DIR") || fail "no folder for a moment can be made at $SITE; nothing was changed: free its disk"
}
