#!/bin/bash
# down.sh [docker] [s3] [moto] [tools] [kubectl]: ends what up.sh started (all without arguments). CLEAN=1 removes what was unpacked too.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- docker s3 moto tools kubectl
for service in "$@"; do
  case $service in docker | moto | tools | kubectl) script=$service ;; s3) script=ceph ;; *) die "no such server: $service (docker, s3, moto, tools, kubectl)" ;; esac
  P=$CLOUDLAB_SERVICES/$script "$HERE/$script-down.sh"
done
