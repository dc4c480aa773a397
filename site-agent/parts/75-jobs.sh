# --- jobs: work of minutes or hours, detached from whoever asked for it: docs/decisions/016-jobs.md ------------------------------------------
# Each has its folder, jobs/ID in STATE_DIR: asked (what, and by which run), process (who carries it out), progress (by its program), out, out.1 and out.2 (the last that it
# wrote), cancelled, ended. What has no process has not begun.
JOBS_KEPT_MAX=64 JOBS_DAYS_MAX=30 JOBS_ARGUMENTS_MAX=16 JOBS_LETTERS_MAX=256 JOBS_WAIT_MAX=20
job_id() { # ID → job, its folder
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) usage "the id of a job begins with a letter or digit and has letters, digits, dots, dashes and underscores, not: $1" ;; esac
  [ ${#1} -le 120 ] || usage 'the id of a job has at most 120 letters'
  job=$STATE_DIR/jobs/$1
}
asked_of() { sed -n "s/^$1=//p" "$job/asked" 2>/dev/null; } # KEY
start_of() { # PID → when it began, in the kernel's own count; two processes of one number differ in it
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # words; the name of the program, which may hold blanks, is cut off
  set -- ${stat##*) }
  printf '%s' "${20}"
}
# It lives while anybody of its group does. A number that was given to another process since, or before a restart of the host, is not its.
job_lives() {
  { read -r leader began noted _ <"$job/process"; } 2>/dev/null || return 1
  here=$(base)
  [ "${noted%:*}" = "${here%:*}" ] || return 1
  leads=$(start_of "$leader") && [ "$leads" != "$began" ] && return 1
  ps -A -o pgid=,stat= | awk -v group="$leader" '$1 == group && $2 !~ /^Z/ { found = 1 } END { exit !found }'
}
job_is_gone() { ! job_lives; }
job_has_begun() { [ -f "$job/process" ]; }
# Sets state (none, running, done, failed, cancelled, lost), and of one that ended exit_code and ended_at. Lost: its processes are gone and none has said how it ended.
read_job() {
  state=none exit_code= ended_at=
  if [ ! -f "$job/ended" ] && job_lives; then
    state=running
    return
  fi
  if [ -f "$job/ended" ]; then
    read -r exit_code ended_at noted <"$job/ended" && set_since "$noted" && ended_at=$(by_clock_of_now "$ended_at")
    if [ "$exit_code" = 0 ]; then state=done; else state=failed; fi
  elif [ -f "$job/process" ]; then state=lost; fi
  [ ! -f "$job/cancelled" ] || state=cancelled
}
job_list() { ls "$STATE_DIR/jobs" 2>/dev/null; }
look_job_start() { # NAME, or ID NAME ARGUMENT…
  if [ $# -eq 1 ]; then id='' name=$1; else id=$1 name=$2; fi
  job_program "$name"
  command -v setsid >/dev/null || refuse "setsid is not there at $SITE, which takes a job off the connection: whoever keeps that host installs util-linux; nothing was started"
  if [ -n "$id" ]; then
    shift 2
    job_arguments "$@"
    job_id "$id"
    [ ! -f "$job/asked" ] || [ -f "$job/cancelled" ] || [ "$(job_words "$@")" = "$(grep -E '^(name|argument)=' "$job/asked")" ] ||
      refuse "the job $id at $SITE is another one ($(one_line "$(grep -E '^(name|argument)=' "$job/asked")")); nothing was started: give this one an id of its own"
  fi
  look_jobs_of_others "$id" "$name"
}
job_arguments() {
  [ $# -le $JOBS_ARGUMENTS_MAX ] || refuse "a job takes at most $JOBS_ARGUMENTS_MAX arguments, not $#; nothing was started"
  for argument in "$@"; do
    [ ${#argument} -le $JOBS_LETTERS_MAX ] || refuse "an argument of a job has at most $JOBS_LETTERS_MAX letters, not ${#argument}; nothing was started"
    case $argument in -*) refuse "an argument of a job is no option, as $argument looks: the program at $SITE decides its options itself; nothing was started" ;; esac
  done
}
job_words() {
  echo "name=$name"
  for argument in "$@"; do echo "argument=$argument"; done
}
look_jobs_of_others() { # ID NAME
  said=$(
    for other in $(job_list); do
      job=$STATE_DIR/jobs/$other
      [ "$other" != "$1" ] && [ "$(asked_of name)" = "$2" ] && read_job && [ "$state" = running ] && printf '%s of %s' "$other" "$(asked_of run)" && exit
    done
  )
  [ -z "$said" ] || refuse "the job ${said%% of *} of ${said#* of } runs at $SITE, and one $2 at a time: wait for its end, or end it there ($BY_AGENT job-cancel --epoch $(held_epoch) --run $(held_run) ${said%% of *}); nothing was started"
  said=$(for other in $(job_list); do job=$STATE_DIR/jobs/$other && [ "$(asked_of epoch)" = "${EPOCH:-$(held_epoch)}" ] && [ "$other" != "$1" ] && echo "$other"; done | wc -l)
  [ "$said" -lt $JOBS_KEPT_MAX ] || refuse "$SITE has had $said jobs of this run, and more are not kept; nothing was started: whoever keeps that host looks why it takes so many ($STATE_DIR/jobs)"
}
new_job() { # ID ARGUMENT…: its folder is there as a whole, or not at all; fails when it is there already
  new=$STATE_DIR/jobs/.new.$$ job=$STATE_DIR/jobs/$1
  shift
  (umask 077 && mkdir -p "$new" && { printf '%s\n' "epoch=$EPOCH" "run=$RUN" "program=$program" && job_words "$@"; } >"$new/asked" && true >"$new/progress") && mv -T "$new" "$job" 2>"$BESIDE" && return 0
  rm -rf "$new"
  [ -f "$job/asked" ]
}
job_start() { # ID NAME ARGUMENT…
  look_job_start "$@"
  id=$1
  shift 2
  job_id "$id"
  read_job
  was=$state
  if [ "$state" = none ]; then
    forget_jobs
    [ -f "$job/asked" ] || new_job "$id" "$@" || fail "$STATE_DIR at $SITE cannot be written; nothing was started"
    # Of two that are begun, since the first was thought dead, one goes on: job_run.
    setsid /bin/sh "$0" "$conf" job-run "$id" </dev/null >/dev/null 2>&1 8>&- 9>&- &
    again 200 job_has_begun || fail "the job $id at $SITE did not begin within 10 s; it may yet, and a repeat finds it then"
    read_job
  fi
  changed "$was" "$state"
}
job_run() { # ID: carries it out, called by job_start in a session of its own
  rm -f "$BESIDE"
  BESIDE=/dev/null
  job_id "$1"
  echo "none 0 $(date +%s) $(base)" >"$job/seen"
  echo "$$ $(start_of $$) $(base) $(now)" >"$job/process.$$" && ln "$job/process.$$" "$job/process" 2>/dev/null
  begun=$?
  rm -f "$job/process.$$"
  # A cancel notes itself before it looks for a process, so that one of both sees the other.
  [ $begun = 0 ] && [ ! -f "$job/cancelled" ] || exit 0
  trap : HUP INT TERM # its end is noted, also of a program that is ended
  job_carry_out "$1" 2>/dev/null | job_keep_output
}
job_carry_out() { # ID; with nothing of what whoever asked, or this agent, has in the environment
  trap : HUP INT TERM
  # shellcheck disable=SC2046 # one word for each argument, as they were checked
  cd / && env -i "PATH=$PATH" "HOME=${HOME:-/}" LC_ALL=C DR_JOB_ID="$1" DR_JOB_PROGRESS="$job/progress" DR_RUN="$(asked_of run)" DR_EPOCH="$(asked_of epoch)" DR_SITE="$SITE" \
    "$(asked_of program)" $(asked_of argument) </dev/null 2>&1
  echo "$? $(now) $(base)" | replace "$job/ended"
}
job_keep_output() { # the last of it, three times 256 writes of 4 KiB at most
  trap '' HUP INT TERM
  while dd bs=4096 count=256 of="$job/out" 2>/dev/null && [ -s "$job/out" ]; do
    [ ! -f "$job/out.1" ] || mv -f "$job/out.1" "$job/out.2"
    mv -f "$job/out" "$job/out.1"
  done
  cat >/dev/null # a full disk is the program's own to judge
}
look_job_cancel() { job_id "$1"; }
job_cancel() { # ID; one that has not begun does not begin any more
  look_job_cancel "$1"
  read_job
  was=$state
  case $state in none | running)
    program= name=$(asked_of name)
    [ -f "$job/asked" ] || new_job "$1" || fail "$STATE_DIR at $SITE cannot be written; nothing was cancelled"
    [ -f "$job/cancelled" ] || echo "$RUN $(now) $(base)" | replace "$job/cancelled" || fail "$STATE_DIR at $SITE cannot be written; nothing was cancelled"
    end_job TERM 8 || end_job KILL 5 || fail "the job $1 at $SITE did not end by KILL within 5 s: its processes wait for the kernel (ps -o pid,stat,args -g $leader); it writes no more once they go on"
    ;;
  esac
  read_job
  changed "$was" "$state"
  [ "$was" != running ] || { read_progress && say remaining "What the job $name at $SITE had written by then stays there as it is (${done_bytes:-unknown} of ${all_bytes:-unknown} bytes; its last line: $(last_line)). Its output: $job."; }
}
end_job() { # SIGNAL SECONDS: the whole group
  job_lives || return 0
  kill -s "$1" -- "-$leader" 2>/dev/null
  within "$2" job_is_gone
}
# What ended is kept for later questions: all of this run, of older ones so many and for so long. What runs is never removed.
forget_jobs() {
  (
    for other in $(job_list); do
      job=$STATE_DIR/jobs/$other of=$(asked_of epoch)
      [ "${of:-0}" != "$EPOCH" ] && read_job && [ "$state" != running ] || continue
      days=0
      [ -z "$ended_at" ] || days=$((($(date +%s) - $(date -d "$ended_at" +%s)) / 86400))
      echo "${of:-0} $other $days"
    done
  ) | sort -rn | awk -v most="$JOBS_KEPT_MAX" -v days="$JOBS_DAYS_MAX" 'NR > most || $3 > days { print $2 }' | while read -r old; do rm -rf "$STATE_DIR/jobs/${old:?}"; done
}
read_progress() { # done_bytes, all_bytes and doing of the last whole line `progress DONE ALL [what]`; the line after it may be half
  done_bytes= all_bytes= doing=
  read -r done_bytes all_bytes doing <<LINE
$({ tail -c 4096 "$job/progress" 2>/dev/null && echo .; } | tr '\000-\010\013-\037\177' ' ' |
    awk '{ if (before ~ /^progress +[0-9]+ +[0-9]+( |$)/) last = before; before = $0 } END { sub(/^progress +/, "", last); print substr(last, 1, 160) }')
LINE
  [ ${#done_bytes} -le 15 ] && [ ${#all_bytes} -le 15 ] || done_bytes= all_bytes=
}
# The time of a file is by the clock of then. As long as it is the one that was seen before, its age is by that look; one that is new is no older than that look.
progress_age() {
  [ -s "$job/progress" ] && read -r seen written looked noted <"$job/seen" && at=$(stat -c %Y "$job/progress") && set_since "$noted" && today=$(date +%s) || return 0
  age=$((today - written - set_by))
  if [ "$seen" != "$at" ]; then
    age=$((today - at))
    [ "$age" -le $((today - looked - set_by)) ] || age=$((today - looked - set_by))
    echo "$at $((today - age)) $today $(base)" | replace "$job/seen"
  fi
  echo $((age < 0 ? 0 : age))
}
last_line() { cat "$job/out.2" "$job/out.1" "$job/out" 2>/dev/null | tail -c 4096 | tr '\000-\010\013-\037\177' ' ' | awk 'NF { line = $0 } END { print substr(line, 1, 300) }'; }
job_watch() { # ID [SECONDS, to wait for its end]
  job_id "$1"
  rounds=$(number "${2:-0}") && [ "$rounds" -le $JOBS_WAIT_MAX ] || usage "job-watch waits for $JOBS_WAIT_MAX s at most"
  say_clock && rounds=$((rounds * 2))
  until read_job && [ "$state" != running ] || [ $rounds -eq 0 ]; do
    sleep 0.5
    rounds=$((rounds - 1))
  done
  started_at=
  if [ -f "$job/process" ]; then read -r _ _ noted started_at <"$job/process" && set_since "$noted" && started_at=$(by_clock_of_now "$started_at"); fi
  read_clock # of after the wait; the times are told by the clock that was said
  read_progress
  say state "$state"
  say job "$(asked_of name)"
  say run "$(asked_of run)"
  for key in exit_code started_at ended_at; do eval "say $key \"\$$key\""; done
  say bytes_done "$done_bytes"
  say bytes_all "$all_bytes"
  say doing "$doing"
  say progress_age_seconds "$(progress_age)"
  say last_line "$(last_line)"
}

