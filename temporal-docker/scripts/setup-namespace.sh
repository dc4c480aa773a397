#!/bin/sh
# Creates the namespace and the search attributes of recovery runs. Safe to run again.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as the temporal command does, and RETENTION.
set -eu

if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

known() {
  temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" --output json
}

# A new namespace is not known everywhere at once: ask until it is, for at most 30 seconds.
tries=0
until known >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "The namespace $TEMPORAL_NAMESPACE does not answer after 30 seconds." >&2
    exit 1
  fi
  sleep 1
done

for name in DrEstate DrProcedure DrPhase DrMode; do
  case $(known) in
    *"\"$name\""*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
echo "namespace $TEMPORAL_NAMESPACE ready"
