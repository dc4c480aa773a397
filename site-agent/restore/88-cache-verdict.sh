# --- the cache admitted, accepted, or discarded ---------------------------------------------------------------------------------------------------
look_cache_admit() { look_proven accepted; }
proof_of() { sed -n "s/^$1=//p" "$notes.proof" 2>/dev/null; }
open_or_gone() { is_open_master || server_is_gone "$CACHE_DIR"; }
# One that is open already is not stopped: it may still be loading, and others may have written to it.
open_cache() { # as the site has it
  if [ "$(noted stage)" = proven ] && server_in "$CACHE_DIR" && ! { reach && [ "$way" = address ]; }; then
    stop_server || fail "the restored cache at $SITE does not stop: $(why); it is as it was: stop process $process, then ask again"
  fi
  server_in "$CACHE_DIR" || start_open || fail "the restored cache at $SITE does not start: $(why); it is down: mend that, then ask again"
  # One that has died is seen at once, and one that loads for long is waited for as long as a call may take.
  again 20 server_in "$CACHE_DIR" && within 45 open_or_gone && server_in "$CACHE_DIR" && is_open_master || fail "the restored cache at $SITE does not answer at $CACHE_ADDRESS port $CACHE_PORT as a primary ($(why)); $(server_in "$CACHE_DIR" && echo "it runs as process $process" || echo 'it is down'): look at its log, mend that, then ask again"
}
cache_admit() {
  look_cache_admit
  was=$(noted stage)
  is_open_master || open_cache
  if [ "$was" = proven ]; then
    # Others may have written by now: fewer than were proven are too few.
    counted=$(($(in_keyspace keys) + $(of_info rdb_last_load_keys_expired) + $(of_info expired_keys)))
    [ "$counted" -ge "$(proof_of keys_after)" ] || {
      stop_server
      fail "the cache that was started at $SITE has $counted keys with those whose time is over, and $(proof_of keys_after) were proven: it reads other files than $CACHE_CONF says; it was stopped: mend CACHE_START, then admit again"
    }
    note stage admitted
  fi
  changed "$was" "$(noted stage)"
  say listens_at "$CACHE_ADDRESS port $CACHE_PORT"
}
look_cache_accept() {
  look_proven accepted
  [ "$(noted stage)" != proven ] || refuse "what run $(noted run) restored of the cache at $SITE is proven and not admitted; nothing was changed: admit it first (cache-admit)"
}
cache_accept() {
  look_cache_accept
  was=$(noted stage)
  is_open_master || open_cache
  note stage accepted
  changed "$was" accepted
  kept
}
look_cache_discard() { look_discard; }
cache_discard() {
  look_cache_discard
  was=$(noted stage)
  if [ "$was" != discarded ]; then
    take_back
    # The one that held nothing, and was stopped for the restore.
    if [ "$(noted ran)" = yes ] && ! server_in "$CACHE_DIR"; then
      start_open && within 30 is_open_master || fail "what was there before is back in $CACHE_DIR at $SITE, and its server does not start again: $(why); it is down: start it by hand, then discard again"
    fi
    note stage discarded
  fi
  say_discarded "$was"
}
