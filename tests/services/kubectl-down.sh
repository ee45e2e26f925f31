#!/bin/bash
# kubectl-down.sh: nothing runs; CLEAN=1 removes what kubectl-up.sh unpacked.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/kubectl}
[ -z "${CLEAN:-}" ] || rm -rf "$P"
