# --- service, capacity, files, switch ----------------------------------------------------------------------------------------------------------
# The host's service manager: five commands of agent.conf, split at blanks; for systemd they follow from SYSTEMCTL, which may be `sudo -n systemctl`, and UNIT.
use_manager() {
  settings=
  for setting in START STOP ENABLE ACTIVE ENABLED; do eval "settings=\$settings\${SERVICE_$setting:+x}"; done
  case $settings in
    xxxxx) ;;
    '')
      SERVICE_START="$SYSTEMCTL start $UNIT" SERVICE_STOP="$SYSTEMCTL stop $UNIT" SERVICE_ENABLE="$SYSTEMCTL enable $UNIT"
      # Whoever may only start and stop by sudo asks by himself: the last word of SYSTEMCTL is the program.
      SERVICE_ACTIVE="${SYSTEMCTL##* } is-active $UNIT" SERVICE_ACTIVE_ANSWER=active SERVICE_ENABLED="${SYSTEMCTL##* } is-enabled $UNIT" SERVICE_ENABLED_ANSWER=enabled
      ;;
    *) fail "agent.conf of $SITE names some of SERVICE_START, SERVICE_STOP, SERVICE_ENABLE, SERVICE_ACTIVE and SERVICE_ENABLED; it must name all or none; nothing was changed" ;;
  esac
}
manager() { "$@" </dev/null 8>&- 9>&- 2>"$BESIDE"; }
said_by_manager() { one_line "$answer $(cat "$BESIDE")"; }
says() { # PATTERN COMMAND…: the command succeeds, and its answer fits
  pattern=$1
  shift
  # shellcheck disable=SC2254 # a pattern is what it is
  answer=$(manager "$@") && case $answer in $pattern) ;; *) return 1 ;; esac
}
is_active() { says "$SERVICE_ACTIVE_ANSWER" $SERVICE_ACTIVE; }
is_inactive() { ! is_active; }
is_enabled() { says "$SERVICE_ENABLED_ANSWER" $SERVICE_ENABLED; }
service_words() { printf '%s, %s' "$(is_active && echo active || echo inactive)" "$(is_enabled && echo enabled || echo disabled)"; }
# One look tells both that it is active and how it is: between two, a manager may still be replacing the process.
active_words() { words=$(service_words) && case $words in active,*) ;; *) return 1 ;; esac; }
service_status() {
  words=$(service_words)
  case $words in active,*) say active yes ;; *) say active no ;; esac
  case $words in *', enabled') say enabled yes ;; *) say enabled no ;; esac
  say detail "$(one_line "$words; the service manager says: $(manager $SERVICE_ACTIVE)")"
}
service_start() {
  look_service_start
  was=$(service_words) words=$was
  if [ "$was" != 'active, enabled' ]; then
    answer=$(manager $SERVICE_START) || fail "service $UNIT at $SITE did not start: $(said_by_manager)"
    answer=$(manager $SERVICE_ENABLE) || fail "service $UNIT at $SITE runs but was not enabled: $(said_by_manager)"
    again 200 active_words || fail "service $UNIT at $SITE is not active 10 s after its start"
  fi
  changed "$was" "$words"
}
service_stop() {
  look_service_stop
  was=$(service_words)
  if is_active; then
    answer=$(manager timeout 10 $SERVICE_STOP) || fail "service $UNIT at $SITE was not stopped within 10 s; a stop that has begun goes on: $(said_by_manager)"
    again 200 is_inactive || fail "service $UNIT at $SITE is still active 10 s after its stop"
  fi
  changed "$was" "$(service_words)"
}
capacity() { $CAPACITY_COMMAND "$@" </dev/null 8>&- 9>&- 2>"$BESIDE"; }
has_capacity() { [ "$(capacity get)" = "$1" ]; }
capacity_set() {
  look_capacity_set
  case $1 in *[!0-9]* | '' | ????*) usage "a capacity is a number of percent, not $1" ;; esac
  was=$answer
  if [ "$was" != "$1" ]; then
    answer=$(capacity set "$1") || fail "the capacity of $SITE was not changed: $answer $(why)"
    again 400 has_capacity "$1" || fail "the capacity of $SITE is $(capacity get) %, not $1 %, 20 s after it was set"
  fi
  changed "$was %" "$1 %"
}
files_status() {
  for file in $FILES; do if [ -s "$file" ]; then say file "$file present"; else say file "$file missing"; fi; done
  certificate=$(openssl x509 -in "$CERT_FILE" -noout -enddate -dateopt iso_8601 -subject -nameopt multiline -ext subjectAltName 2>/dev/null)
  say cert_not_after "$(printf '%s\n' "$certificate" | sed -n 's/^notAfter=\(.*\) \(.*Z\)$/\1T\2/p')"
  # shellcheck disable=SC2046 # one word for each name
  say cert_names "$(echo $(printf '%s\n' "$certificate" | sed -n 's/^ *commonName *= *//p; /DNS:/ { s/DNS://g; s/,/ /g; p }' | tr ' ' '\n' | sort -u))"
}
read_switch() {
  from=none to=none
  if [ -s "$SWITCH_FILE" ]; then read -r from to <"$SWITCH_FILE"; fi
}
switch_words() { if [ "$from" = none ]; then printf 'not thrown'; else printf 'thrown from %s to %s' "$from" "$to"; fi; }
switch_throw() {
  look_switch_throw
  read_switch
  was=$(switch_words)
  [ "$from $to" = "$1 $2" ] || printf '%s %s\n' "$1" "$2" | replace "$SWITCH_FILE" || fail "the switch at $SITE could not be thrown: $SWITCH_FILE cannot be written"
  read_switch
  changed "$was" "$(switch_words)"
}
switch_reset() {
  look_switch_throw
  read_switch
  was=$(switch_words)
  [ "$from" != "$1" ] || rm -f "$SWITCH_FILE" || fail "the switch at $SITE could not be reset: $SWITCH_FILE cannot be removed"
  read_switch
  changed "$was" "$(switch_words)"
}

