# --- the cache's server: found by its folder, asked through the socket behind closed doors, or at its address ---------------------------------------
for_cache() {
  [ -n "$CACHE_DIR" ] || refuse "restore.conf of $SITE names no CACHE_DIR, so that no cache is restored there; nothing was changed: write the settings of the cache in it, as restore.conf.example has them"
  [ -n "$CACHE_BACKUPS" ] && [ -n "$CACHE_CONF" ] || usage "restore.conf of $SITE names CACHE_DIR, and CACHE_BACKUPS or CACHE_CONF is missing in it; nothing was changed"
  [ -n "$CACHE_START" ] && [ -n "$CACHE_STOP" ] || [ -z "$CACHE_START$CACHE_STOP" ] || usage "restore.conf of $SITE names one of CACHE_START and CACHE_STOP; nothing was changed: name both, or none"
  for_store cache
  socket=${CACHE_SOCKET:-$STATE_DIR/restore-cache.sock} way=none info=
  # Not among the arguments, which everybody on the host can read.
  [ -z "$CACHE_PASSFILE" ] || { REDISCLI_AUTH=$(cat "$CACHE_PASSFILE" 2>/dev/null) && export REDISCLI_AUTH; } || fail "CACHE_PASSFILE of $SITE ($CACHE_PASSFILE) cannot be read; nothing was changed: let the account of site-restore read it"
}
redis_version() { "$REDIS_BIN/redis-server" --version 2>/dev/null | sed -n 's/.* v=\([0-9.]*\).*/\1/p'; }
cache_servers() { # FOLDER → the number of each process that has it as its own folder and is no child of another such: a server, or what one that died left writing there
  ps -A -o pid=,ppid=,stat=,comm= | while read -r pid parent stat name; do
    case $stat-$name in
      Z*) ;; # killed, and only not yet taken leave of
      *-redis-server* | *-valkey-server*)
        # Of another account: taken for one where it listens at the port.
        at=$(readlink "/proc/$pid/cwd" 2>/dev/null) || case "$(ps -o args= -p "$pid") " in *:"$CACHE_PORT "*) at=$1 ;; *) at= ;; esac
        [ "$at" != "$1" ] || echo "$pid $parent"
        ;;
    esac
  done | awk '{ of[$1] = $2 } END { for (pid in of) if (!(of[pid] in of)) print pid }'
}
cache_server_in() { # FOLDER → process
  process=$(cache_servers "$1" | head -n 1)
  [ -n "$process" ]
}
cli() { # WORD…, or commands on stdin: by the way that was found
  if [ "$way" = socket ]; then set -- -s "$socket" "$@"; else set -- -h "$CACHE_ADDRESS" -p "$CACHE_PORT" "$@"; fi
  timeout -k 1 "${cache_seconds:-5}" "$REDIS_BIN/redis-cli" --no-auth-warning "$@" 2>"$BESIDE" 8>&- 9>&-
}
read_info() { info=$(cli INFO | tr -d '\r') && [ -n "$(of_info loading)" ]; }
of_info() { printf '%s\n' "$info" | sed -n "s/^$1://p"; }
in_keyspace() { # keys, expires: of all databases together
  printf '%s\n' "$info" | awk -v key="$1" -F '[:,]' '/^db[0-9]+:/ { for (i = 2; i <= NF; i++) if (split($i, pair, "=") && pair[1] == key) sum += pair[2] } END { print sum + 0 }'
}
reach() { # → way: how `process` is asked, by the number that it tells of itself, and info
  for way in socket address; do
    if read_info && [ "$(of_info process_id)" = "$process" ]; then return 0; fi
  done
  way=none
  return 1
}
is_over() { case " $(cache_servers "$CACHE_DIR" | tr '\n' ' ')" in *" $process "*) return 1 ;; esac; }
# Nothing is saved by one that is stopped: what a server that came up empty holds would be written over the file that it did not read.
stop_one() { # process
  told=
  ! reach || told=$(cli CONFIG SET save '')
  if [ "$way" = address ] && [ -n "$CACHE_STOP" ]; then
    if [ "$told" != OK ]; then
      echo "it cannot be told to save nothing: ${told:-$(why)}" >"$BESIDE"
      return 1
    fi
    # shellcheck disable=SC2086 # a command, split at blanks
    $CACHE_STOP >/dev/null 2>"$BESIDE" </dev/null
  elif [ "$way" = none ]; then
    kill -s TERM "$process" 2>"$BESIDE"
  else
    cli SHUTDOWN NOSAVE FORCE >/dev/null
    # By a signal it saves what its settings say.
    within 5 is_over || { [ "$way" = address ] && [ "$told" != OK ]; } || kill -s TERM "$process" 2>"$BESIDE"
  fi
  within 15 is_over
}
stop_cache() { # whatever runs in CACHE_DIR; done when there is none
  for process in $(cache_servers "$CACHE_DIR"); do stop_one || return 1; done
  server_is_gone "$CACHE_DIR"
}
# By its own file with all that is in it, but for what would let anybody in, or write.
closed_conf() { # yes or no: whether it keeps an append-only file
  printf '%s\n' "include \"$CACHE_CONF\"" 'port 0' "unixsocket \"$socket\"" 'unixsocketperm 700' "dir \"$CACHE_DIR\"" 'save ""' "appendonly $1"
  printf '%s\n' 'daemonize yes' 'supervised no' "pidfile \"$notes.pid\"" "logfile \"$notes.log\"" 'enable-debug-command local'
  [ -z "$(cache_setting tls-port)" ] || echo 'tls-port 0'
}
start_closed() { # yes or no
  closed_conf "$1" | replace "$notes.conf" || return 1
  # What an earlier server wrote as its last words is not this one's.
  [ ! -f "$notes.log" ] || mv -f "$notes.log" "$notes.log.before"
  (unset REDISCLI_AUTH && "$REDIS_BIN/redis-server" "$notes.conf") >/dev/null 2>"$BESIDE" </dev/null 8>&- 9>&-
}
start_open() { # as the site itself has it
  if [ -n "$CACHE_START" ]; then
    # shellcheck disable=SC2086 # a command, split at blanks
    $CACHE_START >/dev/null 2>"$BESIDE" </dev/null 8>&- 9>&-
  else
    (unset REDISCLI_AUTH && "$REDIS_BIN/redis-server" "$CACHE_CONF" --daemonize yes --supervised no) >/dev/null 2>"$BESIDE" </dev/null 8>&- 9>&-
  fi
}
is_open_master() { cache_server_in "$CACHE_DIR" && reach && [ "$way" = address ] && [ "$(of_info loading)" = 0 ] && [ "$(of_info role)" = master ]; }
