# --- epoch ---------------------------------------------------------------------------------------------------------------------------------
# A number, bounded so that every shell can count with it, without leading zeros: arithmetic would take 08 for octal, and a comparison of texts for another epoch than 8.
EPOCH_STEPS_MAX=1000
number() { # TEXT → the number; fails on anything else
  digits=$1
  case $digits in '' | *[!0-9]*) return 1 ;; esac
  while [ "${digits#0?}" != "$digits" ]; do digits=${digits#0}; done
  [ ${#digits} -le 15 ] && printf '%s' "$digits"
}
read_epoch() {
  held=0 holder=none
  if [ -f "$STATE_DIR/epoch" ]; then read -r held holder <"$STATE_DIR/epoch"; fi
  held=$(number "$held") || fail "$STATE_DIR/epoch holds no epoch; nothing was changed: ask the other sites' agents what they hold ($BY_AGENT identify), and write that there as the agent's account: EPOCH RUN"
}
held_epoch() { read_epoch && printf '%s' "$held"; }
held_run() { read_epoch && printf '%s' "$holder"; }
check_epoch() {
  read_epoch
  if [ "$EPOCH" -lt "$held" ] || { [ "$EPOCH" -eq "$held" ] && [ "$RUN" != "$holder" ]; }; then
    say epoch "$held"
    say holder "$holder"
    echo "epoch $EPOCH of $RUN is stale: $SITE has seen epoch $held of $holder; nothing was changed" >&2
    exit 66
  fi
  # Epochs rise by one with each run. One that nobody can have reached would leave no room for those after it.
  [ "$EPOCH" -le $((held + EPOCH_STEPS_MAX)) ] || refuse "epoch $EPOCH is more than $EPOCH_STEPS_MAX above $held, the highest that $SITE has seen; nothing was changed. Where the other sites do hold it (ask each: $BY_AGENT identify), write it at $SITE as the agent's account: echo '$((EPOCH - 1)) by-hand' >$STATE_DIR/epoch"
}
# What a worker sent before it froze may come late. Of one kind of change only the latest task of a workflow counts, and what one workflow (or a person) has opened
# again no other closes under the same epoch: the watch of a run over a lost site is a workflow of its own. People name no task; nothing is refused to them here.
check_task() { # AREA
  seen= latest= did=
  if [ -f "$STATE_DIR/task-$1" ]; then read -r seen latest did <"$STATE_DIR/task-$1"; fi
  if [ "$seen" = "$EPOCH" ] && [ "$TASK" != "$BY_HAND" ]; then
    if [ "${latest%:*}" = "${TASK%:*}" ]; then
      [ "${TASK##*:}" -ge "${latest##*:}" ] || refuse "task ${TASK##*:} is over: $SITE has seen ${latest##*:} of the same workflow for the $1; nothing was changed"
    else
      case $did in *-open | *-follow | service-start) refuse "$did at $SITE by ${latest%:*} came after this task was given out; nothing was changed" ;; esac
    fi
  fi
  printf '%s %s %s\n' "$EPOCH" "$TASK" "$verb" | replace "$STATE_DIR/task-$1" || fail "the task could not be noted in $STATE_DIR; nothing was changed"
}
# Changes of one run go side by side (shared lock); a higher epoch waits for them, so that nothing old is still under way once it is stored.
guard() { # AREA: what must not be changed twice at a time
  # An undo is tried whatever room there is: it needs less than what it takes back.
  case $verb in *-open | *-return | *-follow | switch-reset | job-cancel | service-stop | *-discard) ;; *) look_state ;; esac
  # A file that cannot be opened would end the shell without a word, as it would behind `:`.
  { true >>"$STATE_DIR/lock" && true >>"$STATE_DIR/lock-$1"; } 2>/dev/null || fail "the locks in $STATE_DIR cannot be written; nothing was changed: free its disk, or give the agent's account the right to write there"
  exec 9>>"$STATE_DIR/lock" 8>>"$STATE_DIR/lock-$1"
  flock -w 20 -s 9 || fail "another change at $SITE holds the epoch lock for more than 20 s; nothing was changed"
  check_epoch
  begin_record "$1"
  before_epoch=$held
  if [ "$EPOCH" -gt "$held" ]; then
    flock -w 20 -x 9 || fail "changes of an older run at $SITE take more than 20 s; nothing was changed"
    check_epoch
    if [ "$EPOCH" -gt "$held" ]; then
      printf '%s %s\n' "$EPOCH" "$RUN" | replace "$STATE_DIR/epoch" && sync "$STATE_DIR/epoch" || fail "the epoch could not be stored in $STATE_DIR; nothing was changed"
    fi
    flock -w 20 -s 9 || fail "another change at $SITE holds the epoch lock for more than 20 s; epoch $EPOCH is stored there, nothing else was changed"
    check_epoch
  fi
  flock -w 20 -x 8 || fail "another change of the $1 at $SITE takes more than 20 s; nothing was changed"
  check_task "$1"
}

