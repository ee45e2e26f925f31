#!/bin/bash
# up.sh [docker] [s3] [moto] [tools] [kubectl] [simulate]: starts the servers that are asked for (all without arguments), at the same time, and prints
# the variables by which the tests find them:   eval "$(tests/services/up.sh docker s3)"
# Again: those that run are left as they are. Stop: down.sh. Exit code 3 where they cannot be had (not root, not Debian).
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $SERVERS
need_debian_root
mkdir -p "$CLOUDLAB_SERVICES"
declare -A started
# What a script starts in the background hears no Ctrl+C.
trap 'kill "${started[@]}" 2> /dev/null || true; wait; exit 130' INT TERM
for server in "$@"; do
  script=$(script_of "$server")
  P=$CLOUDLAB_SERVICES/$script "$HERE/$script-up.sh" > "$CLOUDLAB_SERVICES/$script.env" 2> "$CLOUDLAB_SERVICES/$script.log" &
  started[$script]=$!
done
result=0
for script in "${!started[@]}"; do
  failed=0
  wait "${started[$script]}" || failed=1
  cat "$CLOUDLAB_SERVICES/$script.log" >&2
  if [ $failed = 0 ]; then cat "$CLOUDLAB_SERVICES/$script.env"; else say "$script did not start"; result=1; fi
done
exit $result
