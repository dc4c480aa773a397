# --- the sets of the cache: files NAME.rdb in CACHE_BACKUPS, each checked to its end by Redis' own program ------------------------------------------
# A set says when its writing began, in whole seconds. It is a copy of the memory just before: so what it holds is never newer than a second after that moment, which is told.
# Nothing in it says whether a replica or the primary wrote it, nor of which estate: a primary is given another id whenever it is started.
cache_sets() { # → sets in folder, oldest first, a line for each: NAME STAMP BYTES RDB VERSION MADE KEYS EXPIRES CHECKSUM WHY-NOT, with - for what is not known
  new_folder
  [ -r "$CACHE_BACKUPS" ] && [ -x "$CACHE_BACKUPS" ] || fail "the backups of the cache at $SITE cannot be read: $CACHE_BACKUPS must be there for the account of site-restore; nothing was changed: mount it, or give it the right to read"
  version_here=$(redis_version)
  find "$CACHE_BACKUPS" -maxdepth 1 -type f -name '*.rdb' -printf '%f\n' | LC_ALL=C sort >"$folder/names"
  while IFS= read -r file; do cache_set "${file%.rdb}" "$CACHE_BACKUPS/$file"; done <"$folder/names" >"$folder/unsorted"
  sort -s -k 6,6n "$folder/unsorted" >"$folder/sets"
  # To read gigabytes at each call takes minutes: what was found of a file holds as long as it is the same, and the restore itself checks its own copy again.
  grep -v 'redis-check-rdb says nothing' "$folder/sets" | replace "$STATE_DIR/cache-sets" 2>/dev/null
}
cache_set() { # NAME FILE
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9:._%@=-]*)
    echo "$(printf '%s' "$1" | tr -c 'A-Za-z0-9:._%@=-' '_') - - - - - - - - its name has characters that cannot be asked for"
    return
    ;;
  esac
  stamp=$version_here:$(stat -c '%i:%s:%z' "$2" | tr ' ' _)
  known=$(grep -sF "$1 $stamp " "$STATE_DIR/cache-sets" | awk -v label="$1" '$1 == label' | head -n 1)
  if [ -z "$known" ]; then
    check_rdb "$2"
    known="$1 $stamp $(stat -c %s "$2") ${rdb:--} ${version:--} ${made_at:--} ${keys:--} ${expires:--} $checksum $wrong"
    case $known in *'redis-check-rdb says nothing'*) ;; *) echo "$known" >>"$STATE_DIR/cache-sets" ;; esac 2>/dev/null
  fi
  echo "$known"
}
check_rdb() { # FILE → rdb, version, made_at (seconds), keys, expires, checksum (yes or none), wrong (empty, or why it is no set)
  said=$("$REDIS_BIN/redis-check-rdb" "$1" 2>&1 | tr -d '\000')
  of_rdb() { printf '%s\n' "$said" | sed -n "s/$1/\\1/p" | "${2:-head}" -n 1; }
  rdb=$(head -c 9 "$1" | tr -d '\000' | sed -n 's/^REDIS0*\([0-9]\{1,4\}\)$/\1/p')
  version=$(of_rdb "^\[offset [0-9]*\] AUX FIELD redis-ver = '\([0-9.]*\)'$")
  made_at=$(of_rdb "^\[offset [0-9]*\] AUX FIELD ctime = '\([0-9]*\)'$")
  checksum=none wrong= keys= expires=
  case $said in *'RDB looks OK!'*) ;; *)
    wrong=$(printf '%s\n' "$said" | sed -n '/--- RDB ERROR DETECTED ---/,$ s/^\[offset [0-9]*\] //p' | head -n 1)
    case $wrong in *'RDB format version'*) wrong="that its format is version $rdb, which Redis $version_here does not read" ;; esac
    wrong=$(one_line "redis-check-rdb says ${wrong:-nothing of it ($REDIS_BIN)}")
    return
    ;;
  esac
  keys=$(of_rdb '^\[info\] \([0-9]*\) keys read$' tail) expires=$(of_rdb '^\[info\] \([0-9]*\) expires$' tail)
  case $said in *'] Checksum OK'*) checksum=yes ;; esac
  [ -n "$made_at" ] || wrong='it does not say when it was made'
}
read_cache_set() { # LINE of cache_sets → label, bytes, rdb, version, made_at, at (its moment), keys_in_set, expires, checksum, wrong
  read -r label _ bytes rdb version made_at keys_in_set expires checksum wrong <<LINE
$1
LINE
  at=unknown
  [ "$made_at" = - ] || at=$(of_seconds $((made_at + 1)))
}
cache_points() {
  cache_sets
  say_clock
  say server_version "$version_here"
  while IFS= read -r line; do
    read_cache_set "$line"
    [ -z "$wrong" ] || say unusable "$label $wrong"
    [ "$made_at" != - ] || continue
    [ "$keys_in_set" != - ] || keys_in_set=unknown
    say set "$label at=$at bytes=$bytes version=$version rdb=$rdb keys=$keys_in_set usable=$([ -z "$wrong" ] && echo yes || echo no)"
  done <"$folder/sets"
}
