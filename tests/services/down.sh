#!/bin/bash
# down.sh [docker] [s3] [moto] [tools] [kubectl] [simulate]: ends what up.sh started (all without arguments). CLEAN=1 removes what was unpacked too.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- docker s3 moto tools kubectl simulate
for service in "$@"; do
  case $service in docker | moto | tools | kubectl | simulate) script=$service ;; s3) script=ceph ;; *) die "no such server: $service (docker, s3, moto, tools, kubectl, simulate)" ;; esac
  P=$CLOUDLAB_SERVICES/$script "$HERE/$script-down.sh"
done
