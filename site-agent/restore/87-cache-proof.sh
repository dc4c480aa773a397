# --- the proof of the cache: as many keys as in the set but for those whose time is over, and the same in them after a start ------------------------
prove_cache() { # of CACHE_DIR, in which no server runs
  rm -f "$notes.proof.new"
  come_up_closed no
  look_loaded
  progress "$bytes" "$bytes" 'reading what is in it'
  read_digest
  digest_before=$digest
  sample >"$folder/before" || give_up "what was restored at $SITE cannot be read to compare it: $(why)"
  read_info && keys_before=$(in_keyspace keys) expires_before=$(in_keyspace expires) lapsed=$((keys_in_set - keys_before)) || give_up "the restored cache at $SITE does not answer: $(why)"
  begin_log
  progress "$bytes" "$bytes" 'starting it again'
  stop_server || give_up "the restored cache at $SITE does not stop for the proof that it survives that: $(why)"
  come_up_closed "$keeps_log"
  look_alone
  look_kept
  progress "$bytes" "$bytes" 'comparing'
  compare_cache
  look_kept # more may have gone by themselves meanwhile
  proven survived_restart yes
  proven keys_in_set "$keys_in_set"
  proven keys_after "$keys_after"
  proven expired_since $((keys_in_set - keys_after))
  proven used_memory "$(of_info used_memory)"
  proven checksum_of_set "$([ "$checksum" = yes ] && echo checked || echo 'none, since the set was written without one')"
  keep_proof
}
# Redis itself counts what it loaded, what it left out since its time is over, and what it took out for that since.
look_loaded() {
  read_info || give_up "the restored cache at $SITE does not answer: $(why)"
  [ "$(of_info evicted_keys)" = 0 ] || give_up "the restored cache at $SITE has thrown out $(of_info evicted_keys) keys of the set, since maxmemory of $CACHE_CONF has no room for them"
  counted=$(($(in_keyspace keys) + $(of_info rdb_last_load_keys_expired) + $(of_info expired_keys)))
  [ "$counted" -eq "$keys_in_set" ] || give_up "the restored cache at $SITE has $counted keys with those whose time is over, and the set has $keys_in_set"
}
look_kept() {
  read_info || give_up "the restored cache at $SITE does not answer after a start: $(why)"
  keys_after=$(in_keyspace keys)
  # What stands in an append-only file is loaded also when its time is over, and goes a little later.
  [ $((keys_after - keys_before)) -le "$lapsed" ] && [ $((keys_before - keys_after)) -le "$expires_before" ] || give_up "the restored cache at $SITE has $keys_after keys after a start, and had $keys_before before it, of which $expires_before may have gone by themselves"
}
read_digest() { # → digest, of everything; no digest where DEBUG is forbidden or renamed. It takes long, and a job that is cancelled meanwhile ends.
  (cache_seconds=86400 && cli DEBUG DIGEST) >"$folder/digest" &
  restoring=$!
  wait "$restoring"
  restoring=
  read -r digest <"$folder/digest"
}
is_digest() { case $1 in *[!0-9a-f]* | '') return 1 ;; esac && [ ${#1} -eq 40 ]; }
# Of each database some hundred keys. Hashes and sets are told in an order of their own at each start, so they are sorted.
SAMPLE_KEYS=300
SAMPLE_LUA='local function of(key)
  local kind, all = redis.call("TYPE", key).ok, nil
  if kind == "none" then return "gone" end
  if kind == "hash" then
    local flat = redis.call("HGETALL", key)
    all = {}
    for i = 1, #flat, 2 do all[#all + 1] = #flat[i] .. ":" .. flat[i] .. flat[i + 1] end
    table.sort(all)
  elseif kind == "set" then
    all = redis.call("SMEMBERS", key)
    table.sort(all)
    for i = 1, #all do all[i] = #all[i] .. ":" .. all[i] end
  else
    all = { redis.call("DUMP", key) }
  end
  return kind .. " " .. redis.call("PEXPIRETIME", key) .. " " .. redis.sha1hex(table.concat(all, ","))
end
local lines = {}
local keys = ARGV[1] == "first" and redis.call("SCAN", "0", "COUNT", ARGV[2])[2] or ARGV
for i = 1, #keys do
  local key = ARGV[1] == "first" and keys[i] or keys[i]:gsub("..", function(hex) return string.char(tonumber(hex, 16)) end)
  lines[i] = key:gsub(".", function(letter) return string.format("%02x", letter:byte()) end) .. " " .. of(key)
end
return lines'
# Of whole keys that fit into a call.
sample() { # → a line for each key: DATABASE KEY (hexadecimal) KIND EXPIRY DIGEST
  for number_of in $(printf '%s\n' "$info" | sed -n 's/^db\([0-9]*\):.*/\1/p'); do
    (cache_seconds=3600 && cli -n "$number_of" EVAL "$SAMPLE_LUA" 0 first $SAMPLE_KEYS) | sed -n "s/^[0-9a-f]\{2,2000\} /$number_of &/p"
  done
}
sample_again() { # of the keys that the first one had
  for number_of in $(cut -d' ' -f1 "$folder/before" | uniq); do
    # shellcheck disable=SC2046 # a word for each key, in hexadecimal digits
    (cache_seconds=3600 && cli -n "$number_of" EVAL "$SAMPLE_LUA" 0 $(awk -v of="$number_of" '$1 == of { print $2 }' "$folder/before")) | sed "s/^/$number_of /"
  done
}
compare_cache() {
  read_digest
  digest_after=$digest compared=digest
  if ! is_digest "$digest_before" || ! is_digest "$digest_after" || { [ "$digest_after" != "$digest_before" ] && [ "$expires" -gt 0 ]; }; then
    # Not to be had, or of keys whose time was over in between: then those that are left are compared one by one.
    compared=sample
    sample_again >"$folder/after"
    awk -v now="$(date +%s%3N)" 'NR == FNR { before[$1 " " $2] = $0; ends[$1 " " $2] = $4; next } !($3 == "gone" && ends[$1 " " $2] + 0 > 0 && ends[$1 " " $2] + 0 <= now + 0) { print before[$1 " " $2] >first; print >second }' \
      first="$folder/first" second="$folder/second" "$folder/before" "$folder/after"
    touch "$folder/first" "$folder/second"
    digest_before=$(sha1sum <"$folder/first" | cut -d' ' -f1) digest_after=$(sha1sum <"$folder/second" | cut -d' ' -f1)
    [ "$(grep -c . "$folder/before")" -eq "$(grep -c . "$folder/after")" ] || digest_after=none
  fi
  [ "$digest_after" = "$digest_before" ] || give_up "the restored cache at $SITE holds something else after a start than before it ($compared $digest_before, then $digest_after)"
  proven compared $compared
  [ $compared = digest ] || proven keys_compared "$(grep -c . "$folder/second")"
  proven digest_before "$digest_before"
  proven digest_after "$digest_after"
}
