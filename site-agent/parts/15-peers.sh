# --- other sites ---------------------------------------------------------------------------------------------------------------------------
is_peer() { case " $PEERS " in *" $1 "*) return 0 ;; esac; return 1; }
peer_of() { # SITE → peer_pg_host … peer_service_port, as this site sees them
  is_peer "$1" || usage "$1 is no peer of $SITE; its peers are: $PEERS"
  rest=$1 name=
  while :; do
    case $rest in *-*) name=$name${rest%%-*}_ rest=${rest#*-} ;; *) break ;; esac
  done
  name=PEER_$name$rest
  eval "peer_pg_name=\${${name}_PG_NAME:-$1} peer_pg_host=\${${name}_PG_HOST:-} peer_pg_port=\${${name}_PG_PORT:-} peer_redis_host=\${${name}_REDIS_HOST:-} peer_redis_port=\${${name}_REDIS_PORT:-}
    peer_service_host=\${${name}_SERVICE_HOST:-} peer_service_port=\${${name}_SERVICE_PORT:-}"
}
peer_at() { # pg|redis HOST PORT → the site that is seen there
  for candidate in $PEERS; do
    peer_of "$candidate"
    if [ "$1" = pg ]; then seen="$peer_pg_host $peer_pg_port"; else seen="$peer_redis_host $peer_redis_port"; fi
    if [ "$seen" = "$2 $3" ] || { [ "${seen##* }" = "$3" ] && same_host "${seen% *}" "$2"; }; then
      printf '%s' "$candidate"
      return
    fi
  done
  printf unknown
}
same_host() { # a name and an address of it, or two names of one address
  case $1$2 in *[!0-9.]*) ;; *) return 1 ;; esac
  ones=$(getent ahosts "$1" 2>/dev/null | awk '{ printf "%s ", $1 }')
  [ -n "$ones" ] && getent ahosts "$2" 2>/dev/null | awk -v ones="$ones" 'BEGIN { n = split(ones, each); while (n) known[each[n--]] } $1 in known { found = 1 } END { exit !found }'
}

