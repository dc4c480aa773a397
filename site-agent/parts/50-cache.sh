# --- cache ---------------------------------------------------------------------------------------------------------------------------------
redis() { timeout -k 1 3 "$REDIS_CLI" -h "$REDIS_HOST" -p "$REDIS_PORT" ${REDIS_USER:+--user "$REDIS_USER"} "$@" 2>"$BESIDE" 8>&- 9>&-; }
redis_ok() { # COMMAND…: answers OK or the change has failed
  answer=$(redis "$@")
  [ "$answer" = OK ] || fail "Redis at $SITE answered $1 with: ${answer:-$(why)}"
}
# A setting that took effect holds, also where the server cannot write it down; that it ends with a restart is said.
keep_settings() {
  kept=$(redis CONFIG REWRITE)
  [ "$kept" = OK ] || exception "Redis at $SITE has not kept this over a restart, since CONFIG REWRITE says: ${kept:-$(why)}"
}
read_cache() {
  config_file= clustered= syncing= loading=
  cache_running=no role= follows=none link=none offset= min_replicas= max_lag= online=0 link_down_seconds= last_io_seconds= cache_detail= peer_host= peer_port= item=
  if [ -z "${REDIS_HOST:-}" ]; then
    cache_detail='no cache here'
    return
  fi
  answer=$(
    redis <<'COMMANDS'
INFO
CONFIG GET min-replicas-*
COMMANDS
  ) || answer="no answer: ${answer:-$(why)}"
  case $answer in *role:*) cache_running=yes ;; *) cache_detail=$(one_line "${answer:-$(why)}") && return ;; esac
  while IFS= read -r line; do
    line=${line%"$CR"}
    case $item in min-replicas-to-write) min_replicas=$line ;; min-replicas-max-lag) max_lag=$line ;; esac
    item=$line
    case $line in
      role:master) role=primary ;; role:slave) role=replica ;; master_host:*) peer_host=${line#*:} ;; master_port:*) peer_port=${line#*:} follows=$(peer_at redis "$peer_host" "$peer_port") ;;
      master_link_status:*) link=${line#*:} ;; master_link_down_since_seconds:*) link_down_seconds=${line#*:} ;; master_last_io_seconds_ago:*) last_io_seconds=${line#*:} ;;
      config_file:*) config_file=${line#*:} ;; cluster_enabled:*) clustered=${line#*:} ;; master_sync_in_progress:*) syncing=${line#*:} ;; loading:*) loading=${line#*:} ;;
      master_repl_offset:*) offset=${line#*:} ;; slave[0-9]*state=online*) online=$((online + 1)) ;;
    esac
  done <<LINES
$answer
LINES
}
need_cache() {
  read_cache
  [ "$cache_running" = yes ] || fail "Redis at $SITE does not answer ($cache_detail); nothing was changed"
}
# Closed is what this agent has noted and what holds: a note that has outlived its setting, since people made the server join again, closes nothing.
cache_closed() { [ -f "$STATE_DIR/cache-closed" ] && { [ "$cache_running" = no ] || refuses_writes; }; }
refuses_writes() { [ "${min_replicas:-0}" -ge $NEVER ] && [ "${max_lag:-0}" -gt 0 ]; } # a maximum lag of 0 switches it off
shut_writes() {
  redis_ok CONFIG SET min-replicas-to-write $NEVER
  [ "${max_lag:-0}" -gt 0 ] || redis_ok CONFIG SET min-replicas-max-lag 10
}
let_writes() { # what min-replicas-to-write and -max-lag were
  redis_ok CONFIG SET min-replicas-to-write "$1"
  [ -z "${2:-}" ] || [ "$2" = "$max_lag" ] || redis_ok CONFIG SET min-replicas-max-lag "$2"
}
refuse_if_closed() {
  ! cache_closed || refuse "the cache at $SITE is a fenced former primary ($STATE_DIR/cache-closed, min-replicas-to-write $min_replicas). When it has been made a replica of the present primary, open it at $SITE with: $BY_AGENT cache-open --epoch $(held_epoch) --run $(held_run)"
}
forget_old_fence() { # before a verb raises the setting again, which would make the note true
  cache_closed || rm -f "$STATE_DIR/cache-closed" || fail "$STATE_DIR cannot be written; the cache at $SITE is as it was"
}
need_commands() { # one that is renamed is unknown by its name; what an ACL forbids says so (Redis 7 and later)
  [ "$cache_running" = yes ] || need_cache
  known=$(redis COMMAND INFO replicaof config client)
  for command in replicaof config client; do
    case $known in *"$command"*) ;; *) refuse "Redis at $SITE knows no command $command for ${REDIS_USER:-the default user} (rename-command, or its ACL); the agent needs it by its own name" ;; esac
  done
  me=${REDIS_USER:-default}
  denied=$(printf 'ACL DRYRUN %s %s\n' "$me" 'REPLICAOF NO ONE' "$me" 'CONFIG SET min-replicas-to-write 0' "$me" 'CONFIG REWRITE' "$me" 'CLIENT KILL TYPE normal' | redis | grep -i 'no permissions' | head -n 1)
  [ -z "$denied" ] || refuse "Redis at $SITE: $denied; allow $me at $SITE: +replicaof +config +client +info +command +acl|dryrun"
}
need_master_of_its_own() { # nobody else decides whom it follows
  need_commands
  refuse_if_closed
  [ "$clustered" != 1 ] || refuse "Redis at $SITE runs in cluster mode, where no server can be told whom to follow; the plan's cache driver cannot manage it"
  [ "${loading:-0}" = 0 ] || refuse "Redis at $SITE is still loading its data; nothing was changed; try again when it has loaded"
  case $(redis CLIENT LIST) in *' name=sentinel-'*) refuse "Sentinel manages the cache at $SITE and would undo this within seconds; stop its Sentinels, or SENTINEL REMOVE this group at each of them, then try again" ;; esac
  say_not_kept
}
say_not_kept() {
  [ -n "$config_file" ] || exception "Redis at $SITE was started without a configuration file: what a run sets there ends with a restart"
}
cache_words() {
  if cache_closed; then printf 'closed'; elif [ "$role" = replica ]; then printf 'following %s' "$follows"; elif [ -f "$STATE_DIR/cache-detached" ]; then printf detached; else
    printf 'primary that asks for %s replicas' "$min_replicas"
  fi
}
cache_status() {
  say_clock && read_cache
  say running "$cache_running"
  for key in role follows link link_down_seconds offset; do eval "say $key \"\$$key\""; done
  say min_replicas_to_write "$min_replicas"
  say online_replicas "$online"
  if cache_closed; then say closed yes; else say closed no; fi
  if detached; then say detached yes; else say detached no; fi
  read_promoted
  say promoted_by "$promoted_by"
  say_left
  say detail "$cache_detail"
}
# It has left its primary and refuses writes, unless somebody let it write again.
detached() { [ -f "$STATE_DIR/cache-detached" ] && { [ "$role" != primary ] || refuses_writes; }; }
read_promoted() { # the run that made this cache a primary; a primary without one is nobody's
  promoted_by=
  if [ "$role" = primary ] && ! detached && [ -f "$STATE_DIR/cache-promoted" ]; then read -r promoted_by <"$STATE_DIR/cache-promoted"; fi
}
say_left() { # the primary that this cache left, and when its last sign went there; true until it follows that one again, whatever else it does
  left= left_at=
  if [ -f "$STATE_DIR/cache-left" ]; then read -r left_at left noted <"$STATE_DIR/cache-left" && set_since "$noted" && left_at=$(by_clock_of_now "$left_at"); fi
  say left "$left"
  say left_at "$left_at"
}
read_detached() { # what min-replicas-to-write and -max-lag were before this agent raised them
  former=$min_replicas former_lag=$max_lag
  if [ -f "$STATE_DIR/cache-detached" ]; then read -r former former_lag <"$STATE_DIR/cache-detached"; fi
}
look_cache_close() {
  need_cache
  need_commands
  say_not_kept
}
cache_close() {
  look_cache_close
  was=$(cache_words)
  read_detached
  cache_closed || echo "$former $former_lag" | replace "$STATE_DIR/cache-closed" || fail "$STATE_DIR cannot be written; the cache is as it was"
  shut_writes
  keep_settings
  redis CLIENT KILL TYPE normal SKIPME yes >/dev/null # ends those that wait for an acknowledgement
  read_cache
  refuses_writes || fail "Redis at $SITE asks for $min_replicas replicas, with a maximum lag of $max_lag s, after it was told $NEVER"
  changed "$was" closed
}
look_cache_open() { need_cache; }
cache_open() {
  look_cache_open
  was=$(cache_words)
  if [ -f "$STATE_DIR/cache-closed" ]; then
    if cache_closed; then
      read -r former former_lag <"$STATE_DIR/cache-closed"
      let_writes "$former" "$former_lag"
      keep_settings
    fi
    rm -f "$STATE_DIR/cache-closed" || fail "the cache at $SITE is open, but $STATE_DIR cannot be written and still calls it closed"
    read_cache
  fi
  changed "$was" "$(cache_words)"
}
look_cache_detach() {
  need_cache
  need_master_of_its_own
  [ "$role" = replica ] || [ -f "$STATE_DIR/cache-detached" ] || refuse "the cache at $SITE is a primary, not a replica"
  [ "$follows" != unknown ] || refuse "the cache at $SITE follows $peer_host, and agent.conf of $SITE names no cache there: set PEER_…_REDIS_HOST and PEER_…_REDIS_PORT of that site to it"
}
# A detached server refuses writes until it is promoted: nobody may write to a copy that may yet be told to follow again.
cache_detach() {
  look_cache_detach
  say_clock && was=$(cache_words)
  forget_old_fence
  keep_master
  if [ "$role" = replica ]; then
    read_detached
    silent=0 # a link that is down carries no sign of life, however often it is tried; whole seconds are rounded so that it never left too early
    if [ "$link" != up ] && [ "${link_down_seconds:--1}" -ge 0 ]; then silent=$link_down_seconds; fi
    echo "$(date -u -d "@$(($(date +%s) - silent + 1))" +%Y-%m-%dT%H:%M:%SZ) $follows $(base)" | replace "$STATE_DIR/cache-left" &&
      echo "$former $former_lag" | replace "$STATE_DIR/cache-detached" || fail "$STATE_DIR cannot be written; the cache is as it was"
  fi
  shut_writes
  redis_ok REPLICAOF NO ONE
  keep_settings
  read_cache
  [ "$role" = primary ] || fail "Redis at $SITE is still a replica after REPLICAOF NO ONE"
  changed "$was" "$(cache_words)"
  say offset "$offset"
  say_left
}
# Whom it followed before a run first changed that; a detached one shows it no more.
keep_master() {
  read_former
  [ "$former_epoch" != "$EPOCH" ] || return 0
  # One that an earlier run has left detached shows nobody: whom that run noted is taken over.
  if [ "$role" = replica ]; then former_master=$follows former_host=$peer_host former_port=$peer_port; fi
  [ -n "$former_master" ] || return 0
  printf '%s %s %s %s\n' "$EPOCH" "$former_master" "$former_host" "$former_port" | replace "$STATE_DIR/cache-former" || fail "$STATE_DIR cannot be written; the cache at $SITE is as it was"
}
read_former() {
  former_epoch= former_master= former_host= former_port=
  if [ -f "$STATE_DIR/cache-former" ]; then read -r former_epoch former_master former_host former_port <"$STATE_DIR/cache-former"; fi
}
linked() { read_cache && [ "$follows" = "$1" ] && [ "$link" = up ]; }
look_cache_follow() {
  peer_of "$1"
  [ -n "$peer_redis_host" ] || refuse "agent.conf of $SITE names no cache at $1"
  # Who goes back is led by the very words that stood there, be they a name or an address.
  read_former
  if [ "$former_epoch $former_master" = "${EPOCH:-$(held_epoch)} $1" ]; then to_host=$former_host to_port=$former_port; else to_host=$peer_redis_host to_port=$peer_redis_port; fi
  need_cache
  need_master_of_its_own
  if [ "$role" = primary ] && ! detached; then refuse "the cache at $SITE is a primary; following $1 would throw its data away"; fi
  [ "$follows" = "$1" ] || [ $returning = yes ] || try_master "$1"
}
# With the words that the replica itself would use: what would refuse it says so now.
try_master() { # SITE
  settings=$(printf 'CONFIG GET masteruser\nCONFIG GET masterauth\nCONFIG GET tls-replication\n' | redis)
  of() { printf '%s\n' "$settings" | awk -v name="$1" 'seen { sub(/\r$/, ""); print; exit } $1 == name { seen = 1 }'; }
  [ "$(of tls-replication)" != yes ] || return 0 # its certificates are the server's own
  as=$(of masteruser)
  answer=$(REDISCLI_AUTH=$(of masterauth) timeout -k 1 3 "$REDIS_CLI" -h "$to_host" -p "$to_port" ${as:+--user "$as"} PING 2>"$BESIDE" 8>&- 9>&-)
  case $answer in
    PONG* | NOPERM* | LOADING* | MASTERDOWN*) ;;
    NOAUTH*) refuse "the cache at $1 does not take masterauth of the cache at $SITE: set masterauth (and masteruser) at $SITE to what $1 asks for; nothing was changed" ;;
    *) refuse "the cache at $1 does not answer $SITE at $to_host port $to_port ($(one_line "${answer:-$(why)}")); nothing was changed" ;;
  esac
}
cache_follow() {
  look_cache_follow "$1"
  was=$(cache_words)
  forget_old_fence
  keep_master
  if [ "$role" = primary ] || [ "$follows" != "$1" ]; then redis_ok REPLICAOF "$to_host" "$to_port"; fi
  rm -f "$STATE_DIR/cache-promoted" || fail "the cache at $SITE is told to follow $1, but $STATE_DIR cannot be written and still calls it promoted"
  ! grep -Eqs " $1( |\$)" "$STATE_DIR/cache-left" || rm -f "$STATE_DIR/cache-left" || fail "the cache at $SITE is told to follow $1, but $STATE_DIR cannot be written and still says that it left"
  if [ -f "$STATE_DIR/cache-detached" ]; then
    read_detached
    let_writes "$former" "$former_lag"
    rm -f "$STATE_DIR/cache-detached" || fail "the cache at $SITE is told to follow $1, but $STATE_DIR cannot be written and still calls it detached"
  fi
  keep_settings
  again 200 linked "$1" || {
    [ $returning = yes ] || fail "Redis at $SITE is told to follow $1, but its link is $link"
    exception "the cache at $SITE is told to follow $1 again, and its link to it is $link: it will follow when $1 is back"
  }
  changed "$was" "following $1"
  say offset "$offset"
}
look_cache_return() {
  returning=yes
  look_cache_detach
  read_former
  [ "$former_epoch" = "${EPOCH:-$(held_epoch)}" ] || former_master=
  case $former_master in '' | none) ;; *) look_cache_follow "$former_master" ;; esac
}
cache_return() {
  look_cache_return
  case $former_master in '' | none) changed "$(cache_words)" "$(cache_words)" ;; *) cache_follow "$former_master" ;; esac
  rm -f "$STATE_DIR/cache-former"
}
look_cache_promote() {
  need_cache
  need_master_of_its_own
  if [ "$role" = replica ] || [ -f "$STATE_DIR/cache-detached" ]; then
    [ "${syncing:-0}" = 0 ] || refuse "the cache at $SITE is in the middle of a full synchronisation with $follows: promoted now it would hold a part only; wait for its end, or choose another target"
  else
    read_promoted
    [ -n "$promoted_by" ] || refuse "the cache at $SITE is a primary already, and this agent did not promote it"
  fi
}
cache_promote() {
  look_cache_promote
  was=$(cache_words)
  forget_old_fence
  if [ "$role" = replica ] || [ -f "$STATE_DIR/cache-detached" ]; then
    printf '%s\n' "$RUN" | replace "$STATE_DIR/cache-promoted" || fail "$STATE_DIR cannot be written; the cache is as it was"
    # First, so that a primary never asks for replicas which it has not: until one is back, see cache-protect.
    redis_ok CONFIG SET min-replicas-to-write 0
    redis_ok REPLICAOF NO ONE
    rm -f "$STATE_DIR/cache-detached" "$STATE_DIR/cache-former" || fail "the cache at $SITE is promoted, but $STATE_DIR cannot be written and still calls it detached"
    read_cache
  fi
  keep_settings
  [ "$role" = primary ] || fail "Redis at $SITE is not a primary after REPLICAOF NO ONE"
  changed "$was" "$(cache_words)"
  say offset "$offset"
}
enough_online() { read_cache && [ "$online" -ge "$1" ]; }
look_cache_protect() {
  need_cache
  need_master_of_its_own
  [ "$role" = primary ] && [ ! -f "$STATE_DIR/cache-detached" ] || refuse "the cache at $SITE is no primary"
}
cache_protect() {
  look_cache_protect
  was=$(cache_words)
  again 30 enough_online "$1" || refuse "only $online replicas of the cache at $SITE are online; asking for $1 would refuse every write"
  redis_ok CONFIG SET min-replicas-to-write "$1"
  keep_settings
  read_cache
  changed "$was" "$(cache_words)"
}

