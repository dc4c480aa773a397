# --- what would refuse a restore of the cache ---------------------------------------------------------------------------------------------------
conf_lines() { # FILE → its settings with those that it includes, in their order: name in small letters, value without quotes
  awk '
    function unquoted(text) { sub(/[ \t\r]+$/, "", text); if (text ~ /^".*"$/ || text ~ /^'\''.*'\''$/) text = substr(text, 2, length(text) - 2); return text }
    function lines(file, depth, line, name, value, got) {
      while ((got = (getline line < file)) > 0) {
        sub(/^[ \t]+/, "", line)
        if (line ~ /^(#|\r?$)/) continue
        name = tolower(line); sub(/[ \t].*$/, "", name)
        value = line; sub(/^[^ \t]+[ \t]*/, "", value); value = unquoted(value)
        if (name != "include") print name, value
        else if (depth > 8 || value ~ /[*?[]/) print "unread", value
        else lines(value, depth + 1)
      }
      if (got < 0) print "unread", file
      close(file)
    }
    BEGIN { lines(ARGV[1], 1) }' "$1"
}
cache_setting() { # NAME [DEFAULT]: what stands last counts
  found=$(printf '%s\n' "$settings" | sed -n "s/^$1 //p" | tail -n 1)
  printf '%s' "${found:-${2:-}}"
}
read_cache_conf() { # → settings, file_name, keeps_log, log_folder
  settings=$(conf_lines "$CACHE_CONF")
  file_name=$(cache_setting dbfilename dump.rdb) keeps_log=$(cache_setting appendonly no) log_folder=$(cache_setting appenddirname appendonlydir)
}
look_cache_conf() {
  read_cache_conf
  unread=$(cache_setting unread)
  [ -z "$unread" ] || refuse "the cache's configuration at $SITE cannot be read whole ($unread, from CACHE_CONF $CACHE_CONF); nothing was changed: let the account of site-restore read it, and let it include files by their names"
  [ "$(cache_setting dir)" = "$CACHE_DIR" ] || refuse "the cache's configuration at $SITE ($CACHE_CONF) has its data in $(cache_setting dir 'no folder of its own'), and CACHE_DIR is $CACHE_DIR: what is restored there would never be read; nothing was changed: write the same folder in both"
  [ "$(cache_setting cluster-enabled no)" = no ] || refuse "the cache's configuration at $SITE ($CACHE_CONF) says cluster-enabled, and a cluster's slots are on several servers; nothing was changed: restore it by hand, each server's own set"
  case $(cache_setting replicaof "$(cache_setting slaveof 'no one')") in
    'no one') ;; *) refuse "the cache's configuration at $SITE ($CACHE_CONF) makes it a replica, which would throw away what was restored; nothing was changed: take replicaof out of it" ;;
  esac
}
look_cache_programs() {
  look_setsid
  for program_needed in redis-server redis-cli redis-check-rdb; do
    [ -x "$REDIS_BIN/$program_needed" ] || refuse "$REDIS_BIN has no $program_needed at $SITE; nothing was changed: install Redis there, or name its folder in restore.conf"
  done
  version_here=$(redis_version)
  [ "${version_here%%.*}" -ge 7 ] 2>/dev/null || refuse "Redis at $SITE is version ${version_here:-unknown}, and what was restored can be proven by 7 and later; nothing was changed: install that, and name its folder in restore.conf"
}
look_cache_set() { # NAME → what read_cache_set tells, bytes_needed
  cache_sets
  found=$(awk -v label="$1" '$1 == label' "$folder/sets")
  [ -n "$found" ] || refuse "there is no set $1 of the cache that $SITE can use; nothing was changed: there are $(one_line "$(cut -d' ' -f1 "$folder/sets")")"
  read_cache_set "$found"
  [ -z "$wrong" ] || refuse "the set $1 cannot be restored at $SITE: $wrong; nothing was changed: choose another one of cache-points"
  # The append-only file is written anew from what was loaded, beside it.
  log_bytes=0 log_words='for its append-only file'
  [ "$keeps_log" != yes ] || log_bytes=$bytes
  bytes_needed=$((bytes + log_bytes))
}
# At a site that waits for its day one commonly runs and holds nothing: the restore stops that one, and no other.
cache_met() {
  met="a server runs in $CACHE_DIR at $SITE (process $process of $(user_of "$process"))"
  reach || refuse "$met and does not answer as that at $CACHE_ADDRESS port $CACHE_PORT ($(one_line "${info:-$(why)}")), so that nobody can say what it holds; nothing was changed: correct CACHE_ADDRESS, CACHE_PORT and CACHE_PASSFILE, or stop it if it may be lost"
  [ "$(of_info loading)" = 0 ] || refuse "$met and is still loading its data; nothing was changed: stop it if it may be lost, then restore"
  [ "$(of_info role)" = master ] || refuse "$met and is a replica; nothing was changed: stop it if it may be lost, then restore"
  [ "$(of_info connected_slaves)" = 0 ] || refuse "$met and has $(of_info connected_slaves) replicas; nothing was changed: stop it if it may be lost, then restore"
  [ "$(in_keyspace keys)" = 0 ] || refuse "$met and holds $(in_keyspace keys) keys; nothing was changed: stop it if they may be lost, then restore"
}
look_cache_restore() { # SET
  look_host
  look_cache_programs
  look_cache_conf
  look_cache_set "$1"
  look_folder "$1"
  look_room
}
cache_look() { # SET
  RUN=$(held_run)
  if is_open_restore; then # of a run before: it is discarded first
    look_host
    look_cache_programs
    look_cache_conf
    look_cache_set "$1"
    names_of "$RUN"
    look_room
  else
    look_cache_restore "$1"
  fi
  say ready "$1"
  say at "$at"
  say bytes "$bytes"
  say free_bytes "$room"
  say sets_aside "$([ -e "$CACHE_DIR" ] && echo "$CACHE_DIR" || echo nothing)"
}
cache_state() { say_state stage run set; }
