#!/bin/sh
# Gives the Temporal server at TEMPORAL_ADDRESS the namespace TEMPORAL_NAMESPACE with its retention and search attributes.
# Waits for the server; safe to run again, also to mend what somebody changed.
set -eu

: "${TEMPORAL_ADDRESS:?names the server, host:port}"
: "${TEMPORAL_NAMESPACE:?names the namespace}"
# Closed jobs stay in Temporal for so long. Results are in our own database and stay for good.
retention=${TEMPORAL_RETENTION:-30d}
# How long to wait for a server that is only just starting (seconds).
patience=${TEMPORAL_PATIENCE:-180}

waited=0
until temporal operator cluster health >/dev/null 2>&1; do
  waited=$((waited + 1))
  if [ "$waited" -gt "$patience" ]; then
    echo "Temporal at $TEMPORAL_ADDRESS does not answer; it said:" >&2
    temporal operator cluster health >&2
    exit 1
  fi
  sleep 1
done

# Another process may be quicker between the look and the creation: then there is one to be described after all.
known() { temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; }
update() { temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention" >/dev/null; }
if known; then
  # One that another process has only just created may be known to one half of the server and not yet to the other.
  update || { sleep 2 && update; }
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention" \
    --description "Research jobs of ktrdr-mcp" || known
fi

# The frontend learns of a new namespace a few seconds later.
waited=0
until present=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" 2>/dev/null); do
  waited=$((waited + 1))
  [ "$waited" -le "$patience" ] || { echo "the namespace $TEMPORAL_NAMESPACE does not become usable" >&2; exit 1; }
  sleep 1
done

for name in KtrdrStrategy KtrdrSymbol KtrdrTimeframe KtrdrExperiment KtrdrKind KtrdrClient; do
  case $present in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
echo "namespace $TEMPORAL_NAMESPACE is ready, retention $retention"
