#!/bin/bash
# tools-down.sh: nothing runs; CLEAN=1 removes what tools-up.sh unpacked.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/tools}
[ -z "${CLEAN:-}" ] || rm -rf "$P"
