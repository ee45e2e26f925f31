#!/bin/bash
# up.sh [docker] [s3] [moto] [tools] [kubectl] [simulate]: starts the servers that are asked for (all without arguments), at the same time, and prints
# the variables by which the tests find them:   eval "$(tests/services/up.sh docker s3)"
# Again: those that run are left as they are. Stop: down.sh. Exit code 3 where they cannot be had (not root, not Debian).
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- docker s3 moto tools kubectl simulate
need_debian_root
mkdir -p "$CLOUDLAB_SERVICES"
declare -A started
for service in "$@"; do
  case $service in docker | moto | tools | kubectl | simulate) script=$service ;; s3) script=ceph ;; *) die "no such server: $service (docker, s3, moto, tools, kubectl, simulate)" ;; esac
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
