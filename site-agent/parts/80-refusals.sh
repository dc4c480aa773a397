# --- what would be refused: the looks of the verbs, and nothing else -------------------------------------------------------------------------
look_service_start() {
  use_manager
  answer=$(manager $SERVICE_ACTIVE) || [ -n "$answer" ] || [ ! -s "$BESIDE" ] || refuse "the service manager at $SITE cannot be asked for $UNIT: $(why)"
  for command in "$SERVICE_START" "$SERVICE_STOP" "$SERVICE_ENABLE"; do may_by_sudo $command; done
}
may_by_sudo() { # COMMAND…: sudo tells whether it would carry it out
  case $1 in sudo | */sudo) ;; *) return 0 ;; esac
  by=$1
  shift
  answer=$(manager "$by" -l "$@") || refuse "sudo at $SITE would not carry out: $by $*: $(one_line "$(cat "$BESIDE")"); add the line that the estate check prints to sudoers there, without requiretty"
}
look_service_stop() { look_service_start; }
look_capacity_set() {
  answer=$(capacity get) || refuse "the capacity of $SITE cannot be read: $answer $(why)"
  case $answer in *[!0-9]* | '') refuse "CAPACITY_COMMAND get of $SITE says '$answer', and a number of percent is needed" ;; esac
}
look_switch_throw() { [ -w "$(dirname "$SWITCH_FILE")" ] || refuse "$SWITCH_FILE at $SITE cannot be written: the agent's account needs the right to write its folder"; }
check() { # VERB[=ARGUMENT] …
  checking=yes
  for asked in "$@"; do
    name=${asked%%=*} argument=
    case $asked in *=*) argument=${asked#*=} ;; esac
    case $name in
      database-*) if [ -n "${PG_DATA:-}" ] && [ -z "${running:-}" ]; then read_database; fi ;;
      cache-*) [ -n "${cache_running:-}" ] || read_cache ;;
    esac
    case $name in
      service-start | service-stop | capacity-set | switch-throw | database-close | database-detach | database-apply | database-return | database-follow | database-promote | database-synchronous | \
        cache-close | cache-open | cache-detach | cache-return | cache-follow | cache-promote | cache-protect | job-start) ;;
      *) usage "check knows no $name" ;;
    esac
    said=$( (look_state && "look_$(printf '%s' "$name" | tr - _)" "$argument") 2>/dev/null) && say ready "$asked"
    printf '%s\n' "$said" | sed -n "s/^\(refused\|error\|exception\)=/\1=$asked: /p"
  done
}

