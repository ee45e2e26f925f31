#!/bin/bash
# down.sh [docker] [s3] [moto] [tools] [kubectl] [simulate]: ends what up.sh started (all without arguments). CLEAN=1 removes what was unpacked, too.
. "$(dirname "$0")/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $SERVERS
result=0
for server in "$@"; do
  script=$(script_of "$server")
  # One that does not end keeps no other from ending. Of tools, kubectl and simulate nothing runs: there is only their folder.
  if [ -e "$HERE/$script-down.sh" ]; then P=$CLOUDLAB_SERVICES/$script "$HERE/$script-down.sh" || result=$?
  elif [ "${CLEAN:-0}" = 1 ]; then rm -rf "${CLOUDLAB_SERVICES:?}/$script"; fi
done
exit $result
