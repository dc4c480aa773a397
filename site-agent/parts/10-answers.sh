CR=$(printf '\r') TAB=$(printf '\t') LF='
'

say() { printf '%s=%s\n' "$1" "$2"; }
one_line() { case $1 in *"$CR"* | *"$LF"* | *"$TAB"*) printf '%s' "$1" | tr -s '\r\n\t' '   ' ;; *) printf '%s' "$1" ;; esac; }
end() { # EXIT KEY SENTENCE
  sentence=$(one_line "$3")
  [ -z "$on_record" ] || record "$2" "$sentence"
  say "$2" "$sentence"
  printf '%s\n' "$sentence" >&2
  exit "$1"
}
fail() { end 1 error "$1"; }
refuse() { end 65 refused "$1"; }
usage() { end 64 error "$1"; }
# what it was, what it is: equal texts mean that nothing was needed
exception() { say exception "$(one_line "$1")"; }
changed() {
  if [ "$1" = "$2" ]; then happened=no; else happened=yes; fi
  record "$(one_line "$1")" "$(one_line "$2")"
  say before "$1"
  say after "$2"
  say changed $happened
}
# What runs do stays on record at the site, whatever becomes of the orchestrator: time, epoch, run, verb with its arguments, and `begun`; then before and after, equal when
# nothing was needed, or `refused` or `error` and why. Noted before it is answered: nobody may be there any more to take the answer. `begun` alone means that this agent died.
# What is tried for weeks and changes nothing is on record once, until something else comes of it.
on_record= came_before=
BY_HAND=by-hand:0
begin_record() { # AREA
  last_file=$STATE_DIR/last-$1 last_change= came_before=
  if [ -f "$last_file" ]; then { read -r last_change && read -r came_before; } <"$last_file" || came_before=; fi
  [ "$last_change" = "$EPOCH $RUN $CHANGE" ] || came_before=
  if [ -n "$came_before" ]; then true >>"$STATE_DIR/changes.log"; else append begun ''; fi || fail "changes.log in $STATE_DIR cannot be written; nothing was changed"
  on_record=yes
}
append() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$(now)" "$EPOCH" "$RUN" "$CHANGE" "$1" "$2" >>"$STATE_DIR/changes.log"; }
record() { # BEFORE AFTER, or `refused` or `error` and why
  [ "$came_before" != "$1 | $2" ] || return 0
  append "$1" "$2"
  case $1 in "$2" | refused | error) printf '%s\n' "$EPOCH $RUN $CHANGE" "$1 | $2" | replace "$last_file" ;; *) rm -f "$last_file" ;; esac
}
now() { date -u +%Y-%m-%dT%H:%M:%S.%3NZ; }
# A clock can be set at any time, and what was noted before is told by the clock of now: notes have a base, the boot and how far the clock was from one that nobody sets.
base= milliseconds=0
read_clock() { # → clock, the same in milliseconds, and base, empty where the host does not tell; one program for all
  clock=$(date -u '+%Y-%m-%dT%H:%M:%S.%3NZ %s%3N') || return
  milliseconds=${clock#* } clock=${clock% *}
  { read -r up _ </proc/uptime && read -r boot </proc/sys/kernel/random/boot_id && base=$boot:$((${milliseconds%???} - ${up%.*})); } 2>/dev/null || base=
}
base() { read_clock && echo "$base"; }
say_clock() { read_clock && say clock "$clock"; } # first in an answer: by it whoever asks reads the other times there
as_seconds() { printf '%d.%03d' $(($1 < 0 ? 0 : $1 / 1000)) $(($1 < 0 ? 0 : $1 % 1000)); } # from milliseconds
set_since() { # BASE: by how many seconds the clock was set forward since; 0 where that cannot be said, as after another boot
  [ -n "$base" ] || read_clock
  set_by=0
  case $1 in "${base%:*}:"?*) set_by=$((${base##*:} - ${1##*:})) ;; esac
  case $set_by in -1 | 1) set_by=0 ;; esac # two roundings
}
by_clock_of_now() { if [ "$set_by" -eq 0 ]; then echo "$1"; else date -u -d "$1 + $set_by seconds" +%Y-%m-%dT%H:%M:%S.%3NZ; fi; }
# What a program answers is what it wrote as its answer, on standard output. What it wrote beside is kept for the case that it fails, and is never read as an answer.
BESIDE=/dev/null folder=
keep_beside() {
  BESIDE=$(mktemp 2>/dev/null || mktemp -p "$STATE_DIR" 2>/dev/null) || BESIDE=/dev/null
  trap 'clean_up' EXIT
  trap 'exit 1' HUP INT TERM
}
clean_up() {
  [ "$BESIDE" = /dev/null ] || rm -f "$BESIDE"
  [ -z "$folder" ] || rm -rf "$folder"
}
why() {
  text=$(one_line "$(cat "$BESIDE")")
  printf '%s' "${text:-no answer in time}"
}
replace() { # FILE: new content on stdin; whoever reads sees the old or the new, never half
  cat >"$1.new.$$" && mv -f "$1.new.$$" "$1" || leave "$1.new.$$"
}
leave() { # FILE: what could not be written whole is not left behind
  rm -f "$1"
  return 1
}
put() { # FILE TEXT: as replace, for one line and with one program
  printf '%s\n' "$2" >"$1.new.$$" && mv -f "$1.new.$$" "$1" || leave "$1.new.$$"
}
replace_same() { # FILE: as replace, under the owner and mode that the file has
  cp -p "$1" "$1.new.$$" && cat >"$1.new.$$" && mv -f "$1.new.$$" "$1" || leave "$1.new.$$"
}
again() { # TIMES COMMAND…: every 50 ms until it succeeds
  times=$1
  shift
  while ! "$@"; do
    times=$((times - 1))
    [ "$times" -gt 0 ] || return 1
    sleep 0.05
  done
}

within() { # SECONDS COMMAND…: every 50 ms until it succeeds; what it asks may be silent for longer than that
  until_second=$(($(date +%s) + $1))
  shift
  while ! "$@"; do
    [ "$(date +%s)" -lt "$until_second" ] || return 1
    sleep 0.05
  done
}

